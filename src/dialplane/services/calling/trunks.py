"""Trunks: which peers bring PSTN calls, and which take ours."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_network
from typing import Protocol, cast

from dialplane.domain.calling.trunk_terms import TrunkTransport
from dialplane.domain.calling.trunks import Network, Trunk
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import AccountId, TrunkId, new_id
from dialplane.services.transaction import Database, Transaction


class TrunkStore(Protocol):
    """Port: trunks. Deleted ones are not found."""

    async def insert(self, trunk: Trunk) -> None: ...

    async def update(self, trunk: Trunk) -> None:
        """Write everything but id, account and the time of creation."""
        ...

    async def list_live(self) -> list[Trunk]:
        """By priority, then oldest first: the order in which outbound calls try them."""
        ...

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
    port: int = 5060
    transport: str = "udp"
    username: str = ""
    password: str = field(default="", repr=False)
    priority: int = 10


async def create_trunk(database: Database, draft: TrunkDraft, *, now: datetime) -> Trunk:
    """Raises Invalid naming the field, NotFound where the account is unknown."""
    async with database.transaction() as tx:
        return await add_trunk(tx, draft, now=now)


async def add_trunk(tx: Transaction, draft: TrunkDraft, *, now: datetime) -> Trunk:
    """As `create_trunk`, inside the caller's transaction."""
    trunk = check_trunk(draft, now=now)
    if trunk.account_id is not None and await tx.accounts.find(trunk.account_id) is None:
        raise NotFound("There is no such account", reason="CUSTOMER_NOT_FOUND", field="account_id")
    await tx.trunks.insert(trunk)
    return trunk


async def remove_trunk(database: Database, trunk_id: TrunkId, *, now: datetime) -> Trunk:
    """No call comes or goes by it from now on; live calls go on. Raises NotFound."""
    async with database.transaction() as tx:
        trunk = next((each for each in await tx.trunks.list_live() if each.id == trunk_id), None)
        if trunk is None:
            raise NotFound("There is no such trunk", reason="TRUNK_NOT_FOUND")
        removed = replace(trunk, deleted_at=now, updated_at=now)
        await tx.trunks.update(removed)
    return removed


async def list_trunks(database: Database) -> list[Trunk]:
    async with database.reading() as tx:
        return await tx.trunks.list_live()


def check_trunk(draft: TrunkDraft, *, now: datetime) -> Trunk:
    """The draft as a trunk. Raises Invalid naming the field."""
    if not 1 <= len(draft.name) <= 255:
        raise Invalid("name has 1 to 255 characters", field="name")
    if draft.transport not in ("udp", "tcp", "tls"):
        raise Invalid("transport is udp, tcp or tls", field="transport")
    if not 1 <= draft.port <= 65535:
        raise Invalid("port is 1 to 65535", field="port")
    if not draft.networks and not draft.host:
        raise Invalid("a trunk has networks that calls come from, a host that calls go to, or both", field="networks")
    return Trunk(
        id=TrunkId(new_id(now)),
        name=draft.name,
        created_at=now,
        account_id=draft.account_id,
        networks=tuple(_network(text) for text in draft.networks),
        host=draft.host,
        port=draft.port,
        transport=cast("TrunkTransport", draft.transport),
        username=draft.username,
        password=draft.password,
        priority=draft.priority,
        updated_at=now,
    )


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as fault:
        raise Invalid(f"{text[:64]!r} is no network such as 203.0.113.0/24", field="networks") from fault
