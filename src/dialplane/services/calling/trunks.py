"""Trunks: which peers bring PSTN calls, and which take ours."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_network
from typing import Protocol

from dialplane.domain.calling.trunk_terms import USUAL_TERMS, TrunkTerms, check_host, check_terms, read_gateway
from dialplane.domain.calling.trunks import Network, Trunk
from dialplane.domain.errors import AlreadyExists, Invalid, NotFound
from dialplane.domain.ids import AccountId, TrunkId, new_id
from dialplane.services.transaction import Database, Transaction

_LOGIN = re.compile(r"[A-Za-z0-9._\-]{1,64}")


class TrunkStore(Protocol):
    """Port: trunks. Deleted ones are not found."""

    async def insert(self, trunk: Trunk) -> None: ...

    async def update(self, trunk: Trunk) -> None:
        """Write everything but id, account and the time of creation."""
        ...

    async def list_live(self) -> list[Trunk]:
        """By priority, then oldest first: the order in which outbound calls try them."""
        ...

    async def find(self, trunk_id: TrunkId) -> Trunk | None: ...

    async def find_by_source(self, address: str) -> Trunk | None:
        """The trunk with the narrowest network that holds this IP address."""
        ...


@dataclass(frozen=True, slots=True)
class TrunkDraft:
    """A trunk as somebody asks for it, unchecked."""

    name: str
    account_id: AccountId | None = None
    networks: Sequence[str] = ()
    host: str = ""
    port: int | None = None
    transport: str | None = None
    """Of a host that is a name, what is None is found in DNS."""
    username: str = ""
    password: str = field(default="", repr=False)
    priority: int = 10
    terms: TrunkTerms = USUAL_TERMS
    detail: str = ""
    login_username: str = ""
    login_password: str = field(default="", repr=False)


def draft_of(trunk: Trunk) -> TrunkDraft:
    """The trunk as it would be asked for anew."""
    return TrunkDraft(
        trunk.name,
        trunk.account_id,
        tuple(str(network) for network in trunk.networks),
        trunk.host,
        trunk.own_gateway.written_port,
        trunk.own_gateway.written_transport,
        trunk.username,
        trunk.password,
        trunk.priority,
        trunk.terms,
        trunk.detail,
        trunk.login_username,
        trunk.login_password,
    )


async def create_trunk(database: Database, draft: TrunkDraft, *, now: datetime) -> Trunk:
    """Raises Invalid naming the field, NotFound where the account is unknown."""
    async with database.transaction() as tx:
        return await add_trunk(tx, draft, now=now)


async def add_trunk(tx: Transaction, draft: TrunkDraft, *, now: datetime) -> Trunk:
    """As `create_trunk`, inside the caller's transaction."""
    trunk = check_trunk(draft, now=now)
    if trunk.account_id is not None and await tx.accounts.find(trunk.account_id) is None:
        raise NotFound("There is no such account", reason="CUSTOMER_NOT_FOUND", field="account_id")
    await _check_references(tx, trunk)
    await tx.trunks.insert(trunk)
    return trunk


async def get_trunk(database: Database, trunk_id: TrunkId) -> Trunk:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await _get(tx, trunk_id)


async def update_trunk(
    database: Database, trunk_id: TrunkId, change: Callable[[Trunk], TrunkDraft], *, now: datetime
) -> Trunk:
    """What `change` makes of it; whose it is stays. Calls follow it within a second; live ones go on.

    Raises Invalid naming the field, NotFound.
    """
    async with database.transaction() as tx:
        old = await _get(tx, trunk_id)
        new = check_trunk(change(old), now=now)
        new = replace(new, id=old.id, account_id=old.account_id, created_at=old.created_at)
        await _check_references(tx, new)
        await tx.trunks.update(new)
    return new


async def _get(tx: Transaction, trunk_id: TrunkId) -> Trunk:
    trunk = await tx.trunks.find(trunk_id)
    if trunk is None:
        raise NotFound("There is no such trunk", reason="TRUNK_NOT_FOUND")
    return trunk


async def _check_references(tx: Transaction, trunk: Trunk) -> None:
    """Raises Invalid where another trunk has the login, or there is no such deck."""
    if trunk.terms.cost_deck and await tx.rates.version(trunk.terms.cost_deck) is None:
        raise Invalid("There is no such rate deck", field="cost_deck")
    if trunk.login_username:
        others = await tx.trunks.list_live()
        if any(each.login_username == trunk.login_username and each.id != trunk.id for each in others):
            raise AlreadyExists("Another trunk has this login_username", field="login_username")


async def remove_trunk(database: Database, trunk_id: TrunkId, *, now: datetime) -> Trunk:
    """No call comes or goes by it from now on; live calls go on. Raises NotFound."""
    async with database.transaction() as tx:
        removed = replace(await _get(tx, trunk_id), deleted_at=now, updated_at=now)
        await tx.trunks.update(removed)
        await tx.routes.remove_of_trunk(trunk_id, now)
    return removed


async def list_trunks(database: Database) -> list[Trunk]:
    async with database.reading() as tx:
        return await tx.trunks.list_live()


def check_trunk(draft: TrunkDraft, *, now: datetime) -> Trunk:
    """The draft as a trunk. Raises Invalid naming the field."""
    if not 1 <= len(draft.name) <= 255:
        raise Invalid("name has 1 to 255 characters", field="name")
    own = read_gateway(draft.host, draft.port, draft.transport)
    if not (draft.networks or draft.host or draft.login_username or draft.terms.gateways):
        raise Invalid("a trunk has networks that calls come from, a host that calls go to, or both", field="networks")
    if draft.host:
        check_host(draft.host, field="host")
    _check_texts(draft)
    check_terms(draft.terms)
    if draft.terms.registers and not (draft.username and (draft.host or draft.terms.gateways)):
        raise Invalid("a trunk that we register at has a host and a username", field="registers")
    return Trunk(
        id=TrunkId(new_id(now)),
        name=draft.name,
        created_at=now,
        account_id=draft.account_id,
        networks=tuple(_network(text) for text in draft.networks),
        host=draft.host,
        port=own.port,
        transport=own.transport,
        found_by=own.found_by,
        username=draft.username,
        password=draft.password,
        priority=draft.priority,
        terms=draft.terms,
        detail=draft.detail,
        login_username=draft.login_username,
        login_password=draft.login_password,
        updated_at=now,
    )


def _check_texts(draft: TrunkDraft) -> None:
    for name, longest in (("username", 64), ("password", 128), ("detail", 4096)):
        if len(getattr(draft, name)) > longest:
            raise Invalid(f"{name} has {longest} characters at most", field=name)
    if draft.login_username and not (_LOGIN.fullmatch(draft.login_username) and 8 <= len(draft.login_password) <= 128):
        raise Invalid(
            "login_username has 1 to 64 letters, digits, . _ or -, and login_password 8 to 128 characters",
            field="login_username",
        )
    if draft.login_password and not draft.login_username:
        raise Invalid("login_password goes with a login_username", field="login_username")


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as fault:
        raise Invalid(f"{text[:64]!r} is no network such as 203.0.113.0/24", field="networks") from fault
