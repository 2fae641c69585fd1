"""Chats on web pages: a widget's flows answer what visitors write (VoIPBIN reference 6.11)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import NIL, utc_now
from dialplane.services.programs.api_runs import ApiRuns
from dialplane.services.programs.outside import RunOutside
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, NoWeb, Tenant, application, dependencies, serving

GREETING: dict[str, object] = {
    "type": "conversation_send",
    "option": {"text": "Welcome ${voipbin.conversation.peer.name}"},
}
TALK: dict[str, object] = {"type": "ai_talk", "option": {}}


@pytest.fixture
async def client(database: Database, tmp_path: Path, tenant: Tenant) -> AsyncIterator[Client]:
    """Of an installation that drives runs."""
    async with asyncio.TaskGroup() as tasks:
        outside = RunOutside(database, NoWeb(), utc_now, lambda work: None)
        runs = ApiRuns(database, outside, tasks, utc_now)
        ports = replace(dependencies(database, tmp_path), runs=runs)
        async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
            yield Client(base, session, tenant.key)


async def runs_are_over() -> None:
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("run ")))


async def make_session(client: Client, **flows: list[dict[str, object]]) -> dict[str, Any]:
    """Of a widget with these flows."""
    body: dict[str, object] = {"name": "shop"}
    for name, actions in flows.items():
        body[name] = (await client.ask("POST", "/v1.0/flows", {"name": name, "actions": actions})).json["id"]
    widget = await client.ask("POST", "/v1.0/webchat_widgets", body)
    made = await client.ask("POST", "/v1.0/webchat_sessions", {"widget_id": widget.json["id"], "name": "Ann"})
    assert (widget.status, made.status) == (200, 200), (widget, made)
    session: dict[str, Any] = made.json
    return session


async def written(client: Client, session: dict[str, Any]) -> list[tuple[str, str]]:
    """Who wrote what, the oldest first, once nobody writes any more."""
    await runs_are_over()
    found = (await client.ask("GET", f"/v1.0/webchat_messages?session_id={session['id']}")).json["result"]
    return [(each["direction"], each["text"]) for each in reversed(found)]


async def write(client: Client, session: dict[str, Any], text: str, **more: str) -> Any:
    return await client.ask("POST", "/v1.0/webchat_messages", {"session_id": session["id"], "text": text, **more})


async def test_flows_greet_the_visitor_and_answer_each_message(client: Client, database: PostgresDatabase) -> None:
    session = await make_session(client, session_flow_id=[GREETING], message_flow_id=[TALK])
    await runs_are_over()
    sent = await write(client, session, "thanks")
    await written(client, session)
    await write(client, session, "I look into it", direction="outgoing")

    assert await written(client, session) == [
        ("outgoing", "Welcome Ann"),
        ("incoming", "thanks"),
        ("outgoing", "You are welcome. Is there anything else?"),
        ("outgoing", "I look into it"),
    ]
    runs = (await client.ask("GET", "/v1.0/activeflows")).json["result"]
    assert {(run["reference_type"], run["reference_id"]) for run in runs} == {("conversation", session["id"])}
    assert [run["status"] for run in runs] == ["ended", "ended"]
    assert sent.json["activeflow_id"] == str(NIL)
    async with database.reading() as tx:
        told = await tx.connection.fetch("select public from events where type = 'webchat_message_created'")
    assert [event["public"] for event in told] == [True] * 4


async def test_session_that_is_over_takes_no_message_and_is_told_of_once(
    client: Client, database: PostgresDatabase
) -> None:
    session = await make_session(client)
    path = f"/v1.0/webchat_sessions/{session['id']}"
    ended = await client.ask("POST", f"{path}/end")
    again = await client.ask("POST", f"{path}/end")
    late = await write(client, session, "hello?")
    deleted = await client.ask("DELETE", path)

    assert (ended.json["status"], again.json) == ("ended", ended.json)
    assert (late.status, late.reason) == (409, "STATE_INVALID")
    assert (deleted.json["tm_delete"] is None, (await client.ask("GET", path)).status) == (False, 404)
    async with database.reading() as tx:
        told = await tx.connection.fetch("select public from events where type = 'webchat_session_ended'")
    assert [event["public"] for event in told] == [True]


async def test_widget_is_changed_and_a_new_hash_voids_the_old_one(client: Client) -> None:
    made = (await client.ask("POST", "/v1.0/webchat_widgets", {"name": "shop"})).json
    path = f"/v1.0/webchat_widgets/{made['id']}"
    unknown = await client.ask("PUT", path, {"message_flow_id": str(uuid4())})
    renamed = await client.ask("PUT", path, {"name": "store"})
    again = await client.ask("POST", f"{path}/direct-hash-regenerate")
    deleted = await client.ask("DELETE", path)

    assert (unknown.status, unknown.reason) == (404, "FLOW_NOT_FOUND")
    assert (renamed.json["name"], renamed.json["direct_hash"]) == ("store", made["direct_hash"])
    assert made["direct_hash"].startswith("direct.")
    assert again.json["direct_hash"] not in ("", made["direct_hash"])
    assert (deleted.json["direct_hash"], (await client.ask("GET", path)).reason) == ("", "WEBCHAT_WIDGET_NOT_FOUND")
