"""Webhooks reach real receivers: signed, in order, within bounds, again after failures, and once more on request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.link import PostgresLink
from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.webhooks import Delivery, DeliveryStatus, Endpoint, standard_signature, voipbin_signature
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.networks import parse_networks
from dialplane.services.eventing.deliveries import settle_and_claim
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.webhooks import (
    create_endpoint,
    get_delivery,
    get_endpoint,
    list_deliveries,
    replay_delivery,
    set_customer_webhook,
)
from dialplane.worker.deliveries import Deliveries
from tests.effort import PATIENCE_S
from tests.fakes.accounts import add_account
from tests.fakes.receiver import Received, Receiver

LOOPBACK = parse_networks(["127.0.0.0/8"])


@asynccontextmanager
async def delivering(database: PostgresDatabase, dsn: str) -> AsyncIterator[Deliveries]:
    """The duty at work, as a worker process runs it."""
    link = PostgresLink(dsn)
    stopping = asyncio.Event()
    async with GuardedClient(allow=LOOPBACK) as client:
        duty = Deliveries(database, client, link)
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(link.keep(lambda _: duty.wake.set()))
            group.create_task(duty.run(stopping))
            yield duty
            stopping.set()
            duty.wake.set()
            keeping.cancel()


async def _tell(
    database: PostgresDatabase, account_id: AccountId, *types: str, resource_id: UUID | None = None
) -> None:
    resource = resource_id or uuid4()
    async with database.transaction() as tx:
        await publish(tx, *[Event(account_id, kind, resource, {"id": str(resource)}, utc_now()) for kind in types])


async def _hook(database: PostgresDatabase, account_id: AccountId, url: str, method: str = "POST") -> Endpoint:
    async with database.transaction() as tx:
        endpoint = await set_customer_webhook(tx, account_id, url, method, utc_now())
    assert endpoint is not None
    return endpoint


async def _deliveries(
    database: PostgresDatabase, account_id: AccountId, *, until: dict[DeliveryStatus, int]
) -> list[Delivery]:
    """The account's deliveries, oldest first, as soon as there are so many of each status with an attempt."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await list_deliveries(database, account_id, before=None, limit=1000)
            done = [each.status for each in found if each.attempts]
            if all(done.count(status) >= count for status, count in until.items()):
                return list(reversed(found))
            await asyncio.sleep(0.02)


async def _make_due(database: PostgresDatabase) -> None:
    """What a clock would do: everything that waits for its next attempt may be sent now."""
    async with database.transaction() as tx:
        await tx.connection.execute("update webhook_deliveries set due_at = $1 where status = 'pending'", utc_now())
        await tx.connection.execute("update webhook_endpoints set open_until = null")


async def test_endpoint_gets_the_events_that_it_names(database: PostgresDatabase) -> None:
    account_id, now = await add_account(database), utc_now()
    named = {"all": (), "calls": ("call_*",), "two": ("call_hangup", "message_created"), "none": ("number_*",)}
    endpoints = {
        name: (await create_endpoint(database, account_id, url=f"http://{name}", event_types=types, now=now)).id
        for name, types in named.items()
    }

    await _tell(database, account_id, "call_created", "call_hangup", "callback_sent", "message_created")

    got = {
        name: [each.event_type for each in await list_deliveries(
            database, account_id, before=None, limit=10, endpoint_id=endpoint
        )]
        for name, endpoint in endpoints.items()
    }  # fmt: skip
    assert {name: sorted(types) for name, types in got.items()} == {
        "all": ["call_created", "call_hangup", "callback_sent", "message_created"],
        "calls": ["call_created", "call_hangup"],
        "two": ["call_hangup", "message_created"],
        "none": [],
    }


async def test_event_arrives_with_the_documented_body_and_both_signatures(database: PostgresDatabase, dsn: str) -> None:
    """WH-1."""
    account_id = await add_account(database)
    async with Receiver.listening() as receiver, delivering(database, dsn):
        endpoint = await _hook(database, account_id, receiver.url("/hook?a=1"), "PUT")
        number_id = uuid4()
        async with database.transaction() as tx:
            data = {"id": str(number_id), "name": "héllo", "status": "active"}
            await publish(tx, Event(account_id, "number_created", number_id, data, utc_now()))
        (received,) = await receiver.wait_for(1)
        (delivery,) = await _deliveries(database, account_id, until={DeliveryStatus.DELIVERED: 1})

    assert received.json() == {"type": "number_created", "data": data}
    assert (received.method, received.path) == ("PUT", "/hook?a=1")
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["X-VoIPBIN-Signature"] == voipbin_signature(endpoint.secret, received.body)
    message_id, at = received.headers["webhook-id"], int(received.headers["webhook-timestamp"])
    assert received.headers["webhook-signature"] == standard_signature(endpoint.secret, message_id, at, received.body)
    assert delivery.event_type == "number_created"
    assert [attempt.http_status for attempt in delivery.attempts] == [200]


async def test_inner_events_are_not_sent(database: PostgresDatabase, dsn: str) -> None:
    account_id = await add_account(database)
    async with Receiver.listening() as receiver, delivering(database, dsn):
        await _hook(database, account_id, receiver.url())
        async with database.transaction() as tx:
            await publish(tx, Event(account_id, "flow_created", uuid4(), {}, utc_now(), public=False))
        await _tell(database, account_id, "number_created")
        await receiver.wait_for(1)

    assert receiver.types == ["number_created"]


async def test_events_of_another_account_are_not_sent(database: PostgresDatabase, dsn: str) -> None:
    account_id, other = await add_account(database), await add_account(database)
    async with Receiver.listening() as receiver, delivering(database, dsn):
        await _hook(database, account_id, receiver.url())
        await _tell(database, other, "number_deleted")
        await _tell(database, account_id, "number_created")
        await receiver.wait_for(1)

    assert receiver.types == ["number_created"]


async def test_events_of_a_resource_arrive_in_order_while_one_fails(database: PostgresDatabase, dsn: str) -> None:
    """WH-3: a later event waits for the earlier one; other resources do not."""
    account_id = await add_account(database)
    async with Receiver.listening() as receiver:

        async def refuse_first_ringing(received: Received) -> web.Response:
            ringings = [request for request in receiver if request.json()["type"] == "call_ringing"]
            failing = received.json()["type"] == "call_ringing" and len(ringings) == 1
            return web.Response(status=500 if failing else 200)

        receiver.answer = refuse_first_ringing
        async with delivering(database, dsn):
            await _hook(database, account_id, receiver.url())
            call_id = uuid4()
            await _tell(database, account_id, "call_created", "call_ringing", "call_hangup", resource_id=call_id)
            await _deliveries(database, account_id, until={DeliveryStatus.DELIVERED: 1, DeliveryStatus.PENDING: 1})
            await _tell(database, account_id, "call_deleted", resource_id=call_id)
            await _tell(database, account_id, "number_created")
            await receiver.wait_for(3)
            await _make_due(database)
            await receiver.wait_for(6)

    first, second, *_ = [request for request in receiver if request.json()["type"] == "call_ringing"]
    assert [kind for kind in receiver.types if kind != "number_created"] == [
        "call_created", "call_ringing", "call_ringing", "call_hangup", "call_deleted",
    ]  # fmt: skip
    assert receiver.types.index("number_created") == 2
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_failed_attempts_are_kept_and_tried_again_after_five_seconds(
    database: PostgresDatabase, dsn: str
) -> None:
    """WH-4, WH-7."""
    account_id = await add_account(database)
    async with Receiver.listening() as receiver, delivering(database, dsn):
        receiver.status, receiver.body = 503, b"closed \xff for lunch"
        await _hook(database, account_id, receiver.url())
        await _tell(database, account_id, "number_created")
        (failed,) = await _deliveries(database, account_id, until={DeliveryStatus.PENDING: 1})
        receiver.status = 200
        await _make_due(database)
        (delivered,) = await _deliveries(database, account_id, until={DeliveryStatus.DELIVERED: 1})

    pause = failed.due_at - failed.attempts[0].started_at
    assert timedelta(seconds=4) <= pause <= timedelta(seconds=8)
    assert [(attempt.number, attempt.http_status, attempt.response_head) for attempt in delivered.attempts] == [
        (1, 503, "closed \N{REPLACEMENT CHARACTER} for lunch"),
        (2, 200, "closed \N{REPLACEMENT CHARACTER} for lunch"),
    ]


async def test_redirect_is_a_failure_and_is_not_followed(database: PostgresDatabase, dsn: str) -> None:
    """WH-4."""
    account_id = await add_account(database)
    async with Receiver.listening() as elsewhere, Receiver.listening() as receiver, delivering(database, dsn):
        receiver.status, receiver.headers = 302, {"Location": elsewhere.url()}
        await _hook(database, account_id, receiver.url())
        await _tell(database, account_id, "number_created")
        await _deliveries(database, account_id, until={DeliveryStatus.PENDING: 1})

    assert elsewhere.requests == []


async def test_gone_disables_the_endpoint(database: PostgresDatabase, dsn: str) -> None:
    """WH-4: 410."""
    account_id = await add_account(database)
    async with Receiver.listening() as receiver, delivering(database, dsn):
        receiver.status = 410
        endpoint = await _hook(database, account_id, receiver.url())
        await _tell(database, account_id, "number_created")
        await _deliveries(database, account_id, until={DeliveryStatus.FAILED: 1})
        await _tell(database, account_id, "number_updated")

    disabled = await get_endpoint(database, account_id, endpoint.id)
    assert (disabled.enabled, disabled.disabled_reason) == (False, "the receiver answered 410 Gone")
    assert receiver.types == ["number_created"]


async def test_private_address_is_refused_and_the_log_says_so(database: PostgresDatabase, dsn: str) -> None:
    """SSRF-1."""
    account_id = await add_account(database)
    async with delivering(database, dsn):
        await _hook(database, account_id, "http://169.254.169.254/latest/meta-data")
        await _tell(database, account_id, "number_created")
        (delivery,) = await _deliveries(database, account_id, until={DeliveryStatus.PENDING: 1})

    assert delivery.attempts[0].error == "the address is not public"


async def test_endpoint_never_has_more_than_ten_requests_at_once(database: PostgresDatabase, dsn: str) -> None:
    """WH-6, with two workers."""
    account_id = await add_account(database)
    async with Receiver.listening() as receiver:
        receiver.delay_s = 0.05
        await _hook(database, account_id, receiver.url())
        for _ in range(60):
            await _tell(database, account_id, "number_created")
        async with delivering(database, dsn), delivering(database, dsn):
            await receiver.wait_for(60)

    assert receiver.most_in_flight == 10
    assert len({request.headers["webhook-id"] for request in receiver}) == 60


async def test_dead_endpoint_opens_its_breaker_and_does_not_delay_others(database: PostgresDatabase, dsn: str) -> None:
    """WH-6."""
    bad, good = await add_account(database), await add_account(database)
    async with Receiver.listening() as dead, Receiver.listening() as alive, delivering(database, dsn):
        dead.status = 500
        endpoint = await _hook(database, bad, dead.url())
        await _hook(database, good, alive.url())
        for _ in range(100):
            await _tell(database, bad, "number_created")
        await dead.wait_for(20)
        await _tell(database, good, "number_created")
        await alive.wait_for(1)
        await _deliveries(database, bad, until={DeliveryStatus.PENDING: 20})

        opened = await get_endpoint(database, bad, endpoint.id)
        assert opened.open_until is not None
        assert timedelta(seconds=50) < opened.open_until - utc_now() <= timedelta(seconds=60)
        assert 20 <= len(dead.requests) <= 40

        asked = len(dead.requests)
        dead.status = 200
        await _make_due(database)
        await dead.wait_for(asked + 100 - asked)
        await _deliveries(database, bad, until={DeliveryStatus.DELIVERED: 100})

    assert (await get_endpoint(database, bad, endpoint.id)).failures_in_a_row == 0


async def test_broken_breaker_lets_one_request_through_at_a_time(database: PostgresDatabase) -> None:
    """WH-6: an endpoint that failed twenty times is tried again gently."""
    account_id = await add_account(database)
    endpoint = await _hook(database, account_id, "http://127.0.0.1:9/")
    for _ in range(5):
        await _tell(database, account_id, "number_created")
    now = utc_now() + timedelta(seconds=1)

    async def claim(open_until: datetime | None) -> int:
        async with database.transaction() as tx:
            await tx.connection.execute(
                "update webhook_endpoints set failures_in_a_row = 20, open_until = $2 where id = $1",
                endpoint.id, open_until,
            )  # fmt: skip
        return len(await settle_and_claim(database, 1, [], limit=100, sweep=False, now=now))

    assert await claim(now + timedelta(seconds=1)) == 0
    assert await claim(now) == 1
    assert await claim(now) == 0


async def test_every_endpoint_of_the_account_gets_the_event(database: PostgresDatabase, dsn: str) -> None:
    account_id = await add_account(database)
    async with Receiver.listening() as first, Receiver.listening() as second, delivering(database, dsn):
        await _hook(database, account_id, first.url())
        extra = await create_endpoint(database, account_id, url=second.url(), now=utc_now())
        await _tell(database, account_id, "number_created")
        await first.wait_for(1)
        (received,) = await second.wait_for(1)

    assert received.headers["X-VoIPBIN-Signature"] == voipbin_signature(extra.secret, received.body)


async def test_replay_sends_the_same_event_with_the_same_id(database: PostgresDatabase, dsn: str) -> None:
    """WH-7."""
    account_id = await add_account(database)
    async with Receiver.listening() as receiver, delivering(database, dsn):
        await _hook(database, account_id, receiver.url())
        await _tell(database, account_id, "number_created")
        (first,) = await _deliveries(database, account_id, until={DeliveryStatus.DELIVERED: 1})
        replayed = await replay_delivery(database, account_id, first.id, utc_now())
        sent, again = await receiver.wait_for(2)
        await _deliveries(database, account_id, until={DeliveryStatus.DELIVERED: 2})

    assert replayed.replay_of == first.id
    assert sent.headers["webhook-id"] == again.headers["webhook-id"]
    assert sent.body == again.body
    assert (await get_delivery(database, account_id, replayed.id)).status is DeliveryStatus.DELIVERED


async def test_replay_of_a_waiting_delivery_sends_it_at_once(database: PostgresDatabase, dsn: str) -> None:
    account_id = await add_account(database)
    async with Receiver.listening() as receiver, delivering(database, dsn):
        receiver.status = 500
        await _hook(database, account_id, receiver.url())
        await _tell(database, account_id, "number_created")
        (waiting,) = await _deliveries(database, account_id, until={DeliveryStatus.PENDING: 1})
        receiver.status = 200
        same = await replay_delivery(database, account_id, waiting.id, utc_now())
        await receiver.wait_for(2)
        await _deliveries(database, account_id, until={DeliveryStatus.DELIVERED: 1})

    assert same.id == waiting.id


@pytest.mark.parametrize("gone", ["lease is over", "worker is gone"])
async def test_delivery_of_a_lost_worker_is_taken_over(database: PostgresDatabase, dsn: str, gone: str) -> None:
    """WH-3, AV-6."""
    account_id = await add_account(database)
    async with Receiver.listening() as receiver:
        await _hook(database, account_id, receiver.url())
        await _tell(database, account_id, "number_created")
        sleeper = await settle_and_claim(database, 4711, [], limit=10, sweep=False, now=utc_now())
        async with database.transaction() as tx:
            if gone == "lease is over":
                await tx.connection.execute("select pg_advisory_lock(1684108396, 4711)")
                await tx.connection.execute("update webhook_deliveries set leased_until = $1", utc_now())
        async with delivering(database, dsn):
            await receiver.wait_for(1)

    assert len(sleeper) == 1
