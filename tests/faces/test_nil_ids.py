"""VoIPBIN's clients send the nil UUID for what they do not name: nothing is looked for by it."""

from uuid import UUID

import pytest

from tests.faces.conftest import Client

NIL = str(UUID(int=0))
ACTIONS = [{"id": NIL, "type": "variable_set", "option": {"key": "a", "value": "b"}}]


async def test_actions_are_played_dry_where_no_flow_is_named(client: Client) -> None:
    assert (await client.ask("POST", "/v1.0/dry_run", {"flow_id": NIL, "actions": ACTIONS})).status == 200


@pytest.mark.parametrize("path", ["/v1.0/calls", "/v1.0/groupcalls"])
async def test_call_without_a_flow_is_refused_for_what_it_lacks(client: Client, path: str) -> None:
    """The account has no number that it may call from."""
    body = {"destinations": [{"type": "tel", "target": "+12025550100"}], "flow_id": NIL, "actions": ACTIONS}

    answer = await client.ask("POST", path, body)

    assert answer.status != 200
    assert answer.reason != "FLOW_NOT_FOUND"
