"""Destinations of POST /calls: one that fails is left out, the request fails only if all fail (VoIPBIN's 4.3)."""

import pytest

from dialplane.domain.ids import utc_now
from dialplane.services.operating.nodes import begin_node
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, stock

OWN = "+12025550143"
MALFORMED = [
    {"type": "tel", "target": "12025550101"},
    {"type": "tel", "target": "+1"},
    {"type": "pigeon", "target": "x"},
]


@pytest.fixture
async def caller(client: Client, database: Database) -> Client:
    """An account with a number to call from, and a node that would place the calls."""
    await begin_node(database, "voice-1", sip_host="192.0.2.11", sip_port=5060, version="1", now=utc_now())
    await stock(database, OWN)
    assert (await client.ask("POST", "/v1.0/numbers", {"number": OWN})).status == 200
    return client


@pytest.mark.parametrize("bad", [*MALFORMED, {"type": "tel", "target": "+74951234567"}])
async def test_destination_that_fails_is_left_out(caller: Client, bad: dict[str, str]) -> None:
    good = {"type": "tel", "target": "+12025550101"}
    body = {"source": {"type": "tel", "target": OWN}, "destinations": [bad, good], "actions": []}

    answer = await caller.ask("POST", "/v1.0/calls", body)

    assert answer.status == 200
    assert [call["destination"] for call in answer.json["calls"]] == [good]


async def test_request_fails_where_all_fail_and_names_the_first(caller: Client) -> None:
    body = {"source": {"type": "tel", "target": OWN}, "destinations": MALFORMED, "actions": []}

    answer = await caller.ask("POST", "/v1.0/calls", body)

    assert (answer.status, answer.reason) == (400, "INVALID_ARGUMENT")
    assert answer.json["error"]["details"][0]["field"] == "destinations[0].target"
