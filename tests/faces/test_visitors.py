"""A direct hash lets a visitor hold one conversation, and do nothing else (VoIPBIN reference 1.2, 1.4)."""

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.faces.origins import VISITED
from dialplane.faces.rate_limits import Rate
from dialplane.services.eventing import event_feed
from dialplane.services.identity import visits
from dialplane.services.tenancy import accounts
from tests.effort import business
from tests.faces.conftest import NO_LIMITS, Answer, Client, Tenant, dependencies, serving
from tests.faces.test_event_socket import Feed
from tests.faces.test_event_socket import feed as feed  # the fixture

OPEN = {
    ("POST", "/v1.0/aicalls"),
    ("GET", "/v1.0/aicalls/{aicall_id}"),
    ("POST", "/v1.0/aicalls/{aicall_id}/terminate"),
    ("GET", "/v1.0/aimessages"),
    ("POST", "/v1.0/aimessages"),
    ("POST", "/v1.0/webchat_sessions"),
    ("GET", "/v1.0/webchat_sessions/{session_id}"),
    ("POST", "/v1.0/webchat_sessions/{session_id}/end"),
    ("GET", "/v1.0/webchat_messages"),
    ("POST", "/v1.0/webchat_messages"),
}


async def make(client: Client, path: str, **body: object) -> dict[str, Any]:
    made = await client.ask("POST", f"/v1.0/{path}", {"name": "shop", **body})
    assert made.status == 200, made
    shown: dict[str, Any] = made.json
    return shown


async def boot(client: Client, resource: dict[str, Any]) -> Answer:
    stranger = Client(client.base, client.session)
    return await stranger.ask("POST", "/auth/boot", {"direct_hash": resource["direct_hash"]})


async def visit(client: Client, resource: dict[str, Any]) -> tuple[Client, str]:
    """A visitor, and the id of the visitor's conversation."""
    answer = await boot(client, resource)
    assert answer.status == 200, answer
    return Client(client.base, client.session, answer.json["token"]), answer.json["allowed_resource_id"]


async def test_visitor_of_a_widget_chats_in_a_session_of_its_own(client: Client, tenant: Tenant) -> None:
    widget = await make(client, "webchat_widgets")
    booted = await boot(client, widget)
    visitor = Client(client.base, client.session, booted.json["token"])
    session_id = booted.json["allowed_resource_id"]

    begun = await visitor.ask("POST", "/v1.0/webchat_sessions", {"widget_id": widget["id"], "name": "Ann"})
    again = await visitor.ask("POST", "/v1.0/webchat_sessions", {"widget_id": widget["id"]})
    said = await visitor.ask("POST", "/v1.0/webchat_messages", {"session_id": session_id, "text": "Is it open?"})
    answer = {"session_id": session_id, "text": "Until nine", "direction": "outgoing"}
    forged = await visitor.ask("POST", "/v1.0/webchat_messages", answer)
    await client.ask("POST", "/v1.0/webchat_messages", answer)
    seen = await visitor.ask("GET", f"/v1.0/webchat_messages?session_id={session_id}")
    ended = await visitor.ask("POST", f"/v1.0/webchat_sessions/{session_id}/end")

    assert {name: booted.json[name] for name in ("type", "resource_type", "resource_id", "customer_id")} == {
        "type": "direct", "resource_type": "webchat_widget", "resource_id": widget["id"], "customer_id": str(tenant.id)
    }  # fmt: skip
    assert (begun.json["id"], begun.json["name"], said.json["direction"]) == (session_id, "Ann", "incoming")
    assert (again.status, again.reason) == (409, "ALREADY_EXISTS")
    assert (forged.status, forged.json["error"]["details"]) == (400, [{"field": "direction"}])
    assert [each["text"] for each in seen.json["result"]] == ["Until nine", "Is it open?"]
    assert (ended.json["status"], (await visitor.ask("GET", f"/v1.0/webchat_sessions/{session_id}")).json) == (
        "ended", ended.json
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["ai", "team"])
async def test_visitor_of_an_assistant_talks_with_that_one_in_writing(client: Client, kind: str) -> None:
    ai = await make(client, "ais", init_prompt="Be kind.")
    other = await make(client, "ais")
    member = str(uuid4())
    team = {"members": [{"id": member, "name": "first", "ai_id": ai["id"]}], "start_member_id": member}
    visited = ai if kind == "ai" else await make(client, "teams", **team)
    visitor, aicall_id = await visit(client, visited)

    foreign = await visitor.ask("POST", "/v1.0/aicalls", {"assistance_type": "ai", "assistance_id": other["id"]})
    call = {"reference_type": "call", "reference_id": str(uuid4())}
    on_call = await visitor.ask("POST", "/v1.0/aicalls", call)
    begun = await visitor.ask("POST", "/v1.0/aicalls", {"assistance_type": kind, "assistance_id": visited["id"]})
    again = await visitor.ask("POST", "/v1.0/aicalls", {})
    said = await visitor.ask("POST", "/v1.0/aimessages", {"aicall_id": aicall_id, "content": "thanks"})
    seen = await visitor.ask("GET", f"/v1.0/aimessages?aicall_id={aicall_id}")
    ended = await visitor.ask("POST", f"/v1.0/aicalls/{aicall_id}/terminate")

    assert (foreign.status, foreign.reason) == (404, f"{kind.upper()}_NOT_FOUND")
    assert (on_call.status, on_call.json["error"]["details"]) == (400, [{"field": "reference_type"}])
    assert (begun.json["id"], begun.json["assistance_id"]) == (aicall_id, visited["id"])
    assert (again.status, again.reason, said.status) == (409, "ALREADY_EXISTS", 200)
    assert [each["role"] for each in seen.json["result"]] == ["assistant", "user", "assistant"]
    assert (ended.json["status"], (await visitor.ask("GET", f"/v1.0/aicalls/{aicall_id}")).json) == (
        "terminated", ended.json
    )  # fmt: skip


async def test_token_reaches_no_other_route(client: Client, anonymous: Client) -> None:
    """Every operation of the document is asked."""
    document = (await anonymous.ask("GET", "/openapi.json")).json
    asked = [
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if path.startswith("/v1.0") and method in ("get", "post", "put", "delete")
    ]
    talker, _ = await visit(client, await make(client, "ais"))
    chatter, _ = await visit(client, await make(client, "webchat_widgets"))

    reached = {each for each in asked if await _is_reached(talker, *each)}

    assert reached == {(method, path) for method, path in OPEN if "webchat" not in path}
    assert {each for each in OPEN if await _is_reached(chatter, *each)} == OPEN - reached
    assert not await _is_reached(chatter, "GET", "/v1.0/webchat_sessions")
    assert {path for _, path in OPEN} <= {path for _, path in asked if path.startswith(VISITED)}
    # What lies outside of the API's own layers.
    assert (await talker.ask("POST", "/auth/unregister", {"confirmation_phrase": "DELETE"})).status == 403
    for path in ("/operator/v1/accounts", "/2010-04-01/Accounts.json", "/restcomm/2012-04-24/Accounts.json"):
        assert (await talker.ask("GET", path)).status == 401, path


async def _is_reached(visitor: Client, method: str, path: str) -> bool:
    names = {"{version}": "1"}
    filled = "/".join(names.get(part, str(uuid4())) if part.startswith("{") else part for part in path.split("/"))
    answer = await visitor.ask(method, filled, {} if method in ("POST", "PUT") else None)
    return answer.status != 403 or answer.reason != "DIRECT_ACCESS_NOT_SUPPORTED"


async def test_every_other_conversation_answers_as_one_that_nobody_has(client: Client) -> None:
    ai, widget = await make(client, "ais"), await make(client, "webchat_widgets")
    other_widget = await make(client, "webchat_widgets")
    for resource, begin, reads in (
        (ai, ("/v1.0/aicalls", {}), ("aicalls/{}", "aimessages?aicall_id={}")),
        (widget, ("/v1.0/webchat_sessions", {"widget_id": widget["id"]}),
         ("webchat_sessions/{}", "webchat_messages?session_id={}")),
    ):  # fmt: skip
        (first, mine), (second, _) = await visit(client, resource), await visit(client, resource)
        for each in (first, second):
            assert (await each.ask("POST", *begin)).status == 200
        for path in reads:
            foreign = await second.ask("GET", "/v1.0/" + path.format(mine))
            unknown = await second.ask("GET", "/v1.0/" + path.format(uuid4()))
            assert (foreign.status, foreign.reason) == (unknown.status, unknown.reason) == (404, unknown.reason), path
        said = {"aicall_id": mine, "session_id": mine, "content": "hi", "text": "hi"}
        written = await second.ask("POST", "/v1.0/" + reads[1].partition("?")[0], said)
        ended = await second.ask(
            "POST", "/v1.0/" + reads[0].format(mine) + ("/terminate" if resource is ai else "/end")
        )
        assert (written.status, ended.status) == (404, 404)

    third, _ = await visit(client, widget)
    elsewhere = await third.ask("POST", "/v1.0/webchat_sessions", {"widget_id": other_widget["id"]})
    assert (elsewhere.status, elsewhere.reason) == (404, "WEBCHAT_WIDGET_NOT_FOUND")


async def test_hash_that_opens_nothing_is_refused_in_the_same_words(
    client: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    widget, queue = await make(client, "webchat_widgets"), await make(client, "queues")
    again = await client.ask("POST", f"/v1.0/webchat_widgets/{widget['id']}/direct-hash-regenerate")
    unknown = {"direct_hash": f"direct.{uuid4().hex[:12]}"}
    refused = [await boot(client, each) for each in (unknown, queue, widget)]
    async with database.transaction() as tx:
        account = await accounts.load_account(tx, tenant.id, for_update=True)
        await tx.accounts.update(replace(account, status=AccountStatus.FROZEN))
    refused.append(await boot(client, again.json))
    malformed = await boot(client, {"direct_hash": "direct.%"})

    assert {each.status for each in refused} == {400}
    assert len({json.dumps(each.json["error"] | {"request_id": ""}) for each in refused}) == 1
    assert malformed.status == 400
    assert "direct_hash" in str(malformed.json["error"])


async def test_token_ends_with_its_hash_with_the_account_and_after_four_hours(
    client: Client, tenant: Tenant, database: PostgresDatabase, tmp_path: Path
) -> None:
    """API-4: within a second, on every node."""
    widget = await make(client, "webchat_widgets")
    late = replace(dependencies(database, tmp_path), clock=lambda: utc_now() - timedelta(hours=4, seconds=1))
    begun = await visits.begin_visit(database, late.signer, widget["direct_hash"], late.clock())
    over = await Client(client.base, client.session, begun.token).ask("GET", f"/v1.0/webchat_sessions/{uuid4()}")
    visitor, session_id = await visit(client, widget)
    path = f"/v1.0/webchat_sessions/{session_id}"
    good = await visitor.ask("GET", path)

    await client.ask("POST", f"/v1.0/webchat_widgets/{widget['id']}/direct-hash-regenerate")

    assert (over.status, over.reason) == (401, "INVALID_CREDENTIALS")
    assert (good.status, good.reason) == (404, "WEBCHAT_SESSION_NOT_FOUND")
    async with asyncio.timeout(business()):
        while (gone := await visitor.ask("GET", path)).status != 401:
            await asyncio.sleep(0.01)
    assert gone.reason == "INVALID_CREDENTIALS"


async def test_idempotency_keys_of_visitors_are_their_own(client: Client) -> None:
    ai = await make(client, "ais")
    answers = []
    for _ in range(2):
        visitor, _ = await visit(client, ai)
        answers += [await visitor.ask("POST", "/v1.0/aicalls", {}, Idempotency_Key="1") for _ in range(2)]

    first, repeated, second, _ = answers
    assert (first.status, repeated.json, repeated.headers["Idempotent-Replayed"]) == (200, first.json, "true")
    assert (second.status, second.json["id"] != first.json["id"]) == (200, True)


async def test_visitors_have_limits_of_their_own(database: PostgresDatabase, tenant: Tenant, tmp_path: Path) -> None:
    """Reference 1.9; and what one address begins, and what one visitor writes."""
    few = replace(NO_LIMITS, boots_by_address=Rate(0.001, 3), api_by_visitors=Rate(0.001, 6),
                  writes_by_visitor=Rate(0.001, 3))  # fmt: skip
    ports = dependencies(database, tmp_path, rate_limits=few)
    async with serving(ports) as base, aiohttp.ClientSession() as session:
        client = Client(base, session, tenant.key)
        widget = await make(client, "webchat_widgets")
        booted = [await boot(client, widget) for _ in range(4)]
        first, second = (Client(base, session, each.json["token"]) for each in booted[:2])
        written = [await first.ask("POST", f"/v1.0/webchat_sessions/{uuid4()}/end") for _ in range(4)]
        read = [await second.ask("GET", f"/v1.0/webchat_sessions/{uuid4()}") for _ in range(3)]
        own = await client.ask("GET", "/v1.0/webchat_widgets")

    assert [each.status for each in booted] == [200, 200, 200, 429]
    assert [each.status for each in written] == [404, 404, 404, 429]
    assert [each.status for each in read] == [404, 404, 429]
    assert [each.json["error"]["details"][0]["limited_by"] for each in (booted[3], written[3], read[2])] == [
        "ip", "visitor", "customer"
    ]  # fmt: skip
    assert own.status == 200


async def test_page_of_another_origin_may_ask_what_visitors_may(client: Client, anonymous: Client) -> None:
    page = {"Origin": "https://shop.example", "Access_Control_Request_Method": "POST"}

    ahead = await anonymous.ask("OPTIONS", "/v1.0/webchat_messages", **page)
    refused = await anonymous.ask("POST", "/auth/boot", {}, Origin="https://shop.example")
    closed = await client.ask("GET", "/v1.0/numbers", Origin="https://shop.example")

    assert (ahead.status, ahead.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert {"GET", "POST"} <= {each.strip() for each in ahead.headers["Access-Control-Allow-Methods"].split(",")}
    assert "Authorization" in ahead.headers["Access-Control-Allow-Headers"]
    assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (400, "*")
    assert "Access-Control-Allow-Origin" not in closed.headers


async def test_visitor_follows_its_conversation_and_no_other_topic(feed: Feed) -> None:
    """Reference 8.3: four-part topics."""
    client = Client(feed.base, feed.session, feed.tenant.key)
    widget = await make(client, "webchat_widgets")
    visitor, session_id = await visit(client, widget)
    stranger, other_id = await visit(client, widget)
    for each in (visitor, stranger):
        await each.ask("POST", "/v1.0/webchat_sessions", {"widget_id": widget["id"]})
    topic = feed.topic(f":webchat_session:{session_id}")

    async with feed.client(topic, key=visitor.key) as follower:
        await follower.hear(1)
        await stranger.ask("POST", "/v1.0/webchat_messages", {"session_id": other_id, "text": "not for you"})
        await client.ask(
            "POST", "/v1.0/webchat_messages", {"session_id": session_id, "text": "Hello", "direction": "outgoing"}
        )
        await client.ask("POST", f"/v1.0/webchat_sessions/{session_id}/end")
        told = await follower.hear(2)
    forbidden = ("", ":webchat_session", ":webchat_session:", f":webchat_session:{other_id}", f":aicall:{session_id}")
    codes = [await _closed(feed, feed.topic(rest), visitor.key) for rest in forbidden]

    assert [(each["type"], each["data"].get("text")) for each in told] == [
        ("webchat_message_created", "Hello"), ("webchat_session_ended", None)
    ]  # fmt: skip
    assert codes == [1008] * len(forbidden)


async def test_visitor_has_few_connections_and_takes_none_of_the_accounts(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "MOST_FOLLOWERS", 1)
    client = Client(feed.base, feed.session, feed.tenant.key)
    visitor, _ = await visit(client, await make(client, "ais"))
    media = f"{feed.base}/v1.0/calls/{uuid4()}/media_stream?encapsulation=rtp&token={visitor.key}"

    async with AsyncExitStack() as opened:
        for _ in range(event_feed.MOST_OF_VISITOR):
            await opened.enter_async_context(feed.client(key=visitor.key))
        fifth = await _refused(feed, f"{feed.base}/v1.0/ws?token={visitor.key}")
        async with feed.client(feed.topic()) as own:
            assert (await own.types(1)) == ["subscribed"]
            second = await _refused(feed, f"{feed.base}/v1.0/ws?token={feed.tenant.key}")
    async with feed.client(key=visitor.key):
        elsewhere = await _refused(feed, media)

    assert (fifth, second, elsewhere) == (429, 429, 403)


async def _refused(feed: Feed, url: str) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await feed.session.ws_connect(url)
    return refusal.value.status


async def _closed(feed: Feed, topic: str, key: str) -> int:
    async with feed.client(topic, key=key) as follower:
        return await follower.closed_with()
