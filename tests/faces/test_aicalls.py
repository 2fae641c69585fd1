"""Talks with assistants that the API begins and steers, and what is asked of assistants afterwards (reference 6.10)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import RunId, new_id, utc_now
from dialplane.domain.programs.commands import Command, Converse, Conversed, Digits, Done, Gather, Result, Say
from dialplane.services.eventing.events import publish
from dialplane.services.programs.aicalls import end_left_talks
from dialplane.services.programs.outside import RunOutside
from dialplane.services.programs.runs import create_runs
from dialplane.services.shapes.calls import call_shape
from dialplane.voice.assistants import talk
from tests.faces.conftest import Client, NoWeb, Tenant
from tests.faces.recorded import called
from tests.faces.test_storage import upload

GUIDE = """We are open from nine to five, Monday to Friday.

Parcels are sent back within thirty days, with the receipt, to the address on the label.

The workshop repairs bicycles and scooters; a repair takes a week."""


async def begin(client: Client, **wish: object) -> dict[str, Any]:
    answer = await client.ask("POST", "/v1.0/aicalls", wish)
    assert answer.status == 200, answer
    made: dict[str, Any] = answer.json
    return made


async def say(client: Client, aicall: dict[str, Any], content: str) -> Any:
    return await client.ask("POST", "/v1.0/aimessages", {"aicall_id": aicall["id"], "content": content})


async def said(client: Client, aicall: dict[str, Any]) -> list[tuple[str, str]]:
    found = (await client.ask("GET", f"/v1.0/aimessages?aicall_id={aicall['id']}")).json["result"]
    return [(each["role"], each["content"]) for each in reversed(found)]


async def statuses(database: PostgresDatabase) -> list[str]:
    async with database.reading() as tx:
        rows = await tx.connection.fetch(
            "select type from events where type like 'aicall_status_%' order by resource_seq"
        )
    return [row["type"].removeprefix("aicall_status_") for row in rows]


async def test_talk_in_writing_is_greeted_answered_paused_and_ended(client: Client, database: PostgresDatabase) -> None:
    aicall = await begin(client)
    path = f"/v1.0/aicalls/{aicall['id']}"
    first = await say(client, aicall, "thanks")
    paused = await client.ask("POST", f"{path}/pause")
    refused = await say(client, aicall, "hello?")
    resumed = await client.ask("POST", f"{path}/resume")
    await say(client, aicall, "bye")
    over = await client.ask("GET", path)
    late = await say(client, aicall, "one more")

    assert (aicall["status"], aicall["reference_type"]) == ("progressing", "")
    assert (first.json["role"], first.json["content"]) == ("user", "thanks")
    assert (paused.json["status"], refused.status, refused.reason) == ("pausing", 409, "STATE_INVALID")
    assert (resumed.json["status"], over.json["status"]) == ("progressing", "terminated")
    assert (late.status, late.reason) == (409, "STATE_INVALID")
    assert await said(client, aicall) == [
        ("assistant", "Hello. How can I help you?"),
        ("user", "thanks"),
        ("assistant", "You are welcome. Is there anything else?"),
        ("user", "bye"),
        ("assistant", "Goodbye."),
    ]
    assert await statuses(database) == [
        "initializing", "progressing", "pausing", "resuming", "progressing", "terminated",
    ]  # fmt: skip


async def test_talk_is_terminated_by_order_once(client: Client, database: PostgresDatabase) -> None:
    aicall = await begin(client)
    ended = await client.ask("POST", f"/v1.0/aicalls/{aicall['id']}/terminate")
    again = await client.ask("POST", f"/v1.0/aicalls/{aicall['id']}/terminate")

    assert (ended.json["status"], again.json) == ("terminated", ended.json)
    assert await statuses(database) == ["initializing", "progressing", "terminating", "terminated"]


async def test_talk_that_names_nothing_is_refused(client: Client, tenant: Tenant, database: PostgresDatabase) -> None:
    over = await called(database, tenant.id)
    cases: list[tuple[dict[str, object], int, str]] = [
        ({"assistance_type": "ai", "assistance_id": str(uuid4())}, 404, "AI_NOT_FOUND"),
        ({"assistance_type": "team", "assistance_id": str(uuid4())}, 404, "TEAM_NOT_FOUND"),
        ({"reference_type": "call", "reference_id": str(uuid4())}, 404, "CALL_NOT_FOUND"),
        ({"reference_type": "call", "reference_id": str(over.id)}, 409, "CALL_ALREADY_HANGUP"),
        ({"reference_type": "call"}, 400, "INVALID_ARGUMENT"),
    ]
    for wish, status, reason in cases:
        answer = await client.ask("POST", "/v1.0/aicalls", wish)
        assert (answer.status, answer.reason) == (status, reason), wish
    for kind, instead in (("conference", "the call of a member"), ("conversation", "ai_talk")):
        refused = await client.ask("POST", "/v1.0/aicalls", {"reference_type": kind, "reference_id": str(uuid4())})
        assert (refused.status, refused.json["error"]["details"]) == (400, [{"field": "reference_type"}])
        assert instead in refused.json["error"]["message"]
    assert (await client.ask("GET", "/v1.0/aicalls")).json["result"] == []
    assert await statuses(database) == []


async def live_call(database: PostgresDatabase, tenant: Tenant) -> tuple[UUID, Run]:
    """A call that goes on, and its run."""
    now = utc_now()
    call = await called(database, tenant.id, at=now, status=CallStatus.PROGRESSING, ended_at=None)
    run = Run(RunId(new_id(now)), tenant.id, RunStatus.RUNNING, ReferenceType.CALL, now, reference_id=call.id)
    async with database.transaction() as tx:
        await create_runs(tx, run)
    return call.id, run


class Party:
    """Carries out what a talk wants of a call: hears everything, and presses keys; before each, `beside` happens."""

    def __init__(
        self, outside: RunOutside, run: Run, keys: Sequence[str], beside: Callable[[], Awaitable[object]]
    ) -> None:
        self._outside, self._run, self._keys, self._beside = outside, run, list(keys), beside
        self.heard: list[str] = []

    async def carry_out(self, command: Command) -> Result:
        match command:
            case Say(text=text):
                self.heard.append(text)
                return Done()
            case Gather():
                await self._beside()
                return Digits(self._keys.pop(0) if self._keys else "", "timeout")
            case _:
                return await self._outside.carry_out(self._run, command)


async def test_talk_on_a_call_takes_the_place_of_its_program_and_hears_what_is_written(
    client: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    call_id, run = await live_call(database, tenant)
    aicall = await begin(client, reference_type="call", reference_id=str(call_id))
    early = await say(client, aicall, "hello?")
    async with database.reading() as tx:
        [order] = await tx.connection.fetch("select kind, payload from node_commands where call_id = $1", call_id)
    (action,) = order["payload"]["source"]["actions"]
    option = action["option"]
    outside = RunOutside(database, NoWeb(), utc_now, lambda work: None)
    party = Party(outside, run, ["1#"], lambda: say(client, aicall, "thanks"))

    result = await talk(party.carry_out, Converse("talk", conversation_id=UUID(option["aicall_id"]), goes_on=True))
    over = (await client.ask("GET", f"/v1.0/aicalls/{aicall['id']}")).json

    assert (aicall["status"], early.status, early.reason) == ("initiating", 409, "STATE_INVALID")
    assert (order["kind"], action["type"], option["aicall_id"]) == ("redirect", "ai_talk", aicall["id"])
    assert isinstance(result, Conversed)
    assert party.heard[:2] == ["Hello. How can I help you?", "You said: 1"]
    assert (over["status"], over["activeflow_id"]) == ("terminated", str(run.id))
    async with database.reading() as tx:
        spoken = await tx.connection.fetch("select payload from node_commands where kind = 'talk'")
    assert [order["payload"]["text"][:15] for order in spoken] == ["You are welcome"] * len(spoken)
    assert (await said(client, aicall))[:5] == [
        ("assistant", "Hello. How can I help you?"), ("user", "thanks"),
        ("assistant", "You are welcome. Is there anything else?"), ("user", "1"), ("assistant", "You said: 1"),
    ]  # fmt: skip
    assert await statuses(database) == ["initializing", "progressing", "terminated"]


async def test_talk_on_a_call_that_ends_before_it_begins_is_ended_too(
    client: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    call_id, _ = await live_call(database, tenant)
    aicall = await begin(client, reference_type="call", reference_id=str(call_id))
    await end_left_talks(database, utc_now())
    waiting = (await client.ask("GET", f"/v1.0/aicalls/{aicall['id']}")).json["status"]
    async with database.transaction() as tx:
        await tx.connection.execute("update calls set status = 'hangup' where id = $1", call_id)
    await end_left_talks(database, utc_now())

    assert waiting == "initiating"
    assert (await client.ask("GET", f"/v1.0/aicalls/{aicall['id']}")).json["status"] == "terminated"


async def test_paused_assistant_says_nothing_on_the_call_until_it_is_resumed(
    client: Client, tenant: Tenant, database: PostgresDatabase
) -> None:
    _, run = await live_call(database, tenant)
    outside = RunOutside(database, NoWeb(), utc_now, lambda work: None)
    opened = await outside.carry_out(run, Converse("task", goes_on=True))
    assert isinstance(opened, Conversed)
    path = f"/v1.0/aicalls/{opened.conversation_id}"
    turn = Converse("task", conversation_id=opened.conversation_id, turns=(("user", "thanks"),), goes_on=True)

    await client.ask("POST", f"{path}/pause")
    paused = await outside.carry_out(run, turn)
    resumed = (await client.ask("POST", f"{path}/resume")).json["status"]
    answered = await outside.carry_out(run, turn)
    terminating = (await client.ask("POST", f"{path}/terminate")).json["status"]
    last = await outside.carry_out(run, turn)

    assert isinstance(paused, Conversed)
    assert isinstance(answered, Conversed)
    assert isinstance(last, Conversed)
    assert (paused.text, paused.is_over, resumed) == ("", False, "resuming")
    assert answered.text.startswith("You are welcome")
    assert (terminating, last.text, last.is_over) == ("terminating", "", True)
    assert (await client.ask("GET", path)).json["status"] == "terminated"


async def make_rag(client: Client) -> dict[str, Any]:
    file = (await upload(client, GUIDE.encode(), type="rag")).json["id"]
    answer = await client.ask("POST", "/v1.0/rags", {"name": "guide", "storage_file_ids": [file]})
    assert answer.status == 200, answer
    made: dict[str, Any] = answer.json
    return made


async def test_assistant_that_names_a_rag_answers_from_its_files(client: Client) -> None:
    rag = await make_rag(client)
    ai = (await client.ask("POST", "/v1.0/ais", {"name": "desk", "rag_id": rag["id"]})).json
    aicall = await begin(client, assistance_type="ai", assistance_id=ai["id"])
    await say(client, aicall, "How long does the repair of a scooter take?")
    found = (await client.ask("GET", f"/v1.0/rags/{rag['id']}/search?question=parcels+receipt")).json["result"]
    freed = await client.ask("PUT", f"/v1.0/ais/{ai['id']}", {"rag_id": "00000000-0000-0000-0000-000000000000"})
    await client.ask("DELETE", f"/v1.0/rags/{rag['id']}")
    await say(client, aicall, "And of a bicycle?")

    answers = [text for who, text in await said(client, aicall) if who == "assistant"]
    assert (ai["rag_id"], freed.json["rag_id"]) == (rag["id"], "00000000-0000-0000-0000-000000000000")
    assert "a repair takes a week" in answers[1]
    assert answers[2] == "You said: And of a bicycle?"
    assert found[0]["text"].startswith("We are open")  # short paragraphs stay together in a passage
    assert (await client.ask("GET", f"/v1.0/rags/{rag['id']}")).reason == "RAG_NOT_FOUND"


async def test_rag_takes_plain_text_only_and_reads_its_files_anew(client: Client) -> None:
    picture = (await upload(client, b"\x89PNG\x00\xff", name="a.png", type="rag")).json["id"]
    refused = await client.ask("POST", "/v1.0/rags", {"name": "g", "storage_file_ids": [picture]})
    unknown = await client.ask("POST", "/v1.0/rags", {"name": "g", "storage_file_ids": [str(uuid4())]})
    rag = await make_rag(client)
    path = f"/v1.0/rags/{rag['id']}"
    emptied = await client.ask("PUT", path, {"storage_file_ids": []})
    lost = await client.ask("POST", "/v1.0/ais", {"name": "desk", "rag_id": str(uuid4())})

    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (400, "storage_file_ids")
    assert (unknown.status, unknown.reason) == (404, "FILE_NOT_FOUND")
    assert emptied.json["storage_file_ids"] == []
    assert (await client.ask("GET", f"{path}/search?question=parcels")).json == {"result": []}
    assert (lost.status, lost.reason) == (404, "RAG_NOT_FOUND")


async def finished(client: Client, path: str, body: dict[str, object]) -> dict[str, Any]:
    """A review is made before its connection is used again."""
    ordered = await client.ask("POST", path, body)
    assert (ordered.status, ordered.json["status"]) == (202, "progressing"), ordered
    while (made := (await client.ask("GET", f"{path}/{ordered.json['id']}")).json)["status"] == "progressing":
        pass
    found: dict[str, Any] = made
    return found


async def test_talk_is_audited_and_a_better_prompt_proposed(client: Client) -> None:
    ai = (await client.ask("POST", "/v1.0/ais", {"name": "desk", "init_prompt": "You sell tea."})).json
    good = await begin(client, assistance_type="ai", assistance_id=ai["id"])
    await say(client, good, "bye")
    poor = await begin(client, assistance_type="ai", assistance_id=ai["id"])
    for question in ("Have you green tea?", "Have you green tea?"):
        await say(client, poor, question)

    best = await finished(client, "/v1.0/aiaudits", {"aicall_id": good["id"]})
    worst = await finished(client, "/v1.0/aiaudits", {"aicall_id": poor["id"]})
    proposal = await finished(client, "/v1.0/aipromptproposals", {"ai_id": ai["id"]})
    listed = (await client.ask("GET", "/v1.0/aiaudits")).json["result"]
    foreign = await client.ask("GET", f"/v1.0/aiaudits/{proposal['id']}")
    unknown = await client.ask("POST", "/v1.0/aiaudits", {"aicall_id": str(uuid4())})
    deleted = await client.ask("DELETE", f"/v1.0/aiaudits/{best['id']}")

    assert (best["status"], best["score"], best["reference_type"]) == ("done", 100, "aicall")
    assert worst["score"] == 100 - 40 - 10 - 10  # two answers repeat the question, one comes twice, no leave taken
    assert "2 answers only repeat the question" in worst["content"]
    assert proposal["content"] == "You sell tea.\nHave an answer ready for: Have you green tea?"
    assert listed == [worst, best]
    assert (foreign.status, unknown.reason, deleted.status) == (404, "AICALL_NOT_FOUND", 200)


async def test_timeline_of_a_call_is_analysed(client: Client, tenant: Tenant, database: PostgresDatabase) -> None:
    call = await called(database, tenant.id)
    async with database.transaction() as tx:
        await publish(tx, Event(tenant.id, "call_hangup", call.id, call_shape(call), call.created_at))
    made = await finished(client, "/v1.0/timeline-analyses", {"call_id": str(call.id)})
    unknown = await client.ask("POST", "/v1.0/timeline-analyses", {"call_id": str(uuid4())})

    assert (made["status"], made["reference_type"], made["reference_id"]) == ("done", "call", str(call.id))
    assert "event call_hangup" in made["content"]
    assert (unknown.status, unknown.reason) == (404, "CALL_NOT_FOUND")
