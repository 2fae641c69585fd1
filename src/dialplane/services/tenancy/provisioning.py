"""Sets up what others then use: organizations, accounts with every credential, and the sandbox on the first start."""

import secrets
import string
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import AlreadyExists, Invalid, NotFound
from dialplane.domain.identity.people import Membership, Person, Role
from dialplane.domain.ids import AccountId, AgentId, OrganizationId, PersonId, TrunkId, new_id, to_sid
from dialplane.domain.money import ZERO, Micros, usd
from dialplane.domain.supply.inventory import SANDBOX
from dialplane.domain.supply.sandbox_stock import COUNTRIES, sandbox_stock
from dialplane.domain.tenancy.accounts import (
    Account,
    AccountStatus,
    Agent,
    IdentityStatus,
    Organization,
    Permission,
    Plan,
)
from dialplane.services.calling.trunks import TrunkDraft, check_trunk
from dialplane.services.charging.billing import open_purse
from dialplane.services.identity.access_keys import issue_key
from dialplane.services.identity.operators import appoint
from dialplane.services.settings import set_operator_key
from dialplane.services.supply.inventory import import_items
from dialplane.services.transaction import Database, Transaction

SANDBOX_CREDIT = usd(100)
SANDBOX_EMAIL = "sandbox@dialplane.example"
SANDBOX_PREFIX = "sandbox_"
"""The names of the settings that say which organization, account and trunk are the sandbox's."""
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")

_ALPHABET = string.ascii_letters + string.digits
_DOMAIN_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + ".-:[]_")


class PasswordMaker(Protocol):
    """Port: the slow hash of a password."""

    async def hash(self, password: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everything that signs in to one account, in the words of `ready.json`."""

    account_sid: str
    auth_token: str = field(repr=False)
    customer_id: str
    access_key: str = field(repr=False)
    project_id: str
    project_token: str = field(repr=False)
    portal_email: str
    portal_password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """An account as the operator asks for it."""

    name: str
    email: str
    organization_id: OrganizationId
    plan: Plan = Plan.FREE
    credit: Micros = ZERO
    verified: bool = False
    home_country: str = "US"
    destinations: tuple[str, ...] = ()
    """Countries that may be called, lower case; the home country where none is given (FRD-1)."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    account: Account
    credentials: Credentials


def secret(length: int = 32) -> str:
    """Random letters and digits; 32 of them carry 190 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


# --- organizations and accounts --------------------------------------------------------------------------------------


async def create_organization(
    database: Database, name: str, domains: tuple[str, ...], *, now: datetime
) -> Organization:
    """Raises Invalid naming the field, AlreadyExists for a SIP domain that another organization has."""
    organization = _organization(name, domains, now)
    async with database.transaction() as tx:
        await tx.accounts.insert_organization(organization)
    return organization


async def list_organizations(database: Database) -> list[Organization]:
    async with database.reading() as tx:
        return await tx.accounts.list_organizations()


async def create_account(
    database: Database, hasher: PasswordMaker, draft: AccountDraft, *, now: datetime, new_organization: str = ""
) -> Provisioned:
    """An account with its first agent, access key, credit and tokens; the one showing of its credentials.
    `new_organization`: the name of one that is made for it, in place of the draft's.

    Raises Invalid naming the field, NotFound for the organization, AlreadyExists where the e-mail address signs in
    to another account.
    """
    password = secret(16)
    password_hash = await hasher.hash(password)
    async with database.transaction() as tx:
        if new_organization:
            organization = _organization(new_organization, (), now)
            await tx.accounts.insert_organization(organization)
            draft = replace(draft, organization_id=organization.id)
        return await _create_account(tx, draft, password, password_hash, now)


async def _create_account(
    tx: Transaction, draft: AccountDraft, password: str, password_hash: str, now: datetime
) -> Provisioned:
    account = await open_account(tx, draft, now)
    if await tx.agents.find_by_username(draft.email) is not None:
        raise AlreadyExists(f"{draft.email} signs in to another account", field="email")
    await tx.agents.insert(
        Agent(
            id=AgentId(new_id(now)),
            account_id=account.id,
            username=draft.email,
            password_hash=password_hash,
            permission=Permission.CUSTOMER_ADMIN,
            created_at=now,
            name=draft.name,
        )
    )
    await _let_in(tx, account, draft, password_hash, now)
    issued = await issue_key(tx, account.id, name="default", now=now)
    return Provisioned(account, _credentials(account, issued.token, draft.email, password))


async def open_account(tx: Transaction, draft: AccountDraft, now: datetime) -> Account:
    """An account with its first credit, and nobody who signs in yet. Raises Invalid naming the field, NotFound for the
    organization."""
    _check(draft)
    if await tx.accounts.find_organization(draft.organization_id) is None:
        raise NotFound("There is no such organization", reason="ORGANIZATION_NOT_FOUND", field="organization_id")
    account = _account(draft, now)
    await tx.accounts.insert(account)
    await open_purse(tx, account, draft.credit, now)
    return account


async def _let_in(tx: Transaction, account: Account, draft: AccountDraft, password_hash: str, now: datetime) -> None:
    """Make whoever has the address the account's owner in the portal. Somebody who is there already keeps the password
    that they chose."""
    person = await tx.people.find_by_email(draft.email)
    if person is None:
        person = Person(
            id=PersonId(new_id(now)),
            email=draft.email,
            name=draft.name,
            password_hash=password_hash,
            created_at=now,
            organization_id=account.organization_id,
        )
        await tx.people.insert(person)
    await tx.people.add_membership(Membership(person.id, account.id, Role.OWNER, now))


def _organization(name: str, domains: tuple[str, ...], now: datetime) -> Organization:
    if not 1 <= len(name) <= 255:
        raise Invalid("name has 1 to 255 characters", field="name")
    return Organization(OrganizationId(new_id(now)), name, now, _domains(domains))


def _domains(names: tuple[str, ...]) -> tuple[str, ...]:
    """In lower case, each once. Raises Invalid where one is no host name or address."""
    lowered = tuple(dict.fromkeys(name.lower() for name in names))
    for name in lowered:
        if not 1 <= len(name) <= 255 or not _DOMAIN_CHARACTERS.issuperset(name):
            raise Invalid(f"{name[:64]!r} is no host name or address", field="domains")
    return lowered


def _check(draft: AccountDraft) -> None:
    if not 1 <= len(draft.name) <= 255:
        raise Invalid("name has 1 to 255 characters", field="name")
    if "@" not in draft.email or not 3 <= len(draft.email) <= 320:
        raise Invalid("email must be an e-mail address", field="email")
    if draft.credit < 0:
        raise Invalid("credit_micros must not be negative", field="credit_micros")
    if len(draft.home_country) != 2 or not draft.home_country.isascii() or not draft.home_country.isupper():
        raise Invalid("home_country is two capital letters (ISO 3166)", field="home_country")


def _account(draft: AccountDraft, now: datetime) -> Account:
    return Account(
        id=AccountId(new_id(now)),
        organization_id=draft.organization_id,
        status=AccountStatus.ACTIVE,
        identity_status=IdentityStatus.VERIFIED if draft.verified else IdentityStatus.NONE,
        plan=draft.plan,
        auth_token=secrets.token_hex(16),
        project_token=secret(),
        created_at=now,
        name=draft.name,
        email=draft.email,
        home_country=draft.home_country,
        email_verified=draft.verified,
        destination_whitelist=draft.destinations or (draft.home_country.lower(),),
    )


def _credentials(account: Account, access_key: str, email: str, password: str) -> Credentials:
    return Credentials(
        account_sid=to_sid("AC", account.id),
        auth_token=account.auth_token,
        customer_id=str(account.id),
        access_key=access_key,
        project_id=str(account.id),
        project_token=account.project_token,
        portal_email=email,
        portal_password=password,
    )


# --- the sandbox -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SandboxWish:
    """What the sandbox should have at this start."""

    domains: tuple[str, ...]
    carrier_host: str
    carrier_port: int


async def install_operator_key(database: Database, key: str) -> None:
    """Make `key` the operator's."""
    async with database.transaction() as tx:
        await set_operator_key(tx, key)


async def prepare_sandbox(
    database: Database, hasher: PasswordMaker, wish: SandboxWish, known: Credentials | None, *, now: datetime
) -> Credentials:
    """Make the sandbox on the first start, and on every start give it its SIP domains and its carrier's address.

    `known` are the credentials of an earlier start. Where they are lost, the account gets a new key and password.
    Safe to repeat; a crash in the middle is made good by the next start.

    Raises Invalid for a domain that cannot be one, AlreadyExists for one that another organization has.
    """
    domains = _domains(wish.domains)
    password = secret(16)
    password_hash = await hasher.hash(password)
    async with database.transaction() as tx:
        account = await _sandbox_account(tx)
        if account is None:
            made = await _make_sandbox(tx, password, password_hash, now)
            account, credentials = made.account, made.credentials
        elif known is not None and known.customer_id == str(account.id):
            credentials = known
        else:
            credentials = await _reissue(tx, account, password, password_hash, now)
        for domain in domains:
            await tx.accounts.add_domain(account.organization_id, domain, now)
        await _place_trunk(tx, wish, now)
        await _appoint_owner(tx, now)
    await import_items(database, sandbox_stock(), now, carrier=SANDBOX)
    return credentials


async def _sandbox_account(tx: Transaction) -> Account | None:
    kept = await tx.settings.find(SANDBOX_PREFIX + "account")
    return await tx.accounts.find(AccountId(UUID(kept))) if isinstance(kept, str) else None


async def _make_sandbox(tx: Transaction, password: str, password_hash: str, now: datetime) -> Provisioned:
    organization = _organization("Sandbox", (), now)
    await tx.accounts.insert_organization(organization)
    draft = AccountDraft(
        name="Sandbox",
        email=SANDBOX_EMAIL,
        organization_id=organization.id,
        plan=Plan.PROFESSIONAL,
        credit=SANDBOX_CREDIT,
        verified=True,
        destinations=tuple(country.lower() for country in COUNTRIES),
    )
    made = await _create_account(tx, draft, password, password_hash, now)
    await tx.settings.put(SANDBOX_PREFIX + "account", str(made.account.id))
    return made


async def _reissue(tx: Transaction, account: Account, password: str, password_hash: str, now: datetime) -> Credentials:
    agent = await tx.agents.find_by_username(SANDBOX_EMAIL)
    if agent is None:
        raise NotFound("The sandbox has no agent", reason="AGENT_NOT_FOUND")
    await tx.agents.update(replace(agent, password_hash=password_hash, updated_at=now))
    person = await tx.people.find_by_email(SANDBOX_EMAIL)
    if person is not None:
        await tx.people.update(replace(person, password_hash=password_hash, updated_at=now))
    issued = await issue_key(tx, account.id, name="reissued", now=now)
    return _credentials(account, issued.token, SANDBOX_EMAIL, password)


async def _appoint_owner(tx: Transaction, now: datetime) -> None:
    """Whoever signs in to the sandbox has its operator's desk, too, as long as nobody else has."""
    owner = await tx.people.find_by_email(SANDBOX_EMAIL)
    if owner is not None and not await tx.people.lock_operators():
        await appoint(tx, owner, now)


async def _place_trunk(tx: Transaction, wish: SandboxWish, now: datetime) -> None:
    """The loopback is the simulated carrier's trunk; its own user agent listens somewhere else at every start."""
    draft = TrunkDraft(
        name="Simulated carrier", networks=LOOPBACK_NETWORKS, host=wish.carrier_host, port=wish.carrier_port
    )
    kept = await tx.settings.find(SANDBOX_PREFIX + "trunk")
    trunk: Trunk = check_trunk(draft, now=now)
    if isinstance(kept, str):
        await tx.trunks.update(replace(trunk, id=TrunkId(UUID(kept))))
    else:
        await tx.trunks.insert(trunk)
        await tx.settings.put(SANDBOX_PREFIX + "trunk", str(trunk.id))
