"""Campaigns, outplans and outdials over the API, in VoIPBIN's words (reference 6.9)."""

from uuid import UUID

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import Client

NIL = "00000000-0000-0000-0000-000000000000"
ANN, BOB = ({"type": "tel", "target": f"+1202555010{digit}"} for digit in "12")


async def made(client: Client, path: str, **body: object) -> dict[str, object]:
    answer = await client.ask("POST", f"/v1.0/{path}", body)
    assert answer.status == 200, answer
    shown: dict[str, object] = answer.json
    return shown


async def test_plan_keeps_what_is_not_given_and_shows_every_destinations_tries(client: Client) -> None:
    plan = await made(client, "outplans", name="evenings", source=ANN, dial_timeout=30_000, max_try_count_1=3)

    changed = await client.ask("PUT", f"/v1.0/outplans/{plan['id']}", {"max_try_count_0": 2, "try_interval": 60_000})

    assert (plan["source"], plan["try_interval"]) == (ANN, 600_000)
    assert [changed.json[f"max_try_count_{index}"] for index in range(5)] == [2, 3, 1, 1, 1]
    assert changed.json["dial_timeout"] == 30_000


async def test_target_has_five_destinations_and_one_at_least(client: Client) -> None:
    outdial = await made(client, "outdials", name="customers", data="crm")
    path = f"/v1.0/outdials/{outdial['id']}/targets"

    target = await client.ask("POST", path, {"name": "Ann", "destination_0": ANN, "destination_3": BOB})
    refused = await client.ask("POST", path, {"name": "nobody"})
    mail = await client.ask("POST", path, {"destination_2": {"type": "email", "target": "a@example.org"}})
    listed = await client.ask("GET", path)
    gone = await client.ask("DELETE", f"{path}/{target.json['id']}")

    assert [target.json[f"destination_{index}"] for index in range(5)] == [ANN, None, None, BOB, None]
    assert (target.json["status"], target.json["try_count_0"]) == ("idle", 0)
    assert [answer.json["error"]["details"][0]["field"] for answer in (refused, mail)] == [
        "destination_0",
        "destination_2",
    ]
    assert listed.json["result"] == [target.json]
    assert gone.json["tm_delete"] is not None
    assert (await client.ask("GET", f"{path}/{target.json['id']}")).reason == "OUTDIAL_TARGET_NOT_FOUND"


async def test_each_part_of_a_campaign_is_changed_at_its_own_path(client: Client) -> None:
    plan, outdial = await made(client, "outplans", name="p"), await made(client, "outdials", name="o")
    campaign = await made(client, "campaigns", name="winter", type="call", end_handle="continue")
    path = f"/v1.0/campaigns/{campaign['id']}"
    named = {"outplan_id": plan["id"], "outdial_id": outdial["id"], "queue_id": NIL}

    for part, body in (
        ("actions", {"actions": [{"type": "answer"}]}),
        ("service_level", {"service_level": 80}),
        ("resource_info", named),
        ("next_campaign_id", {"next_campaign_id": campaign["id"]}),
        ("status", {"status": "run"}),
    ):
        answer = await client.ask("PUT", f"{path}/{part}", body)
        assert answer.status == 200, (part, answer)
    shown = (await client.ask("GET", path)).json

    assert shown["status"] == "run"
    assert [each["type"] for each in shown["actions"]] == ["answer"]
    assert {name: shown[name] for name in named} == named
    assert (shown["service_level"], shown["next_campaign_id"]) == (80, campaign["id"])
    assert (await client.ask("DELETE", path)).reason == "STATE_INVALID"
    assert (await client.ask("PUT", f"{path}/status", {"status": "stop"})).json["status"] == "stop"
    assert (await client.ask("DELETE", path)).status == 200


@pytest.mark.parametrize(
    ("part", "body", "status", "field"),
    [
        ("actions", {"actions": [{"type": "no"}]}, 400, "actions[0].type"),
        ("service_level", {"service_level": -1}, 400, "service_level"),
        ("resource_info", {"outplan_id": "11111111-1111-4111-8111-111111111111"}, 404, "outplan_id"),
        ("resource_info", {"queue_id": "11111111-1111-4111-8111-111111111111"}, 404, "queue_id"),
        ("status", {"status": "run"}, 400, "outplan_id"),
        ("status", {"status": "stopping"}, 400, "status"),
    ],
)
async def test_bad_part_is_refused_by_its_field_and_changes_nothing(
    client: Client, part: str, body: object, status: int, field: str
) -> None:
    campaign = await made(client, "campaigns", name="winter")
    path = f"/v1.0/campaigns/{campaign['id']}"

    answer = await client.ask("PUT", f"{path}/{part}", body)

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (status, field)
    assert (await client.ask("GET", path)).json == campaign


async def test_agents_of_a_queue_that_are_free_are_counted_by_its_tags(client: Client, database: Database) -> None:
    sales, help_ = [await made(client, "tags", name=name) for name in ("sales", "help")]
    tagged = await made(client, "queues", name="tagged", tag_ids=[sales["id"]])
    every = await made(client, "queues", name="every")
    for number, (tag, status) in enumerate([(sales, "available"), (help_, "available"), (sales, "away")]):
        agent = {
            "username": f"agent{number}@example.org", "password": "correct horse", "name": "a", "detail": "",
            "ring_method": "ringall", "permission": 16, "tag_ids": [tag["id"]], "addresses": [],
        }  # fmt: skip
        agent_id = (await client.ask("POST", "/v1.0/agents", agent)).json["id"]
        assert (await client.ask("PUT", f"/v1.0/agents/{agent_id}/status", {"status": status})).status == 200

    async with database.reading() as tx:
        found = [await tx.campaigns.count_available(UUID(str(queue["id"]))) for queue in (tagged, every)]

    assert found == [1, 2]


async def test_calls_of_a_campaign_are_listed_by_it_and_for_all(client: Client) -> None:
    campaign = await made(client, "campaigns", name="winter")

    for path in ("campaigncalls", f"campaigns/{campaign['id']}/campaigncalls"):
        assert (await client.ask("GET", f"/v1.0/{path}")).json == {"result": [], "next_page_token": ""}
    assert (await client.ask("GET", f"/v1.0/campaigncalls/{campaign['id']}")).reason == "CAMPAIGNCALL_NOT_FOUND"
    assert (await client.ask("GET", f"/v1.0/campaigns/{NIL}/campaigncalls")).reason == "CAMPAIGN_NOT_FOUND"
