"""What a delivery's page shows is what went over the wire: the requests made again are those that were sent (WH-1)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.webhooks import Endpoint, Reply, standard_signature
from dialplane.domain.ids import AccountId, DeliveryId
from dialplane.services.eventing.deliveries import WebhookRequest, build_request, conclude, settle_and_claim
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.sent_requests import get_sent
from dialplane.services.eventing.webhooks import (
    MAX_REPLAYS,
    EndpointChange,
    create_endpoint,
    list_deliveries,
    replay_deliveries,
    rotate_secret,
    update_endpoint,
)
from tests.fakes.accounts import add_account

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKER = 0


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await add_account(database)


@pytest.fixture
async def endpoint(database: PostgresDatabase, account_id: AccountId) -> Endpoint:
    return await create_endpoint(database, account_id, url="https://example.com/hook", now=NOW)


async def tell(database: PostgresDatabase, account_id: AccountId) -> DeliveryId:
    async with database.transaction() as tx:
        await publish(tx, Event(account_id, "call_created", uuid4(), {"text": 'ä "<b>"'}, NOW))
    return (await list_deliveries(database, account_id, before=None, limit=1))[0].id


async def send(database: PostgresDatabase, at: datetime, status: int) -> WebhookRequest:
    """One attempt as the worker makes it."""
    [claimed] = await settle_and_claim(database, WORKER, [], limit=1, sweep=False, now=at)
    request = build_request(claimed, at)
    outcome = conclude(claimed, Reply(status, "", "thanks", duration_ms=12), at, at)
    await settle_and_claim(database, WORKER, [outcome], limit=0, sweep=False, now=at)
    return request


async def test_each_attempt_shows_the_request_that_was_sent(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    delivery_id = await tell(database, account_id)
    first = await send(database, NOW + timedelta(seconds=1), 500)
    await rotate_secret(database, account_id, endpoint.id, NOW + timedelta(seconds=2))
    second = await send(database, NOW + timedelta(seconds=20), 200)

    sent = await get_sent(database, account_id, delivery_id, NOW + timedelta(days=3))

    assert [(each.headers, each.body.encode()) for each in sent.requests] == [
        (request.headers, request.body) for request in (first, second)
    ]
    assert [each.attempt.http_status for each in sent.requests] == [500, 200]
    assert sent.waiting is None
    told = sent.requests[0]
    secret, at = endpoint.secret, int(told.headers["webhook-timestamp"])
    assert told.signed == f"{told.headers['webhook-id']}.{at}.{told.body}"
    assert told.headers["webhook-signature"] == standard_signature(
        secret, told.headers["webhook-id"], at, told.body.encode()
    )


async def test_what_waits_shows_what_will_be_sent(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    delivery_id = await tell(database, account_id)

    sent = await get_sent(database, account_id, delivery_id, NOW)

    assert sent.requests == ()
    assert sent.waiting is not None
    assert (sent.waiting.method, sent.waiting.url) == ("POST", endpoint.url)


async def test_delivery_of_another_account_is_not_found(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    delivery_id = await tell(database, account_id)

    with pytest.raises(NotFound):
        await get_sent(database, await add_account(database), delivery_id, NOW)


async def test_many_are_replayed_at_once_but_not_to_where_nothing_is_sent(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    """WH-7."""
    off = await create_endpoint(database, account_id, url="https://example.com/off", now=NOW)
    for at in (1, 2):
        await tell(database, account_id)
        for _ in range(2):
            await send(database, NOW + timedelta(seconds=at), 200)
    await update_endpoint(database, account_id, off.id, EndpointChange(enabled=False), NOW)
    ids = [each.id for each in await list_deliveries(database, account_id, before=None, limit=10)]

    replayed = await replay_deliveries(database, account_id, [*ids, ids[0]], NOW + timedelta(minutes=1))

    newest = await list_deliveries(database, account_id, before=None, limit=10)
    assert (len(ids), replayed) == (4, 2)
    assert {each.endpoint_id for each in newest if each.replay_of} == {endpoint.id}


async def test_nothing_is_replayed_where_one_is_foreign_or_they_are_too_many(
    database: PostgresDatabase, account_id: AccountId, endpoint: Endpoint
) -> None:
    mine = await tell(database, account_id)
    await send(database, NOW + timedelta(seconds=1), 200)

    with pytest.raises(NotFound):
        await replay_deliveries(database, account_id, [mine, DeliveryId(uuid4())], NOW)
    with pytest.raises(Invalid):
        await replay_deliveries(database, account_id, [DeliveryId(uuid4())] * (MAX_REPLAYS + 1), NOW)

    assert len(await list_deliveries(database, account_id, before=None, limit=10)) == 1
