"""Who is served next, by whom, and what is said of it to those who wait."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dialplane.domain.ids import AccountId, CallId, QueuecallId, QueueId, TagId
from dialplane.domain.rooms.agents import AgentStatus, is_free
from dialplane.domain.rooms.queues import (
    Outlook,
    Queue,
    Queuecall,
    QueuecallStatus,
    agent_for,
    free_after,
    longest_waiting,
    outlook,
)

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
ACCOUNT = AccountId(UUID(int=1))
SALES, SUPPORT = TagId(UUID(int=2)), TagId(UUID(int=3))
QUEUE = Queue(QueueId(UUID(int=4)), ACCOUNT, "desk", NOON)


@dataclass(frozen=True)
class Person:
    name: str
    status: AgentStatus = AgentStatus.AVAILABLE
    tag_ids: tuple[TagId, ...] = ()
    idle_since: datetime | None = None
    free_at: datetime | None = None
    addresses: tuple[str, ...] = ("a phone",)


def waiting(number: int, *, minutes: float, status: QueuecallStatus = QueuecallStatus.WAITING) -> Queuecall:
    """Somebody who has waited so long at noon."""
    since = NOON - timedelta(minutes=minutes)
    identity = UUID(int=number)
    return Queuecall(QueuecallId(identity), ACCOUNT, QUEUE.id, CallId(identity), "node", status, since)


def chosen(queue: Queue, *agents: Person, chance: float = 0.0) -> str | None:
    found = agent_for(queue, agents, NOON, chance=chance)
    return found.name if found else None


def test_who_waits_longest_is_served_first() -> None:
    line = [waiting(1, minutes=1), waiting(2, minutes=5), waiting(3, minutes=3)]

    assert longest_waiting(line) == line[1]


def test_caller_whom_an_agent_is_rung_for_is_passed_over() -> None:
    line = [waiting(1, minutes=9, status=QueuecallStatus.CONNECTING), waiting(2, minutes=5)]

    assert longest_waiting(line) == line[1]


def test_of_two_who_came_at_once_the_first_row_is_first() -> None:
    line = [waiting(2, minutes=1), waiting(1, minutes=1)]

    assert longest_waiting(line) == line[1]


def test_agent_who_is_idle_longest_takes_the_call() -> None:
    short = Person("short", idle_since=NOON - timedelta(minutes=1))
    long = Person("long", idle_since=NOON - timedelta(minutes=9))

    assert chosen(QUEUE, short, long) == "long"


def test_agent_who_never_had_a_call_goes_before_all_others() -> None:
    long = Person("long", idle_since=NOON - timedelta(hours=9))

    assert chosen(QUEUE, long, Person("new")) == "new"


def test_agent_needs_any_of_the_queues_tags() -> None:
    queue = replace(QUEUE, tag_ids=(SALES, SUPPORT))

    assert chosen(queue, Person("nobody"), Person("helper", tag_ids=(SUPPORT,))) == "helper"
    assert chosen(queue, Person("nobody")) is None


def test_queue_without_tags_takes_every_agent() -> None:
    assert chosen(QUEUE, Person("helper", tag_ids=(SUPPORT,))) == "helper"


def test_agent_who_is_away_busy_ringing_or_has_no_address_is_not_rung() -> None:
    others = [
        Person(status.value, status)
        for status in (AgentStatus.AWAY, AgentStatus.BUSY, AgentStatus.RINGING, AgentStatus.OFFLINE)
    ]

    assert chosen(QUEUE, *others, Person("mute", addresses=())) is None


def test_random_method_takes_any_of_those_who_may() -> None:
    queue = replace(QUEUE, routing_method="random")
    agents = [Person("a"), Person("b"), Person("away", AgentStatus.AWAY), Person("c")]

    assert [chosen(queue, *agents, chance=chance) for chance in (0.0, 0.4, 0.999)] == ["a", "b", "c"]


def test_wrap_up_ends_at_its_time_and_without_one_only_by_the_agent() -> None:
    free_at = free_after(replace(QUEUE, wrap_up_ms=30_000), NOON)
    busy = Person("busy", AgentStatus.BUSY, free_at=free_at)

    assert free_at == NOON + timedelta(seconds=30)
    assert not is_free(busy, NOON + timedelta(seconds=29))
    assert is_free(busy, NOON + timedelta(seconds=30))
    assert free_after(QUEUE, NOON) is None
    assert not is_free(Person("busy", AgentStatus.BUSY), NOON + timedelta(days=1))


def test_outlook_tells_place_waits_and_estimate() -> None:
    line = [
        waiting(1, minutes=6, status=QueuecallStatus.CONNECTING),
        waiting(2, minutes=4),
        waiting(3, minutes=2),
        waiting(9, minutes=30, status=QueuecallStatus.SERVICE),
    ]

    seen = outlook(line[1].id, line, NOON, agents=2, average_talk_s=90)

    assert seen == Outlook(size=3, position=2, waited_s=240, average_wait_s=240, estimated_wait_s=90)


def test_outlook_of_one_who_has_left_is_no_place() -> None:
    seen = outlook(QueuecallId(UUID(int=7)), [waiting(1, minutes=1)], NOON)

    assert (seen.position, seen.estimated_wait_s, seen.size) == (0, 0, 1)
