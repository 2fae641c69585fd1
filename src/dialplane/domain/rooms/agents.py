"""Agents as those who are rung: their standing, and who of them takes the next call (VoIPBIN reference 6.3 and 6.4)."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal, Protocol, TypeVar

from dialplane.domain.ids import TagId

RingMethod = Literal["ringall", "linear"]
RING_METHODS: tuple[RingMethod, ...] = ("ringall", "linear")
"""All addresses at once, or one after the other."""

RING_S = 30
"""How long one address of an agent rings."""


class AgentStatus(StrEnum):
    AVAILABLE = "available"
    AWAY = "away"
    BUSY = "busy"
    OFFLINE = "offline"
    RINGING = "ringing"


class Candidate(Protocol):
    """What the choice needs to know of an agent."""

    @property
    def status(self) -> AgentStatus: ...
    @property
    def tag_ids(self) -> tuple[TagId, ...]: ...
    @property
    def idle_since(self) -> datetime | None: ...
    @property
    def free_at(self) -> datetime | None: ...
    @property
    def addresses(self) -> Sequence[object]: ...


AgentT = TypeVar("AgentT", bound=Candidate)


def is_free(agent: Candidate, now: datetime) -> bool:
    """Available, or done with the wrap-up of its last call."""
    if agent.status is AgentStatus.BUSY:
        return agent.free_at is not None and agent.free_at <= now
    return agent.status is AgentStatus.AVAILABLE


def may_take(agent: Candidate, tag_ids: Collection[TagId], now: datetime) -> bool:
    """Free, with somewhere to ring, and with any of the tags; where none is asked for, everyone will do."""
    fits = not tag_ids or not set(tag_ids).isdisjoint(agent.tag_ids)
    return fits and bool(agent.addresses) and is_free(agent, now)


def longest_idle(agents: Sequence[AgentT]) -> AgentT | None:
    """Who has waited longest for a call; one who never had any goes first."""
    return min(agents, key=lambda agent: agent.idle_since or _NEVER, default=None)


_NEVER = datetime.min.replace(tzinfo=UTC)


def by_chance(agents: Sequence[AgentT], chance: float) -> AgentT | None:
    """`chance` is from 0 up to 1, drawn by the caller."""
    return agents[int(chance * len(agents))] if agents else None
