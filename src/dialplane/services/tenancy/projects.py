"""Projects: accounts as their people see them. Who is in one, in which role, and what signs in for it.

What a role may do is decided by `domain.identity.people`; every page asks `find_member` first and is then let
through or not.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.outbound_limits import OutboundPause
from dialplane.domain.charging.ledger import Purse
from dialplane.domain.errors import AlreadyExists, Conflict, Invalid, NotFound, NotPermitted
from dialplane.domain.identity.people import Membership, Person, Role, check_email, check_name
from dialplane.domain.identity.portal import INVITATION_LIFE, Link, LinkPurpose, SignUp
from dialplane.domain.ids import AccountId, OrganizationId, PersonId, new_id
from dialplane.domain.money import ZERO, Micros
from dialplane.domain.tenancy.accounts import Account, Organization, Plan
from dialplane.services.identity.access_keys import hash_token
from dialplane.services.identity.authentication import PasswordHasher
from dialplane.services.identity.passwords import check_new_password
from dialplane.services.identity.people import (
    Member,
    Project,
    SignUpDraft,
    add_person,
    load_person,
    new_token,
    take_link,
)
from dialplane.services.identity.portal_mail import Letters, write_mail
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.tenancy.provisioning import AccountDraft, open_account, secret
from dialplane.services.transaction import Database, Transaction

MOST_PROJECTS = 100
"""That one person may have made: beyond that, the operator makes accounts."""
MOST_MEMBERS = 500
PAGE = 100
_IN_MENU = 8
"""Further ones are on the page of all projects."""


@dataclass(frozen=True, slots=True)
class ProjectTerms:
    """What a project that somebody makes in the portal begins with."""

    plan: Plan = Plan.FREE
    verified: bool = False
    """Whether numbers can be bought at once; else the operator verifies who it is first."""
    credit: Micros = ZERO
    destinations: tuple[str, ...] = ()
    sip_host: str = "dialplane.internal"
    """Each organization's SIP domain is a name below it."""


@dataclass(frozen=True, slots=True)
class InProject:
    """Somebody in an account."""

    account: Account
    membership: Membership
    is_support: bool = False
    """An operator who looks into it, and is no member."""


class Granter(Protocol):
    """Who invites and gives roles: a member, or one of the account's keys."""

    @property
    def account_id(self) -> AccountId: ...

    @property
    def role(self) -> Role: ...

    @property
    def person_id(self) -> PersonId | None:
        """None: a key, which is nobody."""
        ...


@dataclass(frozen=True, slots=True)
class KeyGranter:
    """An admin's access key: it makes no owners and changes none."""

    account_id: AccountId
    role: Role = Role.ADMIN
    person_id: None = None


async def create_project(
    database: Database, person_id: PersonId, name: str, home_country: str, terms: ProjectTerms, now: datetime
) -> Account:
    """An account whose owner is the person, in the person's own organization. Raises Invalid naming the field,
    LimitExceeded."""
    name = check_name(name)
    async with database.transaction() as tx:
        person = await load_person(tx, person_id, lock=True)
        if len(await tx.people.list_projects(person_id, limit=MOST_PROJECTS)) == MOST_PROJECTS:
            raise Conflict(f"You have {MOST_PROJECTS} projects, which is as many as there may be", field="name")
        organization_id = person.organization_id or await _open_organization(tx, person, terms, now)
        draft = AccountDraft(
            name=name,
            email=person.email,
            organization_id=organization_id,
            plan=terms.plan,
            credit=terms.credit,
            verified=terms.verified,
            home_country=home_country,
            destinations=terms.destinations,
        )
        account = await open_account(tx, draft, now)
        await tx.people.add_membership(Membership(person_id, account.id, Role.OWNER, now))
    return account


async def _open_organization(tx: Transaction, person: Person, terms: ProjectTerms, now: datetime) -> OrganizationId:
    domain = f"{secrets.token_hex(4)}.{terms.sip_host}"
    organization = Organization(OrganizationId(new_id(now)), person.name, now, (domain,))
    await tx.accounts.insert_organization(organization)
    await tx.people.update(replace(person, organization_id=organization.id, updated_at=now))
    return organization.id


async def list_projects(database: Database, person_id: PersonId, *, after: str = "") -> Sequence[Project]:
    """By name, a page at most."""
    async with database.reading() as tx:
        return await tx.people.list_projects(person_id, after=after, limit=PAGE)


async def find_member(database: Database, person: Person, account_id: AccountId) -> InProject:
    """Operators may look into every account, and change nothing there. Raises NotFound where the person is not in the
    account: as for one that does not exist."""
    async with database.reading() as tx:
        membership = await tx.people.find_membership(person.id, account_id)
        is_support = membership is None and person.operator_since is not None
        if is_support:
            membership = Membership(person.id, account_id, Role.VIEWER, person.created_at)
        account = await tx.accounts.find(account_id) if membership else None
    if membership is None or account is None or account.deleted_at is not None:
        raise NotFound("There is no such project", reason="PROJECT_NOT_FOUND")
    return InProject(account, membership, is_support)


async def rename_project(database: Database, account_id: AccountId, name: str, now: datetime) -> Account:
    """Raises Invalid (`name`)."""
    name = check_name(name)
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        renamed = replace(account, name=name, updated_at=now)
        await tx.accounts.update(renamed)
    return renamed


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of a project shows around its content."""

    projects: Sequence[Project]
    purse: Purse
    pause: OutboundPause | None
    """Why nothing goes out, where it is so."""


async def read_frame(database: Database, person_id: PersonId, account_id: AccountId) -> Frame:
    """The person's first projects by name, the account's money, and whether its outgoing traffic stands still."""
    async with database.reading() as tx:
        projects = await tx.people.list_projects(person_id, limit=_IN_MENU)
        standing = await tx.outbound_limits.find(account_id)
        purse = await tx.ledger.find_purse(account_id) or Purse(account_id)
    return Frame(projects, purse, None if standing is None else standing.pause)


# --- people ----------------------------------------------------------------------------------------------------------


async def list_members(database: Database, account_id: AccountId) -> Sequence[Member]:
    async with database.reading() as tx:
        return await tx.people.list_members(account_id, limit=MOST_MEMBERS)


async def list_invitations(database: Database, account_id: AccountId, now: datetime) -> Sequence[Link]:
    async with database.reading() as tx:
        return await tx.links.list_invitations(account_id, now)


async def invite(database: Database, letters: Letters, by: Granter, email: str, role: Role, now: datetime) -> None:
    """Send a link that makes whoever has the address a member. Another invitation to the same address takes the first
    one's place. Raises Invalid (`email`), NotPermitted, AlreadyExists."""
    email = check_email(email)
    _check_grant(by, role)
    token = new_token()
    async with database.transaction() as tx:
        inviter = await _inviter(tx, by)
        known = await tx.people.find_by_email(email)
        if known is not None and await tx.people.find_membership(known.id, by.account_id):
            raise AlreadyExists("This person is in the project already", field="email")
        if len(await tx.people.list_members(by.account_id, limit=MOST_MEMBERS)) == MOST_MEMBERS:
            raise Conflict(f"A project has {MOST_MEMBERS} people at most", field="email")
        await tx.links.revoke_invitation(by.account_id, email, now)
        await tx.links.add(
            Link(
                hash_token(token), LinkPurpose.INVITE, email, None, now + INVITATION_LIFE, now,
                account_id=by.account_id, role=role.value,
            )
        )  # fmt: skip
        await write_mail(tx, email, letters.invitation(token, inviter=inviter, role=role.value), now)


async def _inviter(tx: Transaction, by: Granter) -> str:
    if by.person_id is not None:
        return (await load_person(tx, by.person_id)).email
    return (await tx.accounts.get(by.account_id)).name


async def revoke_invitation(database: Database, account_id: AccountId, email: str, now: datetime) -> None:
    async with database.transaction() as tx:
        await tx.links.revoke_invitation(account_id, email, now)


async def accept_invitation(database: Database, person_id: PersonId, token: str, now: datetime) -> AccountId:
    """Raises NotFound for the link, NotPermitted where it was sent to somebody else, AlreadyExists."""
    async with database.transaction() as tx:
        person = await load_person(tx, person_id)
        link = await take_link(tx, token, LinkPurpose.INVITE, now)
        if link.email.casefold() != person.email.casefold():
            raise NotPermitted(f"The invitation is for {link.email}; sign in with that address", reason="ROLE")
        return await _join(tx, person, link, now)


async def sign_up_by_invitation(
    database: Database, hasher: PasswordHasher, token: str, draft: SignUpDraft, now: datetime
) -> AccountId:
    """The invitation proves the address, so that the person is there at once. Raises as `sign_up` and
    `accept_invitation` do."""
    name = check_name(draft.name)
    password_hash = await hasher.hash(check_new_password(draft.password, email=draft.email))
    async with database.transaction() as tx:
        link = await take_link(tx, token, LinkPurpose.INVITE, now)
        person = await add_person(tx, link.email, SignUp(name, "", draft.timezone, password_hash), now)
        return await _join(tx, person, link, now)


async def _join(tx: Transaction, person: Person, link: Link, now: datetime) -> AccountId:
    if link.account_id is None:
        raise NotFound("This link leads to no project", reason="LINK_NOT_FOUND")
    account = await load_account(tx, link.account_id)
    await tx.people.add_membership(Membership(person.id, account.id, Role(link.role), now))
    return account.id


async def change_role(database: Database, by: Granter, person_id: PersonId, role: Role, now: datetime) -> None:
    """The person signs in again with the new role (WEB-4). Raises NotFound, NotPermitted, Conflict for the last
    owner."""
    _check_grant(by, role)
    async with database.transaction() as tx:
        there = await _lock_member(tx, by, person_id)
        if role is not Role.OWNER:
            await _keep_an_owner(tx, there)
        if role is not there.role:
            await tx.people.set_role(replace(there, role=role))
            await _sign_out(tx, by, person_id, now)


async def remove_member(database: Database, by: Granter, person_id: PersonId, now: datetime) -> None:
    """Raises as `change_role`; whoever wants to leave may do so by this, too."""
    async with database.transaction() as tx:
        there = await _lock_member(tx, by, person_id)
        await _keep_an_owner(tx, there)
        await tx.people.remove_membership(person_id, by.account_id)
        await _sign_out(tx, by, person_id, now)


async def _sign_out(tx: Transaction, by: Granter, person_id: PersonId, now: datetime) -> None:
    if person_id != by.person_id:
        await tx.sessions.end_all(person_id, now)


async def _lock_member(tx: Transaction, by: Granter, person_id: PersonId) -> Membership:
    there = await tx.people.find_membership(person_id, by.account_id, lock=True)
    if there is None:
        raise NotFound("There is no such person in the project", reason="MEMBER_NOT_FOUND")
    if there.role is Role.OWNER and by.role is not Role.OWNER:
        raise NotPermitted("Only an owner changes owners", reason="ROLE", field="role")
    return there


async def _keep_an_owner(tx: Transaction, there: Membership) -> None:
    if there.role is Role.OWNER and len(await tx.people.lock_owners(there.account_id)) < 2:
        raise Conflict("The project's last owner stays", reason="STATE_INVALID", field="role")


def _check_grant(by: Granter, role: Role) -> None:
    if role is Role.OWNER and by.role is not Role.OWNER:
        raise NotPermitted("Only an owner makes owners", reason="ROLE", field="role")


# --- what signs in ---------------------------------------------------------------------------------------------------


async def rotate_project_token(database: Database, account_id: AccountId, now: datetime) -> str:
    """Another token of VoxCPaaS's dialect; the old one is void with the commit."""
    token = secret()
    async with database.transaction() as tx:
        await load_account(tx, account_id, for_update=True)
        await tx.account_tree.set_project_token(account_id, token, now)
    return token


async def rotate_auth_token(database: Database, account_id: AccountId, now: datetime) -> str:
    """Another auth token of Restcomm's and Twilio's dialects, which signs callbacks too; the old one is void."""
    token = secrets.token_hex(16)
    async with database.transaction() as tx:
        await load_account(tx, account_id, for_update=True)
        await tx.account_tree.set_auth_token(account_id, token, now)
    return token


def check_country(text: str) -> str:
    """Raises Invalid (`country`)."""
    if len(text) != 2 or not text.isascii() or not text.isupper():
        raise Invalid("Choose a country", field="country")
    return text
