"""How trunks fare as the voice nodes see them, and which node registers at each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from dialplane.domain.ids import TrunkId
from dialplane.services.transaction import Database

LEASE = timedelta(seconds=60)
"""How long a node may register at a trunk without saying so again; a dead node's place is free then."""


class Health(StrEnum):
    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class TargetState:
    """One address that a gateway's name leads to."""

    host: str
    port: int
    transport: str
    health: Health
    checked_at: datetime | None = None
    said: str = ""
    """What it answered last, or why nothing came."""


@dataclass(frozen=True, slots=True)
class GatewayState:
    """One gateway, at the name and port that the trunk has for it. Healthy where any of its targets is."""

    host: str
    port: int
    transport: str
    health: Health
    checked_at: datetime | None = None
    said: str = ""
    """What it answered last, or why nothing came."""
    targets: tuple[TargetState, ...] = ()
    """Of a name, where it leads now."""


@dataclass(frozen=True, slots=True)
class RegistrationState:
    is_registered: bool
    said: str
    """The answer to the last REGISTER, or why there is none."""
    since: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrunkState:
    """What one node knows of a trunk."""

    gateways: tuple[GatewayState, ...] = ()
    registration: RegistrationState | None = None

    @property
    def health(self) -> Health:
        """Healthy where any gateway is: calls find it."""
        seen = {gateway.health for gateway in self.gateways}
        return next((each for each in (Health.HEALTHY, Health.UNHEALTHY) if each in seen), Health.UNKNOWN)


class TrunkStateStore(Protocol):
    """Port."""

    async def save(self, trunk_id: TrunkId, node: str, state: TrunkState, now: datetime) -> None: ...

    async def list_states(self, trunks: Sequence[TrunkId]) -> Mapping[TrunkId, Mapping[str, TrunkState]]:
        """By trunk and node."""
        ...

    async def claim(self, trunk_id: TrunkId, node: str, now: datetime, until: datetime) -> bool:
        """Whether the node may register at the trunk until then: no other node does."""
        ...

    async def give_up(self, node: str) -> None:
        """Another node may register wherever this one did."""
        ...


async def save_state(database: Database, trunk_id: TrunkId, node: str, state: TrunkState, now: datetime) -> None:
    async with database.transaction() as tx:
        await tx.trunk_states.save(trunk_id, node, state, now)


async def claim_registration(database: Database, trunk_id: TrunkId, node: str, now: datetime) -> bool:
    """Whether this node is the one that registers there, for a minute from now."""
    async with database.transaction() as tx:
        return await tx.trunk_states.claim(trunk_id, node, now, now + LEASE)


async def give_registrations_up(database: Database, node: str) -> None:
    async with database.transaction() as tx:
        await tx.trunk_states.give_up(node)


async def states_of(database: Database, trunks: Sequence[TrunkId]) -> Mapping[TrunkId, Mapping[str, TrunkState]]:
    """By trunk and node."""
    async with database.reading() as tx:
        return await tx.trunk_states.list_states(trunks)
