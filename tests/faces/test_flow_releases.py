"""`/v1.0/flows/{id}/draft`, `/publish` and `/canary`; what they do: `tests/services/test_flow_releases.py`."""

import pytest

from tests.faces.conftest import Client


async def flow_path(client: Client) -> str:
    made = await client.ask("POST", "/v1.0/flows", {"name": "f", "actions": [{"type": "answer"}]})
    return f"/v1.0/flows/{made.json['id']}"


async def test_draft_tells_its_faults_and_is_published_for_a_share(client: Client) -> None:
    path = await flow_path(client)

    wrong = await client.ask("PUT", f"{path}/draft", {"actions": [{"type": "talk"}]})
    refused = await client.ask("POST", f"{path}/publish", {"percent": 10})
    await client.ask("PUT", f"{path}/draft", {"actions": [{"type": "beep"}], "revision": 1})
    published = await client.ask("POST", f"{path}/publish", {"percent": 10})
    canary = {"version": 2, "percent": 10}

    assert (wrong.status, wrong.json["revision"], wrong.json["based_on"]) == (200, 1, 1)
    assert [fault["field"] for fault in wrong.json["faults"]] == ["actions[0].option.text"]
    assert (refused.status, refused.json["error"]["reason"]) == (400, "INVALID_ARGUMENT")
    assert {name: published.json["canary"][name] for name in canary} == canary
    assert (published.json["version"], published.json["actions"][0]["type"]) == (1, "answer")
    assert (await client.ask("GET", f"{path}/draft")).status == 404


async def test_share_is_changed_for_all_or_ended(client: Client) -> None:
    path = await flow_path(client)
    await client.ask("PUT", f"{path}/draft", {"actions": [{"type": "beep"}]})
    await client.ask("POST", f"{path}/publish", {"percent": 10})

    changed = await client.ask("PUT", f"{path}/canary", {"percent": 50})
    wrong = await client.ask("PUT", f"{path}/canary", {"percent": 101})
    promoted = await client.ask("PUT", f"{path}/canary", {"percent": 100})
    gone = await client.ask("DELETE", f"{path}/canary")

    assert changed.json["canary"]["percent"] == 50
    assert wrong.status == 400
    assert (promoted.json["version"], promoted.json["canary"]) == (2, None)
    assert (gone.status, gone.json["error"]["reason"]) == (404, "FLOW_CANARY_NOT_FOUND")


async def test_draft_that_changed_meanwhile_is_a_conflict_and_is_discarded(client: Client) -> None:
    path = await flow_path(client)
    await client.ask("PUT", f"{path}/draft", {"name": "mine", "revision": 0})

    conflict = await client.ask("PUT", f"{path}/draft", {"name": "yours", "revision": 0})
    discarded = await client.ask("DELETE", f"{path}/draft")
    nothing = await client.ask("POST", f"{path}/publish")

    assert (conflict.status, conflict.json["error"]["reason"]) == (409, "FLOW_DRAFT_CHANGED")
    assert (discarded.status, discarded.json["name"]) == (200, "mine")
    assert (nothing.status, nothing.json["error"]["reason"]) == (404, "FLOW_DRAFT_NOT_FOUND")


@pytest.mark.parametrize(
    "actions", [{"type": "talk"}, [[[]]] * 1001, [{"type": "talk", "option": {"text": "x" * (1 << 21)}}]]
)
async def test_draft_that_is_no_list_or_too_large_is_refused(client: Client, actions: object) -> None:
    path = await flow_path(client)

    answer = await client.ask("PUT", f"{path}/draft", {"actions": actions})

    assert answer.status in (400, 413)
    assert (await client.ask("GET", f"{path}/draft")).status == 404


async def test_schema_of_actions_is_the_one_in_the_openapi_document(client: Client) -> None:
    schema = (await client.ask("GET", "/v1.0/flow_schema")).json
    document = (await client.ask("GET", "/openapi.json")).json

    assert document["components"]["schemas"]["FlowAction"] == schema["items"]
    body = document["components"]["schemas"]["NewFlow"]["properties"]["actions"]
    assert body["items"] == {"$ref": "#/components/schemas/FlowAction"}
