"""Orders to a live call over the API: 200 with an empty body; 409 when the call is over (reference 1.8, 4.3)."""

from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

import pytest

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.calling.groupcalls import AnswerMethod, Groupcall, GroupcallStatus, RingMethod
from dialplane.domain.programs.source_json import read_source
from dialplane.domain.programs.sources import ActionsSource, DocumentSource
from dialplane.services.calling.calls import take_commands
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant
from tests.faces.recorded import called

ORDERS = [
    ("POST", "hold", None),
    ("DELETE", "hold", None),
    ("POST", "moh", None),
    ("POST", "silence", None),
    ("POST", "mute", {"direction": "in"}),
    ("POST", "mute", None),
    ("DELETE", "mute", None),
    ("DELETE", "mute", {"direction": "in"}),
    ("POST", "talk", {"text": "Hello", "language": "en-US", "provider": "gcp", "voice_id": ""}),
]


@pytest.mark.parametrize(("method", "what", "body"), ORDERS)
async def test_order_is_answered_with_nothing(
    client: Client, tenant: Tenant, database: Database, method: str, what: str, body: object
) -> None:
    """Reference 1.8."""
    live = await called(database, tenant.id, status=CallStatus.PROGRESSING, ended_at=None)
    over = await called(database, tenant.id)

    answer = await client.ask(method, f"/v1.0/calls/{live.id}/{what}", body)
    late = await client.ask(method, f"/v1.0/calls/{over.id}/{what}", body)

    assert (answer.status, answer.raw) == (200, b"")
    assert (late.status, late.reason) == (409, "CALL_ALREADY_HANGUP")


async def test_markup_that_cannot_be_spoken_is_refused(client: Client, tenant: Tenant, database: Database) -> None:
    live = await called(database, tenant.id, status=CallStatus.PROGRESSING, ended_at=None)

    answer = await client.ask("POST", f"/v1.0/calls/{live.id}/talk", {"text": "<speak>Hello", "language": "en-US"})

    assert (answer.status, answer.reason) == (400, "INVALID_ARGUMENT")
    assert "SSML" in answer.json["error"]["message"]
    assert await take_commands(database, live.node) == []


async def test_live_call_is_redirected_to_a_flow_or_a_document(
    client: Client, tenant: Tenant, database: Database
) -> None:
    """What the order says stands in the mailbox of the call's node."""
    live = await called(database, tenant.id, status=CallStatus.PROGRESSING, ended_at=None)
    over = await called(database, tenant.id)
    flow = (await client.ask("POST", "/v1.0/flows", {"name": "f", "actions": [{"type": "answer"}]})).json
    path, run = f"/v1.0/calls/{live.id}/redirect", {"type": "flow", "flow_id": flow["id"]}
    document = {"type": "document", "url": "https://example.org/menu.xml", "method": "GET"}

    first = await client.ask("POST", path, {"target": run})
    second = await client.ask("POST", path, {"target": document, "move_partner": True})
    late = await client.ask("POST", f"/v1.0/calls/{over.id}/redirect", {"target": run})

    orders = await take_commands(database, live.node)
    assert (first.status, first.json["id"], second.status) == (200, str(live.id), 200)
    assert (late.status, late.reason) == (409, "CALL_ALREADY_HANGUP")
    assert [(order.kind, order.payload["move_partner"]) for order in orders] == [
        ("redirect", False),
        ("redirect", True),
    ]
    sources = [read_source(cast("dict[str, object]", order.payload["source"])) for order in orders]
    assert sources == [
        ActionsSource(tuple(flow["actions"])), DocumentSource("https://example.org/menu.xml", "GET"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "status", "field"),
    [
        ({"type": "flow", "flow_id": "00000000-0000-4000-8000-000000000001"}, 404, "flow_id"),
        ({"type": "document", "url": "ftp://example.org"}, 400, "target.url"),
        ({"type": "document", "url": "https://a.example", "fallback_url": "x"}, 400, "target.fallback_url"),
        ({"type": "document", "url": "https://a.example", "status_url": "https://b"}, 400, "target.status_url"),
        ({"type": "forward", "users": ["ann"]}, 400, "target.type"),
        (None, 400, "target"),
    ],
)
async def test_redirection_to_nowhere_is_refused_and_orders_nothing(
    client: Client, tenant: Tenant, database: Database, target: object, status: int, field: str
) -> None:
    live = await called(database, tenant.id, status=CallStatus.PROGRESSING, ended_at=None)

    refused = await client.ask("POST", f"/v1.0/calls/{live.id}/redirect", {"target": target})

    orders = await take_commands(database, live.node)
    details = refused.json["error"]["details"]
    assert (refused.status, orders) == (status, []), refused.raw
    assert status == 404 or details[0]["field"] == field


async def test_group_call_leaves_out_the_times_that_it_has_not(
    client: Client, tenant: Tenant, database: Database
) -> None:
    """Reference 1.7: of a call, a group call and a recording; of everything else they are null."""
    group = Groupcall(
        id=uuid4(),
        account_id=tenant.id,
        status=GroupcallStatus.HANGUP,
        source=None,
        destinations=(Address("extension", "100"),),
        ring_method=RingMethod.RING_ALL,
        answer_method=AnswerMethod.HANGUP_OTHERS,
        node="node",
        created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    async with database.transaction() as tx:
        await tx.groupcalls.save(group)

    shown = (await client.ask("GET", f"/v1.0/groupcalls/{group.id}")).json
    deleted = (await client.ask("DELETE", f"/v1.0/groupcalls/{group.id}")).json

    assert {name for name in shown if name.startswith("tm_")} == {"tm_create"}
    assert "tm_delete" in deleted
