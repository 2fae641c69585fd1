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


@pytest.mark.parametrize("source", [None, {}, {"type": "tel", "target": ""}, {"type": "", "target": ""}])
async def test_source_without_a_target_is_the_one_of_the_outbound_config(
    client: Client, source: dict[str, str] | None
) -> None:
    """Reference 4.3; the account has none, and hears of that and of nothing else."""
    body = {"source": source, "destinations": [{"type": "tel", "target": "+12025550100"}], "actions": ACTIONS}

    answers = [await client.ask("POST", path, body) for path in ("/v1.0/calls", "/v1.0/groupcalls")]

    assert answers[0].reason != "INVALID_ARGUMENT"
    assert all(b"source.target" not in answer.raw for answer in answers)
