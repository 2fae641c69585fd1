"""Assistants and teams over the API, and who of them answers a flow (VoIPBIN reference 6.10, 3.5: `ai_talk`)."""

from typing import Any
from uuid import UUID

import pytest

from dialplane.domain.errors import NotFound
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import AccountId, RunId, new_id, utc_now
from dialplane.domain.programs.commands import Converse, Conversed
from dialplane.services.calling.direct_calls import find_direct
from dialplane.services.programs.assistants import BUILT_IN, converse
from dialplane.services.programs.outside import RunOutside
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant

SALES, SUPPORT = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


async def make_ai(client: Client, **fields: str) -> dict[str, Any]:
    answer = await client.ask("POST", "/v1.0/ais", {"name": "desk", **fields})
    assert answer.status == 200, answer
    made: dict[str, Any] = answer.json
    return made


async def make_team(client: Client) -> Any:
    """Sales begin, and hand over to support."""
    sales, support = await make_ai(client), await make_ai(client, tts_voice_id="en-gb-male")
    members = [
        {
            "id": SALES,
            "name": "sales",
            "ai_id": sales["id"],
            "transitions": [{"function_name": "support", "description": "It is broken", "next_member_id": SUPPORT}],
        },
        {"id": SUPPORT, "name": "support", "ai_id": support["id"], "transitions": []},
    ]
    return await client.ask("POST", "/v1.0/teams", {"name": "house", "start_member_id": SALES, "members": members})


async def test_assistant_is_made_changed_listed_and_taken_away(client: Client) -> None:
    made = await make_ai(client, engine_model="openai.gpt-4o", init_prompt="You sell tea.")
    path = f"/v1.0/ais/{made['id']}"

    changed = await client.ask("PUT", path, {"name": "front desk"})
    listed = await client.ask("GET", "/v1.0/ais")
    deleted = await client.ask("DELETE", path)
    gone = await client.ask("GET", path)

    assert (made["name"], made["engine_model"], made["init_prompt"]) == ("desk", "openai.gpt-4o", "You sell tea.")
    assert changed.json == {**made, "name": "front desk", "tm_update": changed.json["tm_update"]}
    assert listed.json["result"] == [changed.json]
    assert (deleted.status, deleted.json["tm_delete"] is None) == (200, False)
    assert (gone.status, gone.reason) == (404, "AI_NOT_FOUND")


async def test_direct_hash_is_the_assistants_own_and_a_new_one_voids_the_old(
    client: Client, database: Database
) -> None:
    made, team = await make_ai(client), (await make_team(client)).json

    for path, shown in ((f"/v1.0/ais/{made['id']}", made), (f"/v1.0/teams/{team['id']}", team)):
        again = (await client.ask("POST", f"{path}/direct-hash-regenerate")).json
        async with database.reading() as tx:
            old = await find_direct(tx, shown["direct_hash"])
            new = await find_direct(tx, again["direct_hash"])

        assert shown["direct_hash"].startswith("direct.")
        assert (old, new and str(new.id)) == (None, shown["id"])


async def test_talk_is_kept_with_what_was_said_and_taken_away(
    client: Client, tenant: Tenant, database: Database
) -> None:
    now = utc_now()
    run = Run(RunId(new_id(now)), AccountId(tenant.id), RunStatus.RUNNING, ReferenceType.API, now)
    outside = RunOutside(database, web=None, now=utc_now, spawn=lambda work: None)  # type: ignore[arg-type]  # not asked
    await outside.carry_out(run, Converse("task", text="thanks", goes_on=True))
    (talk,) = (await client.ask("GET", "/v1.0/aicalls")).json["result"]
    path = f"/v1.0/aicalls/{talk['id']}"

    said = await client.ask("GET", f"/v1.0/aimessages?aicall_id={talk['id']}")
    going_on = await client.ask("DELETE", path)
    await outside.carry_out(run, Converse("end", conversation_id=UUID(talk["id"])))
    deleted = await client.ask("DELETE", path)

    assert [(each["role"], each["content"][:7]) for each in said.json["result"]] == [
        ("assistant", "You are"),
        ("user", "thanks"),
    ]
    assert (talk["status"], talk["activeflow_id"], talk["ai_engine_model"]) == (
        "progressing",
        str(run.id),
        "dialplane-rules",
    )
    assert (going_on.reason, deleted.json["status"]) == ("STATE_INVALID", "terminated")
    assert (await client.ask("GET", path)).reason == "AICALL_NOT_FOUND"
    message = f"/v1.0/aimessages/{said.json['result'][0]['id']}"
    assert (await client.ask("GET", message)).reason == "AIMESSAGE_NOT_FOUND"
    assert (await client.ask("GET", "/v1.0/aimessages")).status == 400


async def test_voice_that_there_is_not_is_refused_by_its_field(client: Client) -> None:
    answer = await client.ask("POST", "/v1.0/ais", {"name": "desk", "tts_voice_id": "nobody"})

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, "tts_voice_id")


async def test_team_names_assistants_that_there_are_and_members_of_its_own(client: Client) -> None:
    team = await make_team(client)
    body = {name: team.json[name] for name in ("name", "start_member_id", "members")}
    stranger = {**body["members"][1], "ai_id": str(new_id(utc_now()))}

    again = await client.ask("PUT", f"/v1.0/teams/{team.json['id']}", {**body, "name": "home"})
    no_start = await client.ask("POST", "/v1.0/teams", {**body, "start_member_id": stranger["ai_id"]})
    no_ai = await client.ask("POST", "/v1.0/teams", {**body, "members": [body["members"][0], stranger]})
    nowhere = await client.ask("POST", "/v1.0/teams", {**body, "members": body["members"][:1]})

    assert (team.status, again.status, again.json["name"]) == (200, 200, "home")
    refused = [each.json["error"]["details"][0]["field"] for each in (no_start, no_ai, nowhere)]
    assert refused == ["start_member_id", "members[1].ai_id", "members[0].transitions"]


async def test_member_hands_over_and_the_next_one_goes_on(client: Client, tenant: Tenant, database: Database) -> None:
    team = await make_team(client)
    asked = Converse("task", "team", UUID(team.json["id"]), text="I need support")

    answer = await ask(database, tenant, asked)
    later = await ask(
        database, tenant, Converse("task", "team", asked.assistance_id, text="Hi", member_id=UUID(SUPPORT))
    )

    assert (answer.member_id, answer.voice_id, answer.text) == (
        UUID(SUPPORT),
        "en-gb-male",
        "Hello. How can I help you?",
    )
    assert later.member_id == UUID(SUPPORT)


@pytest.mark.parametrize("kind", ["ai", "team"])
async def test_flow_that_names_nobody_we_know_fails(tenant: Tenant, database: Database, kind: str) -> None:
    with pytest.raises(NotFound):
        await ask(database, tenant, Converse("task", kind, new_id(utc_now()), text="Hi"))


async def ask(database: Database, tenant: Tenant, command: Converse) -> Conversed:
    return await converse(database, BUILT_IN, AccountId(tenant.id), command, utc_now())
