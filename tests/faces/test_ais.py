"""Assistants and teams over the API, and who of them answers a flow (VoIPBIN reference 6.10, 3.5: `ai_talk`)."""

from typing import Any
from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import NotFound
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import AccountId, RunId, TranscriptId, TranscriptionId, new_id, utc_now
from dialplane.domain.programs.commands import Converse, Conversed
from dialplane.domain.recording.transcriptions import (
    TranscribedThing,
    Transcript,
    Transcription,
    TranscriptionStatus,
)
from dialplane.services.calling.direct_calls import find_direct
from dialplane.services.programs.assistants import BUILT_IN, converse
from dialplane.services.programs.outside import RunOutside
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, NoWeb, Tenant
from tests.faces.recorded import called, recorded

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


async def test_prompts_of_an_assistant_are_remembered(client: Client) -> None:
    made = await make_ai(client, init_prompt="You sell tea.")
    path = f"/v1.0/ais/{made['id']}"
    await client.ask("PUT", path, {"name": "front desk"})
    await client.ask("PUT", path, {"init_prompt": "You sell coffee."})

    told = await client.ask("GET", f"{path}/prompt_histories")

    assert [(each["ai_id"], each["prompt"]) for each in told.json] == [
        (made["id"], "You sell coffee."),
        (made["id"], "You sell tea."),
    ]


async def test_summary_is_made_of_what_was_written_down_kept_and_taken_away(
    client: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    """Reference 6.10: of a recording, by its transcription."""
    call = await called(database, tenant.id)
    recording = await recorded(database, call)
    wish = {"reference_type": "recording", "reference_id": str(recording.id), "language": "en-US"}
    nothing = await client.ask("POST", "/v1.0/aisummaries", wish)
    await transcribed(database, tenant.id, recording.id, "We want more tea")

    made = await client.ask("POST", "/v1.0/aisummaries", wish)
    path = f"/v1.0/aisummaries/{made.json['id']}"
    listed = await client.ask("GET", "/v1.0/aisummaries")
    deleted = await client.ask("DELETE", path)
    async with database.reading() as tx:
        rows = await tx.connection.fetch("select type from events where type like 'summary%' order by id")

    assert (nothing.status, nothing.json["error"]["details"][0]["field"]) == (400, "reference_id")
    assert "We want more tea" in made.json["content"]
    assert (made.json["reference_type"], made.json["reference_id"], made.json["status"]) == (
        "recording",
        str(recording.id),
        "done",
    )
    assert listed.json["result"] == [made.json]
    assert deleted.json == {**made.json, "tm_delete": deleted.json["tm_delete"]}
    assert (await client.ask("GET", path)).reason == "SUMMARY_NOT_FOUND"
    assert [row["type"] for row in rows] == ["summary_created", "summary_deleted"]


async def test_summary_of_a_run_is_listed_as_the_runs(client: Client, tenant: Tenant, database: Database) -> None:
    run = Run(RunId(new_id(utc_now())), tenant.id, RunStatus.RUNNING, ReferenceType.API, utc_now())
    call = await called(database, tenant.id)
    outside = RunOutside(database, NoWeb(), utc_now, lambda work: work.close())

    told = await outside.carry_out(run, Converse("summary", reference_type="call", reference_id=call.id))

    assert isinstance(told, Conversed)
    [kept] = (await client.ask("GET", "/v1.0/aisummaries")).json["result"]
    assert (kept["id"], kept["activeflow_id"]) == (str(told.conversation_id), str(run.id))


async def transcribed(database: Database, account_id: AccountId, recording_id: UUID, text: str) -> None:
    now = utc_now()
    transcription = Transcription(
        TranscriptionId(new_id(now)), account_id, TranscribedThing.RECORDING, recording_id, now,
        status=TranscriptionStatus.DONE,
    )  # fmt: skip
    said = Transcript(TranscriptId(new_id(now)), account_id, transcription.id, "in", text, 0, 900, now)
    async with database.transaction() as tx:
        await tx.transcriptions.save(transcription)
        await tx.transcriptions.add_transcript(said)
