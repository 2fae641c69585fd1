"""`/v1.0/ws`: events over a websocket, as customers follow them (reference 8.3)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.hints import EVENT_CHANNEL, PostgresHints
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import utc_now
from dialplane.faces.dependencies import Dependencies
from dialplane.services.eventing import event_feed
from dialplane.services.eventing.event_feed import EventFeed
from dialplane.services.eventing.events import publish
from tests.effort import PATIENCE_S
from tests.faces.conftest import Tenant, application, dependencies, make_tenant, serving


@dataclass
class Feed:
    """An API with one account, and what happens to it."""

    base: str
    session: aiohttp.ClientSession
    database: PostgresDatabase
    tenant: Tenant

    async def publish(self, *types: str, resource_id: UUID | None = None, owner: Tenant | None = None) -> None:
        account_id, now = (owner or self.tenant).id, utc_now()
        resource_id = resource_id or uuid4()
        async with self.database.transaction() as tx:
            events = [Event(account_id, each, resource_id, {"id": str(resource_id)}, now) for each in types]
            await publish(tx, *events)

    @asynccontextmanager
    async def client(self, *topics: str, after: str | None = "", key: str | None = None) -> AsyncIterator["Client"]:
        """A client that follows the topics."""
        credential = self.tenant.key if key is None else key
        async with self.session.ws_connect(f"{self.base}/v1.0/ws?accesskey={credential}") as socket:
            client = Client(socket)
            if topics:
                await client.say("subscribe", *topics, after=after)
            yield client

    def topic(self, rest: str = "") -> str:
        return f"customer_id:{self.tenant.id}{rest}"


@dataclass
class Client:
    socket: "aiohttp.ClientWebSocketResponse[bool]"

    async def say(self, kind: str, *topics: str, after: str | None = None) -> None:
        await self.socket.send_json({"type": kind, "topics": topics} | ({} if after is None else {"after": after}))

    async def hear(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE_S):
            return [json.loads((await self.socket.receive()).data) for _ in range(count)]

    async def types(self, count: int) -> list[str]:
        return [str(message["type"]) for message in await self.hear(count)]

    async def closed_with(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            while (await self.socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                pass
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def an_api(dsn: str, ports: Dependencies, database: PostgresDatabase) -> AsyncIterator[str]:
    """Followed by a feed of its own."""
    feed = EventFeed(database, PostgresHints(dsn, EVENT_CHANNEL))
    running = asyncio.create_task(feed.run())
    ports = replace(ports, events=feed)
    async with serving(ports, application(ports)) as base:
        yield base
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def feed(dsn: str, database: PostgresDatabase, tenant: Tenant, tmp_path: Path) -> AsyncIterator[Feed]:
    async with an_api(dsn, dependencies(database, tmp_path), database) as base, aiohttp.ClientSession() as session:
        yield Feed(base, session, database, tenant)


async def test_events_come_as_webhook_bodies_with_their_id_in_order(feed: Feed) -> None:
    call_id = uuid4()
    async with feed.client(feed.topic(":call")) as client:
        assert await client.hear(1) == [{"type": "subscribed", "topics": [feed.topic(":call")]}]
        for kind in ("call_created", "call_progressing", "call_hangup"):
            await feed.publish(kind, resource_id=call_id)

        events = await client.hear(3)

    assert [event["type"] for event in events] == ["call_created", "call_progressing", "call_hangup"]
    assert [event["data"] for event in events] == [{"id": str(call_id)}] * 3
    assert len({event["id"] for event in events}) == 3


async def test_topic_takes_its_kind_its_resource_or_all(feed: Feed) -> None:
    mine = uuid4()
    async with (
        feed.client(feed.topic(":call")) as calls,
        feed.client(feed.topic(f":call:{mine}")) as one,
        feed.client(feed.topic()) as everything,
    ):
        for client in (calls, one, everything):
            await client.hear(1)
        await feed.publish("call_created")
        await feed.publish("number_created")
        await feed.publish("call_hangup", resource_id=mine)

        assert await calls.types(2) == ["call_created", "call_hangup"]
        assert await one.types(1) == ["call_hangup"]
        assert await everything.types(3) == ["call_created", "number_created", "call_hangup"]


async def test_unsubscribed_topic_is_silent(feed: Feed) -> None:
    async with feed.client(feed.topic(":call")) as client:
        await client.hear(1)
        await client.say("unsubscribe", feed.topic(":call"))
        await client.say("subscribe", feed.topic(":number"), after="")
        await client.hear(1)
        await feed.publish("call_created")
        await feed.publish("number_created")

        assert await client.types(1) == ["number_created"]


async def test_other_accounts_events_are_never_seen(feed: Feed) -> None:
    """API-6."""
    other = await make_tenant(feed.database, name="other")
    async with feed.client(feed.topic()) as client:
        await client.hear(1)
        await feed.publish("call_created", owner=other)
        await feed.publish("call_hangup")

        assert await client.types(1) == ["call_hangup"]


@pytest.mark.parametrize("kind", ["customer_id", "agent_id"])
async def test_topic_of_somebody_else_closes_the_socket(feed: Feed, kind: str) -> None:
    async with feed.client(f"{kind}:{uuid4()}:call") as client:
        assert await client.closed_with() == 1008


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"type":"subscribe"}',
        '{"type":"other","topics":[]}',
        '{"type":"subscribe","topics":["nonsense"]}',
        '{"type":"subscribe","topics":["customer_id:x:call"]}',
        '{"type":"subscribe","topics":["customer_id:%s:call:a:b"]}',
        '{"type":"subscribe","topics":[],"after":"x"}',
    ],
)
async def test_wish_that_is_not_understood_closes_the_socket(feed: Feed, text: str) -> None:
    async with feed.client() as client:
        await client.socket.send_str(text.replace("%s", str(feed.tenant.id)))

        assert await client.closed_with() == 1008


async def test_client_that_comes_back_gets_what_it_missed_and_goes_on(feed: Feed) -> None:
    call_id = uuid4()
    async with feed.client(feed.topic(":call")) as client:
        await client.hear(1)
        await feed.publish("call_created", resource_id=call_id)
        last = (await client.hear(1))[0]["id"]
    await feed.publish("call_ringing", resource_id=call_id)
    await feed.publish("number_created")
    await feed.publish("call_progressing", resource_id=call_id)

    async with feed.client(feed.topic(":call"), after=last) as client:
        await feed.publish("call_hangup", resource_id=call_id)

        types = await client.types(4)

    assert [each for each in types if each != "subscribed"] == ["call_ringing", "call_progressing", "call_hangup"]


async def test_event_written_beside_the_last_one_seen_is_not_lost(feed: Feed) -> None:
    """Its number is lower, its commit later."""
    async with feed.database.transaction() as slow:
        await publish(slow, Event(feed.tenant.id, "call_slow", uuid4(), {}, utc_now()))
        async with feed.client(feed.topic(), after=None) as client:
            while not await slow.connection.fetchval("select count(*) from event_watchers"):
                await asyncio.sleep(0.01)
            await feed.publish("call_quick")
            last = (await client.hear(1))[0]["id"]

    async with feed.client(feed.topic(), after=last) as client:
        assert await client.types(2) == ["call_slow", "subscribed"]


async def test_unknown_event_to_go_on_after_closes_the_socket(feed: Feed) -> None:
    async with feed.client(feed.topic(), after=str(uuid4())) as client:
        assert await client.closed_with() == 1008


async def test_client_that_does_not_read_fast_enough_is_told_to_come_back(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "MOST_WAITING", 3)
    async with feed.client(feed.topic()) as client:
        await client.hear(1)
        await feed.publish(*(f"call_step{n}" for n in range(10)))

        assert await client.closed_with() == 1013


async def test_lost_connection_to_the_store_tells_clients_to_come_back(feed: Feed) -> None:
    async with feed.client(feed.topic()) as client:
        await client.hear(1)
        async with feed.database.reading() as tx:
            await tx.connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and query ilike 'listen%'"
            )

        assert await client.closed_with() == 1013


async def test_revoked_key_hears_nothing_more(feed: Feed) -> None:
    """API-4."""
    async with feed.client(feed.topic()) as client:
        await client.hear(1)
        async with feed.database.transaction() as tx:
            await tx.connection.execute("update access_keys set deleted_at = now()")
        await asyncio.sleep(0.6)  # what is remembered of a good credential is forgotten after half a second
        await feed.publish("call_created")

        assert await client.closed_with() == 1008


@pytest.mark.parametrize(("key", "status"), [("", 401), ("vb_wrong", 401)])
async def test_handshake_without_a_good_credential_is_refused_in_the_dialects_shape(
    feed: Feed, key: str, status: int
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with feed.client(key=key):
            pass

    assert refused.value.status == status
    assert refused.value.headers is not None
    assert "x-request-id" in refused.value.headers


async def test_plain_request_is_told_that_there_is_nothing(feed: Feed) -> None:
    async with feed.session.get(f"{feed.base}/v1.0/ws?accesskey={feed.tenant.key}") as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["reason"] == "ROUTE_NOT_FOUND"


async def test_bearer_and_query_token_open_it_too(feed: Feed) -> None:
    headers = {"Authorization": f"Bearer {feed.tenant.key}"}
    async with feed.session.ws_connect(f"{feed.base}/v1.0/ws", headers=headers) as socket:
        assert socket.close_code is None
    async with feed.session.ws_connect(f"{feed.base}/v1.0/ws?token={feed.tenant.key}") as socket:
        assert socket.close_code is None


async def test_many_clients_hear_the_same_event_and_there_is_a_limit(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "MOST_FOLLOWERS", 50)
    clients = [
        await feed.session.ws_connect(f"{feed.base}/v1.0/ws?accesskey={feed.tenant.key}", max_msg_size=0)
        for _ in range(event_feed.MOST_FOLLOWERS)
    ]
    for socket in clients:
        await socket.send_json({"type": "subscribe", "topics": [feed.topic()], "after": ""})
        await socket.receive()

    await feed.publish("call_created")

    assert {json.loads((await socket.receive()).data)["type"] for socket in clients} == {"call_created"}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await feed.session.ws_connect(f"{feed.base}/v1.0/ws?accesskey={feed.tenant.key}")
    assert refused.value.status == 429
    for socket in clients:
        await socket.close()
