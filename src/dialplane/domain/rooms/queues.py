"""Queues: who waits, who is served next and by whom, and how long it may take (VoIPBIN reference 6.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, AgentId, CallId, FlowId, QueuecallId, QueueId, TagId
from dialplane.domain.rooms.agents import AgentT, by_chance, longest_idle, may_take

RoutingMethod = Literal["", "random"]
"""The agent who is idle longest, or any."""

USUAL_SIZE = 1000
LARGEST_SIZE = 5000
LONGEST_TIMEOUT_MS = 86_400_000
USUAL_TALK_S = 180.0
"""How long a talk is taken to last where none was measured yet."""


class QueuecallStatus(StrEnum):
    INITIATING = "initiating"
    WAITING = "waiting"
    CONNECTING = "connecting"
    """An agent is being rung."""
    KICKING = "kicking"
    SERVICE = "service"
    DONE = "done"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Queue:
    id: QueueId
    account_id: AccountId
    name: str
    created_at: datetime
    detail: str = ""
    routing_method: RoutingMethod = ""
    tag_ids: tuple[TagId, ...] = ()
    wait_flow_id: FlowId | None = None
    wait_timeout_ms: int = 0
    """Who waits longer goes on with its own program; 0: nobody does."""
    service_timeout_ms: int = 0
    """A longer talk is ended; 0: none is."""
    wrap_up_ms: int = 0
    """An agent gets the next call so long after the last; 0: once it says that it is available."""
    max_size: int = USUAL_SIZE
    by_name: bool = False
    """Found by its name in documents."""
    direct_hash: str = ""
    total_incoming_count: int = 0
    total_serviced_count: int = 0
    total_abandoned_count: int = 0
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Queuecall:
    """One call's stay in a queue. The time-outs are the queue's when it came."""

    id: QueuecallId
    account_id: AccountId
    queue_id: QueueId
    call_id: CallId
    node: str
    status: QueuecallStatus
    created_at: datetime
    service_agent_id: AgentId | None = None
    wait_timeout_ms: int = 0
    service_timeout_ms: int = 0
    service_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def is_waiting(self) -> bool:
        return self.status in (QueuecallStatus.WAITING, QueuecallStatus.CONNECTING)

    def waited_s(self, now: datetime) -> float:
        return ((self.service_at or self.ended_at or now) - self.created_at).total_seconds()

    def served_s(self, now: datetime) -> float:
        return 0.0 if self.service_at is None else ((self.ended_at or now) - self.service_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where somebody stands in a queue."""

    size: int
    position: int
    """1 is next; 0: not in the queue any more."""
    waited_s: int
    average_wait_s: int
    """Of those who wait now."""
    estimated_wait_s: int


def longest_waiting(waiting: Sequence[Queuecall]) -> Queuecall | None:
    """Who is served next: the one who came first. Those whom an agent is rung for already do not count."""
    free = [each for each in waiting if each.status is QueuecallStatus.WAITING]
    return min(free, key=lambda each: (each.created_at, each.id.int), default=None)


def agent_for(queue: Queue, agents: Sequence[AgentT], now: datetime, *, chance: float) -> AgentT | None:
    """Who is rung for the next caller; `chance` is from 0 up to 1. None: nobody may take it now."""
    able = [agent for agent in agents if may_take(agent, queue.tag_ids, now)]
    return by_chance(able, chance) if queue.routing_method == "random" else longest_idle(able)


def average_wait_s(waiting: Sequence[Queuecall], now: datetime) -> int:
    waits = [each.waited_s(now) for each in waiting if each.is_waiting]
    return round(sum(waits) / len(waits)) if waits else 0


def estimated_wait_s(position: int, *, agents: int, average_talk_s: float) -> int:
    """The agents at work each end a talk every `average_talk_s`; nobody at work counts as one who is to come."""
    return round(position * average_talk_s / max(agents, 1)) if position else 0


def outlook(
    mine: QueuecallId,
    waiting: Sequence[Queuecall],
    now: datetime,
    *,
    agents: int = 0,
    average_talk_s: float = USUAL_TALK_S,
) -> Outlook:
    """`waiting` are all who wait, in any order; `agents` how many may take their calls, busy ones counted."""
    line = sorted((each for each in waiting if each.is_waiting), key=lambda each: (each.created_at, each.id.int))
    position = next((place for place, each in enumerate(line, start=1) if each.id == mine), 0)
    return Outlook(
        size=len(line),
        position=position,
        waited_s=int(line[position - 1].waited_s(now)) if position else 0,
        average_wait_s=average_wait_s(line, now),
        estimated_wait_s=estimated_wait_s(position, agents=agents, average_talk_s=average_talk_s),
    )


def free_after(queue: Queue, ended_at: datetime) -> datetime | None:
    """When an agent's wrap-up ends by itself."""
    return ended_at + timedelta(milliseconds=queue.wrap_up_ms) if queue.wrap_up_ms else None


def check_queue(queue: Queue) -> Queue:
    """Raises Invalid naming the field."""
    if len(queue.name) > 255:
        raise Invalid("name has 255 characters at most", field="name")
    if len(queue.detail) > 4096:
        raise Invalid("detail has 4096 characters at most", field="detail")
    for name in ("wait_timeout", "service_timeout", "wrap_up"):
        if not 0 <= getattr(queue, f"{name}_ms") <= LONGEST_TIMEOUT_MS:
            raise Invalid(f"{name} is from 0 to {LONGEST_TIMEOUT_MS} milliseconds", field=name)
    if not 1 <= queue.max_size <= LARGEST_SIZE:
        raise Invalid(f"max_size is from 1 to {LARGEST_SIZE}", field="max_size")
    return queue
