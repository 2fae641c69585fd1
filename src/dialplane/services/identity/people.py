"""People who use the portal: sign-up, the proof of their address, passwords, what they say of themselves.

Whether an address is known shows in no answer and no time (WEB-8): a known one and an unknown one take the same steps,
and the difference goes out by mail.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.errors import Invalid, NotAuthenticated, NotFound
from dialplane.domain.identity.people import (
    Membership,
    Person,
    Role,
    check_email,
    check_name,
    check_phone,
    check_timezone,
)
from dialplane.domain.identity.portal import LINK_LIFE, Link, LinkPurpose, SignUp
from dialplane.domain.ids import AccountId, PersonId, new_id
from dialplane.services.identity.access_keys import hash_token
from dialplane.services.identity.authentication import PasswordHasher
from dialplane.services.identity.passwords import check_new_password
from dialplane.services.identity.portal_mail import Letters, write_mail
from dialplane.services.transaction import Database, Transaction

_TOKEN_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Project:
    """An account as one of its people sees it in the list of projects."""

    account_id: AccountId
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person as an account's list of people shows it."""

    person_id: PersonId
    name: str
    email: str
    role: Role
    has_second_step: bool
    created_at: datetime


class PersonStore(Protocol):
    """Port: people, and what they are in accounts. Deleted people are not found."""

    async def insert(self, person: Person) -> None:
        """Raises AlreadyExists where the address is taken, in whatever case."""
        ...

    async def update(self, person: Person) -> None: ...

    async def find(self, person_id: PersonId, *, lock: bool = False) -> Person | None: ...

    async def find_by_email(self, email: str) -> Person | None: ...

    async def list_operators(self) -> Sequence[Person]:
        """Those who have been operators longest first."""
        ...

    async def lock_operators(self) -> Sequence[PersonId]: ...

    async def add_membership(self, membership: Membership) -> None:
        """Raises AlreadyExists."""
        ...

    async def find_membership(
        self, person_id: PersonId, account_id: AccountId, *, lock: bool = False
    ) -> Membership | None:
        """None too where the account is closed."""
        ...

    async def set_role(self, membership: Membership) -> None: ...

    async def remove_membership(self, person_id: PersonId, account_id: AccountId) -> None: ...

    async def list_projects(self, person_id: PersonId, *, after: str = "", limit: int) -> Sequence[Project]:
        """By name; those whose `name` and id come after `after`. Closed accounts are left out."""
        ...

    async def list_members(self, account_id: AccountId, *, limit: int) -> Sequence[Member]:
        """Those who have been there longest first."""
        ...

    async def lock_owners(self, account_id: AccountId) -> Sequence[PersonId]: ...


class LinkStore(Protocol):
    """Port: what links in mails open."""

    async def add(self, link: Link) -> None: ...

    async def find(self, token_hash: bytes) -> Link | None: ...

    async def take(self, token_hash: bytes, now: datetime) -> Link | None:
        """The link, used from now on; None where it was used or its time is over. Only one caller gets it."""
        ...

    async def list_invitations(self, account_id: AccountId, now: datetime) -> Sequence[Link]:
        """Open ones, newest first."""
        ...

    async def revoke_invitation(self, account_id: AccountId, email: str, now: datetime) -> None: ...

    async def void(self, person_id: PersonId, now: datetime) -> None:
        """Nobody opens one of this person's open links any more."""
        ...

    async def forget(self, *, before: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class SignUpDraft:
    """What the form says. Each field may be wrong."""

    email: str
    name: str
    phone: str
    password: str = field(repr=False)
    timezone: str = "UTC"


# --- signing up ------------------------------------------------------------------------------------------------------


async def sign_up(
    database: Database, hasher: PasswordHasher, letters: Letters, draft: SignUpDraft, now: datetime
) -> None:
    """Send the link that proves the address; an address that has an account is told so instead, by mail too.

    Raises Invalid naming the field.
    """
    email = check_email(draft.email)
    wanted = SignUp(
        name=check_name(draft.name),
        phone=check_phone(draft.phone),
        timezone=check_timezone(draft.timezone),
        password_hash=await hasher.hash(check_new_password(draft.password, email=email)),
    )
    token = new_token()
    async with database.transaction() as tx:
        known = await tx.people.find_by_email(email)
        await tx.links.add(_link(token, LinkPurpose.ACTIVATE, email, known, now, sign_up=None if known else wanted))
        await write_mail(tx, email, letters.known_address() if known else letters.activation(token), now)


async def show_link(database: Database, token: str, purpose: LinkPurpose, now: datetime) -> Link:
    """What the link is about, without using it. Raises NotFound where it is used, too old, or none of ours."""
    async with database.reading() as tx:
        link = await tx.links.find(hash_token(token))
    if link is None or link.purpose is not purpose or link.used_at is not None or link.expires_at <= now:
        raise _used_up()
    return link


async def activate(database: Database, token: str, now: datetime) -> Person:
    """The address is proved: make the person. Raises NotFound for the link; AlreadyExists where the address was
    proved meanwhile."""
    async with database.transaction() as tx:
        link = await take_link(tx, token, LinkPurpose.ACTIVATE, now)
        if link.sign_up is None:
            raise _used_up()
        return await add_person(tx, link.email, link.sign_up, now)


async def add_person(tx: Transaction, email: str, wanted: SignUp, now: datetime) -> Person:
    """Raises AlreadyExists where the address is taken."""
    person = Person(
        id=PersonId(new_id(now)),
        email=email,
        name=wanted.name,
        password_hash=wanted.password_hash,
        created_at=now,
        phone=wanted.phone,
        timezone=wanted.timezone,
        terms_accepted_at=now,
    )
    await tx.people.insert(person)
    return person


# --- passwords -------------------------------------------------------------------------------------------------------


async def ask_for_reset(database: Database, letters: Letters, email: str, now: datetime) -> None:
    """Send a link to a new password, or a word that nobody has this address. Raises Invalid (`email`)."""
    email = check_email(email)
    token = new_token()
    async with database.transaction() as tx:
        person = await tx.people.find_by_email(email)
        await tx.links.add(_link(token, LinkPurpose.RESET, email, person, now))
        await write_mail(tx, email, letters.reset(token) if person else letters.unknown_address(), now)


async def reset_password(
    database: Database, hasher: PasswordHasher, letters: Letters, token: str, password: str, now: datetime
) -> None:
    """Set the password that the link's owner chose, and end every session. Two-step sign-in stays on (WEB-2).

    Raises Invalid (`password`), NotFound for the link.
    """
    link = await show_link(database, token, LinkPurpose.RESET, now)
    password_hash = await hasher.hash(check_new_password(password, email=link.email))
    async with database.transaction() as tx:
        link = await take_link(tx, token, LinkPurpose.RESET, now)
        if link.person_id is None:
            raise _used_up()
        person = await load_person(tx, link.person_id, lock=True)
        await _set_password(tx, letters, person, password_hash, now)
        await tx.sessions.end_all(person.id, now)


async def change_password(
    database: Database, hasher: PasswordHasher, letters: Letters, person_id: PersonId, old: str, new: str, now: datetime
) -> None:
    """Every session ends; the caller begins a new one. Raises Invalid (`old_password` or `password`)."""
    person = await check_own_password(database, hasher, person_id, old)
    password_hash = await hasher.hash(check_new_password(new, email=person.email))
    async with database.transaction() as tx:
        await _set_password(tx, letters, await load_person(tx, person_id, lock=True), password_hash, now)
        await tx.sessions.end_all(person_id, now)


async def check_own_password(database: Database, hasher: PasswordHasher, person_id: PersonId, password: str) -> Person:
    """Raises Invalid (`old_password`)."""
    async with database.reading() as tx:
        person = await load_person(tx, person_id)
    if not await hasher.verify(person.password_hash, password):
        raise Invalid("This is not your password", field="old_password")
    return person


async def _set_password(tx: Transaction, letters: Letters, person: Person, password_hash: str, now: datetime) -> None:
    """The agent of the same address signs in at the API with the same password."""
    await tx.people.update(replace(person, password_hash=password_hash, updated_at=now))
    await tx.links.void(person.id, now)
    agent = await tx.agents.find_by_username(person.email)
    membership = agent and await tx.people.find_membership(person.id, agent.account_id)
    if agent is not None and membership:
        await tx.agents.update(replace(agent, password_hash=password_hash, updated_at=now))
    await write_mail(tx, person.email, letters.password_changed(), now)


# --- the person's own facts ------------------------------------------------------------------------------------------


async def update_profile(
    database: Database, person_id: PersonId, *, name: str, phone: str, timezone: str, now: datetime
) -> Person:
    """Raises Invalid naming the field."""
    name, phone, timezone = check_name(name), check_phone(phone), check_timezone(timezone)
    async with database.transaction() as tx:
        person = await load_person(tx, person_id, lock=True)
        changed = replace(person, name=name, phone=phone, timezone=timezone, updated_at=now)
        await tx.people.update(changed)
    return changed


# --- parts -----------------------------------------------------------------------------------------------------------


def new_token() -> str:
    """256 bits in 64 hex digits, as VoIPBIN's are (reference 1.4)."""
    return secrets.token_hex(_TOKEN_OCTETS)


async def load_person(tx: Transaction, person_id: PersonId, *, lock: bool = False) -> Person:
    """Raises NotAuthenticated: who asks is nobody any more."""
    person = await tx.people.find(person_id, lock=lock)
    if person is None:
        raise NotAuthenticated("Sign in again", reason="INVALID_CREDENTIALS")
    return person


async def take_link(tx: Transaction, token: str, purpose: LinkPurpose, now: datetime) -> Link:
    """Raises NotFound."""
    link = await tx.links.take(hash_token(token), now)
    if link is None or link.purpose is not purpose:
        raise _used_up()
    return link


def _link(
    token: str, purpose: LinkPurpose, email: str, person: Person | None, now: datetime, *, sign_up: SignUp | None = None
) -> Link:
    person_id = None if person is None else person.id
    return Link(hash_token(token), purpose, email, person_id, now + LINK_LIFE, now, sign_up)


def _used_up() -> NotFound:
    return NotFound("This link was used already, or its time is over", reason="LINK_NOT_FOUND")
