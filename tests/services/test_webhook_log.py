"""Health of endpoints, replays as jobs, the feed with its cursor, and signature views on what was really sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.health import HealthState
from dialplane.domain.eventing.replays import ReplayFilter, ReplayState
from dialplane.domain.eventing.signature_views import Seen
from dialplane.domain.eventing.webhooks import BREAKER_FAILURES, DeliveryStatus, Endpoint, Reply
from dialplane.domain.ids import AccountId, EndpointId
from dialplane.services.eventing import webhook_log
from dialplane.services.eventing.deliveries import WebhookRequest, build_request, conclude, settle_and_claim
from dialplane.services.eventing.event_pages import read_events
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.signature_views import view_signature
from dialplane.services.eventing.webhook_log import (
    cancel_replay,
    get_health,
    get_replay,
    go_on_with_replays,
    start_replay,
)
from dialplane.services.eventing.webhooks import (
    EndpointChange,
    create_endpoint,
    list_deliveries,
    update_endpoint,
)
from tests.fakes.accounts import add_account

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
WORKER = 0


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await add_account(database)


@pytest.fixture
async def endpoint(database: PostgresDatabase, account_id: AccountId) -> Endpoint:
    return await create_endpoint(database, account_id, url="https://example.com/hook", now=NOW)


async def tell(database: PostgresDatabase, account_id: AccountId, *types: str) -> None:
    async with database.transaction() as tx:
        await publish(tx, *(Event(account_id, each, uuid4(), {"text": "ä"}, NOW) for each in types))


async def send(database: PostgresDatabase, at: datetime, *replies: Reply) -> list[WebhookRequest]:
    """As many attempts as there are replies, at once."""
    claimed = await settle_and_claim(database, WORKER, [], limit=len(replies), sweep=False, now=at)
    requests = [build_request(each, at) for each in claimed]
    outcomes = [conclude(each, reply, at, at) for each, reply in zip(claimed, replies, strict=True)]
    await settle_and_claim(database, WORKER, outcomes, limit=0, sweep=False, now=at)
    return requests


GOOD, BAD, GONE = Reply(200, "", duration_ms=40), Reply(500, "HTTP 500", duration_ms=90), Reply(None, "no connection")


async def test_endpoint_that_nothing_was_sent_to_is_unused(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    health = await get_health(database, account_id, endpoint.id, NOW)

    assert (health.state, health.facts.attempts, health.facts.p50_ms) == (HealthState.UNUSED, 0, None)


async def test_endpoint_that_answers_is_healthy_and_its_times_are_told(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    await tell(database, account_id, *["call_created"] * 4)
    replies = [Reply(200, "", duration_ms=ms) for ms in (10, 20, 30, 400)]
    await send(database, NOW, *replies)

    health = await get_health(database, account_id, endpoint.id, LATER)

    assert health.state is HealthState.HEALTHY
    assert (health.facts.p50_ms, health.facts.p99_ms, health.facts.last_success_at) == (20, 400, NOW)
    assert health.facts.failing_since is None


async def test_endpoint_fails_since_its_first_failure_after_a_success(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    for at, reply in enumerate([GOOD, BAD, GONE]):
        await tell(database, account_id, "call_created")
        await send(database, NOW + timedelta(seconds=at), reply)

    health = await get_health(database, account_id, endpoint.id, LATER)

    assert health.state is HealthState.FAILING
    assert health.facts.failing_since == NOW + timedelta(seconds=1)
    assert health.facts.last_success_at == NOW
    assert (health.facts.last_error, health.facts.failed, health.facts.waiting) == ("no connection", 2, 2)


async def test_success_ends_a_failure(database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint) -> None:
    for at, reply in enumerate([BAD, GOOD]):
        await tell(database, account_id, "call_created")
        await send(database, NOW + timedelta(seconds=at), reply)

    health = await get_health(database, account_id, endpoint.id, LATER)

    assert (health.state, health.facts.failing_since) == (HealthState.HEALTHY, None)


async def test_open_breaker_and_switched_off_endpoints_are_told_apart(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    """WH-6."""
    for _ in range(BREAKER_FAILURES // 10):
        await tell(database, account_id, *["call_created"] * 10)
        await send(database, NOW, *[GONE] * 10)

    paused = await get_health(database, account_id, endpoint.id, NOW + timedelta(seconds=30))
    await update_endpoint(database, account_id, endpoint.id, EndpointChange(enabled=False), NOW)
    disabled = await get_health(database, account_id, endpoint.id, NOW)

    assert (paused.state, disabled.state) == (HealthState.PAUSED, HealthState.DISABLED)


async def test_health_of_a_foreign_endpoint_is_not_found(database: PostgresDatabase, endpoint: Endpoint) -> None:
    with pytest.raises(NotFound):
        await get_health(database, await add_account(database), endpoint.id, NOW)


# --- replays ---


async def run_replays(database: PostgresDatabase, now: datetime) -> int:
    steps = 0
    while await go_on_with_replays(database, now):
        steps += 1
    return steps


async def test_everything_that_fits_is_sent_again_once_in_steps(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WH-7: replay many."""
    monkeypatch.setattr(webhook_log, "STEP", 3)
    off = await create_endpoint(database, account_id, url="https://example.com/off", now=NOW)
    await tell(database, account_id, *["call_created"] * 4, "message_created")
    await send(database, NOW, *[GOOD] * 10)
    await update_endpoint(database, account_id, off.id, EndpointChange(enabled=False), NOW)

    job = await start_replay(database, account_id, ReplayFilter(event_type="call_*"), LATER)
    steps = await run_replays(database, LATER)

    done = await get_replay(database, account_id, job.id)
    again = [each for each in await list_deliveries(database, account_id, before=None, limit=100) if each.replay_of]
    assert (done.state, done.total, done.replayed, done.skipped) == (ReplayState.DONE, 8, 4, 4)
    assert steps == 3
    assert [each.event_type for each in again] == ["call_created"] * 4
    assert {each.endpoint_id for each in again} == {endpoint.id}
    assert len({each.event_id for each in again}) == 4


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (ReplayFilter(status=DeliveryStatus.DELIVERED), 2),
        (ReplayFilter(status=DeliveryStatus.FAILED), 0),
        (ReplayFilter(event_type="message_created"), 1),
        (ReplayFilter(created_until=NOW), 0),
        (ReplayFilter(created_from=NOW), 2),
    ],
)
async def test_filters_of_a_replay_hold(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint, wanted: ReplayFilter, count: int
) -> None:
    await tell(database, account_id, "call_created", "message_created")
    await send(database, NOW, GOOD, GOOD)

    job = await start_replay(database, account_id, wanted, LATER)
    await run_replays(database, LATER)

    assert (job.total, (await get_replay(database, account_id, job.id)).replayed) == (count, count)


async def test_delivery_that_still_waits_is_sent_at_once_instead_of_twice(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    await tell(database, account_id, "call_created")
    await send(database, NOW + timedelta(seconds=60), BAD)

    await start_replay(database, account_id, ReplayFilter(), NOW + timedelta(seconds=61))
    await run_replays(database, NOW + timedelta(seconds=61))

    [only] = await list_deliveries(database, account_id, before=None, limit=10)
    assert only.due_at == NOW + timedelta(seconds=61)


async def test_one_replay_at_a_time_and_a_cancelled_one_sends_nothing(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    await tell(database, account_id, "call_created")
    await send(database, NOW, GOOD)
    job = await start_replay(database, account_id, ReplayFilter(), LATER)

    with pytest.raises(Conflict):
        await start_replay(database, account_id, ReplayFilter(), LATER)
    cancelled = await cancel_replay(database, account_id, job.id, LATER)
    await run_replays(database, LATER)
    with pytest.raises(Conflict):
        await cancel_replay(database, account_id, job.id, LATER)

    assert cancelled.state is ReplayState.CANCELLED
    assert len(await list_deliveries(database, account_id, before=None, limit=10)) == 1
    assert (await start_replay(database, account_id, ReplayFilter(), LATER)).state is ReplayState.RUNNING


async def test_filters_that_make_no_sense_are_refused(database: PostgresDatabase, account_id: AccountId) -> None:
    for wanted in (ReplayFilter(event_type="a*b"), ReplayFilter(created_from=LATER, created_until=NOW)):
        with pytest.raises(Invalid):
            await start_replay(database, account_id, wanted, LATER)
    with pytest.raises(NotFound):
        await start_replay(database, account_id, ReplayFilter(EndpointId(uuid4())), LATER)


# --- the feed ---


async def until_all_are_over(database: PostgresDatabase) -> None:
    """Wait for the transactions that run now, in other databases of the cluster too: the feed waits for them."""
    async with database.reading() as tx:
        now = await tx.connection.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    while True:
        async with database.reading() as tx:
            if await tx.connection.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint") >= now:
                return
        await asyncio.sleep(0.01)


async def read_all(database: PostgresDatabase, account_id: AccountId, cursor: str, limit: int) -> tuple[list[str], str]:
    types: list[str] = []
    while True:
        page = await read_events(database, account_id, cursor, limit)
        types += [each.event.type for each in page.events]
        cursor = page.cursor
        if not page.more:
            return types, cursor


@pytest.mark.parametrize("limit", [1, 2, 500])
async def test_feed_gives_each_event_once_and_in_order(
    database: PostgresDatabase, account_id: AccountId, limit: int
) -> None:
    await tell(database, account_id, "a_one", "a_two")
    await until_all_are_over(database)
    now = (await read_events(database, account_id, "", limit)).cursor
    await tell(database, account_id, "b_one", "b_two", "b_three")
    await tell(database, await add_account(database), "foreign_one")
    await until_all_are_over(database)

    first, cursor = await read_all(database, account_id, now, limit)
    nothing, cursor = await read_all(database, account_id, cursor, limit)
    await tell(database, account_id, "c_one")
    await until_all_are_over(database)
    then, _ = await read_all(database, account_id, cursor, limit)
    everything, _ = await read_all(database, account_id, "0", limit)

    assert (first, nothing, then) == (["b_one", "b_two", "b_three"], [], ["c_one"])
    assert everything == ["a_one", "a_two", "b_one", "b_two", "b_three", "c_one"]


async def test_event_of_a_transaction_that_commits_late_is_not_lost(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """Its number is lower than that of an event that was visible before it."""
    _, cursor = await read_all(database, account_id, "0", 10)
    async with database.transaction() as slow:
        await publish(slow, Event(account_id, "slow_one", uuid4(), {}, NOW))
        await tell(database, account_id, "quick_one")
        before, cursor = await read_all(database, account_id, cursor, 10)
    await until_all_are_over(database)
    after, cursor = await read_all(database, account_id, cursor, 10)

    assert before == []
    assert after == ["slow_one", "quick_one"]
    assert (await read_all(database, account_id, cursor, 10))[0] == []


# --- signature views ---


def seen_of(request: WebhookRequest, **changes: object) -> Seen:
    headers = {name.lower(): value for name, value in request.headers.items()}
    seen = Seen("https://example.com/hook", "POST", headers, request.body.decode(), at=NOW)
    return replace(seen, **changes)  # type: ignore[arg-type]  # a table of fields for tests


async def faults(
    database: PostgresDatabase, account_id: AccountId, seen: Seen, endpoint_id: EndpointId | None = None
) -> tuple[bool, Sequence[str]]:
    found = await view_signature(database, account_id, seen, endpoint_id, NOW)
    return found.view.is_valid, [each.part for each in found.view.findings if each.verdict == "problem"]


async def test_request_is_held_against_the_delivery_that_it_was(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    other = await create_endpoint(database, account_id, url="https://example.com/other", now=NOW)
    await tell(database, account_id, "call_created")
    requests = await send(database, NOW, BAD, GOOD)

    found = [await view_signature(database, account_id, seen_of(each), None, NOW) for each in requests]

    assert all(each.view.is_valid for each in found)
    assert {each.endpoint_id for each in found} == {endpoint.id, other.id}


async def test_fault_is_named_on_what_was_really_sent(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    await tell(database, account_id, "call_created")
    [request] = await send(database, NOW, GOOD)

    assert await faults(database, account_id, seen_of(request, body="{}")) == (False, ["body", "signature"])
    late = seen_of(request, at=NOW + timedelta(hours=1))
    assert await faults(database, account_id, late) == (False, ["clock"])
    foreign = await add_account(database)
    assert await faults(database, foreign, seen_of(request)) == (False, ["header webhook-id"])
    with pytest.raises(NotFound):
        await faults(database, foreign, seen_of(request), endpoint.id)
    with pytest.raises(Invalid):
        await faults(database, account_id, seen_of(request, url="http://[::1"))
