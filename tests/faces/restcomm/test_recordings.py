"""`Recordings` in both dialects (reference 4.5): shapes, filters, sound, deletion."""

import io
from datetime import timedelta
from pathlib import Path

import av
import pytest

from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.ids import AccountId, to_sid
from dialplane.domain.recording.recordings import Recording, RecordingStatus
from dialplane.services.transaction import Database
from tests.faces.conftest import Tenant
from tests.faces.recorded import WHEN, called, recorded
from tests.faces.restcomm.conftest import FormClient


@pytest.fixture
async def call(database: Database, tenant: Tenant) -> Call:
    return await called(database, tenant.id)


@pytest.fixture
async def recording(database: Database, call: Call, tmp_path: Path) -> Recording:
    return await recorded(database, call, tmp_path / "recordings")


def below(client: FormClient, recording: Recording) -> str:
    return f"{client.base}/Accounts/{client.sid}/Recordings/{to_sid('RE', recording.id)}"


async def test_recording_shows_every_member_as_twilio_has_it(twilio: FormClient, recording: Recording) -> None:
    answer = await twilio.ask("GET", f"{below(twilio, recording)}.json")

    sid, path = to_sid("RE", recording.id), below(twilio, recording)
    assert recording.call_id is not None
    assert answer.json == {
        "sid": sid,
        "date_created": "Sun, 01 Mar 2026 12:00:00 +0000",
        "date_updated": "Sun, 01 Mar 2026 12:00:00 +0000",
        "account_sid": twilio.sid,
        "call_sid": to_sid("CA", recording.call_id),
        "duration": "2",
        "api_version": "2010-04-01",
        "uri": f"{path}.json",
        "start_time": "Sun, 01 Mar 2026 12:00:00 +0000",
        "conference_sid": None,
        "status": "completed",
        "channels": 1,
        "source": "RecordVerb",
        "error_code": None,
        "price": None,
        "price_unit": "USD",
        "media_url": twilio.server + path,
        "encryption_details": None,
        "subresource_uris": {
            "add_on_results": f"{path}/AddOnResults.json",
            "transcriptions": f"{path}/Transcriptions.json",
        },
    }


async def test_recording_that_holds_nothing_is_absent(twilio: FormClient, database: Database, call: Call) -> None:
    silent = await recorded(database, call, duration_ms=0)

    shown = (await twilio.ask("GET", f"{below(twilio, silent)}.json")).json

    assert (shown["status"], shown["duration"]) == ("absent", "0")


async def test_recording_shows_what_restcomm_documents(restcomm: FormClient, recording: Recording) -> None:
    answer = await restcomm.ask("GET", f"{below(restcomm, recording)}.json")
    xml = await restcomm.ask("GET", below(restcomm, recording))

    assert recording.call_id is not None
    assert answer.json == {
        "sid": to_sid("RE", recording.id),
        "date_created": "Sun, 1 Mar 2026 12:00:00 +0000",
        "date_updated": "Sun, 1 Mar 2026 12:00:00 +0000",
        "account_sid": restcomm.sid,
        "call_sid": to_sid("CA", recording.call_id),
        "duration": "1.5",
        "api_version": "2012-04-24",
        "uri": f"{below(restcomm, recording)}.json",
        "file_uri": f"{restcomm.server}{below(restcomm, recording)}.wav",
    }
    assert b"<RestcommResponse><Recording><Sid>RE" in xml.raw
    assert b"<Duration>1.5</Duration>" in xml.raw


async def test_lists_have_the_shapes_of_their_dialects(
    restcomm: FormClient, twilio: FormClient, call: Call, recording: Recording
) -> None:
    sid, call_sid = to_sid("RE", recording.id), to_sid("CA", call.id)

    all_of_restcomm = (await restcomm.ask("GET", "Recordings.json")).json
    of_call = (await restcomm.ask("GET", f"Calls/{call_sid}/Recordings.json")).json
    all_of_twilio = (await twilio.ask("GET", "Recordings.json")).json
    of_twilios_call = (await twilio.ask("GET", f"Calls/{call_sid}/Recordings.json")).json

    assert [each["sid"] for each in all_of_restcomm["recordings"]] == [sid]
    assert (all_of_restcomm["total"], all_of_restcomm["start"], all_of_restcomm["end"]) == (1, "0", "1")
    assert [each["sid"] for each in of_call] == [sid]
    assert [each["sid"] for each in all_of_twilio["recordings"]] == [sid]
    assert "total" not in all_of_twilio
    assert of_twilios_call["recordings"][0]["track"] == "both"


async def test_lists_are_filtered_and_sorted(
    restcomm: FormClient, twilio: FormClient, database: Database, tenant: Tenant
) -> None:
    calls = [await called(database, tenant.id, at=WHEN + timedelta(days=day)) for day in range(3)]
    kept = [
        await recorded(database, call, at=call.created_at, duration_ms=duration)
        for call, duration in zip(calls, (300, 100, 200), strict=True)
    ]
    sids = [to_sid("RE", each.id) for each in kept]

    async def found(client: FormClient, query: str) -> list[int]:
        answer = await client.ask("GET", f"Recordings.json?{query}")
        return [sids.index(each["sid"]) for each in answer.json["recordings"]]

    assert await found(restcomm, "") == [2, 1, 0]
    assert await found(restcomm, "StartTime=2026-03-02") == [2, 1]
    assert await found(restcomm, "StartTime=2026-03-02&EndTime=2026-03-02") == [1]
    assert await found(restcomm, f"CallSid={to_sid('CA', calls[0].id)}") == [0]
    assert await found(restcomm, "SortBy=Duration:asc") == [1, 2, 0]
    assert await found(restcomm, "SortBy=datecreated:ASC") == [0, 1, 2]
    assert await found(twilio, "DateCreated=2026-03-02") == [1]
    assert await found(twilio, "DateCreated>=2026-03-02") == [2, 1]
    assert await found(twilio, "DateCreated<=2026-03-02") == [1, 0]
    assert await found(twilio, "ConferenceSid=CF" + "0" * 32) == []


@pytest.mark.parametrize("query", ["StartTime=yesterday", "SortBy=Colour", "SortBy=Duration:up", "CallSid=CA1"])
async def test_bad_filter_is_refused_and_named(restcomm: FormClient, query: str) -> None:
    answer = await restcomm.ask("GET", f"Recordings.json?{query}")

    assert answer.status == 400
    assert query.partition("=")[0] in answer.json["message"]


async def test_pages_lead_on_without_a_gap(twilio: FormClient, database: Database, call: Call) -> None:
    kept = [await recorded(database, call, at=WHEN + timedelta(seconds=second)) for second in range(5)]
    path, seen = f"{twilio.base}/Accounts/{twilio.sid}/Recordings.json?PageSize=2", []

    while path:
        page = (await twilio.ask("GET", path)).json
        seen += [each["sid"] for each in page["recordings"]]
        path = page["next_page_uri"]

    assert seen == [to_sid("RE", each.id) for each in reversed(kept)]


async def test_sound_is_had_without_credentials(restcomm: FormClient, twilio: FormClient, recording: Recording) -> None:
    """Reference 1.2 and 4.5: by the file's name, and on Twilio's base without one."""
    session, server = restcomm.session, restcomm.server
    for path in (f"{below(restcomm, recording)}.wav", f"{below(twilio, recording)}.wav", below(twilio, recording)):
        async with session.get(server + path) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/wav")
            assert (await answer.read())[:4] == b"RIFF"
    async with session.get(f"{server}{below(twilio, recording)}.mp3") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/mpeg")
        with av.open(io.BytesIO(await answer.read()), "r") as sound:
            assert 1_400_000 < (sound.duration or 0) < 1_800_000  # in microseconds


async def test_unknown_sound_is_not_found_by_anybody(restcomm: FormClient, recording: Recording) -> None:
    """Reference 1.2: even with bad credentials."""
    unknown = f"{restcomm.base}/Accounts/{restcomm.sid}/Recordings/RE{'0' * 32}"
    paths = (f"{unknown}.wav", f"{unknown}.mp4", f"{below(restcomm, recording)}.mp4", f"{unknown[:-1]}.wav")

    for path in paths:
        async with restcomm.session.get(restcomm.server + path, headers={"Authorization": "Basic bad"}) as answer:
            assert answer.status == 404
    async with restcomm.session.get(f"{restcomm.server}{below(restcomm, recording)}.json") as answer:
        assert answer.status == 401


async def test_deleted_recording_leaves_nothing(
    restcomm: FormClient, twilio: FormClient, recording: Recording, tmp_path: Path
) -> None:
    await twilio.ask("GET", f"{below(twilio, recording)}.mp3")
    answer = await twilio.ask("DELETE", f"{below(twilio, recording)}.json")

    assert answer.status == 204
    assert [path for path in (tmp_path / "recordings").rglob("*") if path.is_file()] == []
    assert (await twilio.ask("GET", f"{below(twilio, recording)}.json")).status == 404
    assert (await restcomm.ask("DELETE", f"{below(restcomm, recording)}.json")).status == 404


async def test_recording_that_goes_on_cannot_be_deleted(restcomm: FormClient, database: Database, call: Call) -> None:
    live = await recorded(database, call, status=RecordingStatus.RECORDING)

    assert (await restcomm.ask("DELETE", f"{below(restcomm, live)}.json")).status == 409


async def test_recording_of_another_account_is_not_found(
    twilio: FormClient, database: Database, other_tenant: Tenant, tmp_path: Path
) -> None:
    foreign = await recorded(database, await called(database, AccountId(other_tenant.id)), tmp_path / "recordings")

    assert (await twilio.ask("GET", f"{below(twilio, foreign)}.json")).status == 404
    assert (await twilio.ask("GET", f"{below(twilio, foreign)}.wav")).status == 404
    assert (await twilio.ask("DELETE", f"{below(twilio, foreign)}.json")).status == 404


async def test_order_to_record_is_refused_as_the_call_stands(
    twilio: FormClient, restcomm: FormClient, database: Database, tenant: Tenant, call: Call
) -> None:
    ringing = await called(database, tenant.id, status=CallStatus.RINGING, progressing_at=None, ended_at=None)
    path = f"Calls/{to_sid('CA', call.id)}/Recordings"

    over = await twilio.ask("POST", f"{path}.json", {})
    early = await twilio.ask("POST", f"Calls/{to_sid('CA', ringing.id)}/Recordings.json", {})
    unknown = await twilio.ask("POST", f"Calls/CA{'0' * 32}/Recordings.json", {})
    bad = await twilio.ask("POST", f"{path}.json", {"RecordingChannels": "five"})

    assert (over.status, over.json["code"]) == (400, 21220)
    assert (early.status, early.json["code"]) == (400, 21220)
    assert (unknown.status, unknown.json["code"]) == (404, 20404)
    assert (bad.status, "RecordingChannels" in bad.json["message"]) == (400, True)
    assert (await restcomm.ask("POST", f"{path}.json", {})).status == 405


async def test_ordered_recording_is_shown_and_changed(twilio: FormClient, database: Database, tenant: Tenant) -> None:
    live = await called(database, tenant.id, status=CallStatus.PROGRESSING, ended_at=None)
    path = f"Calls/{to_sid('CA', live.id)}/Recordings"

    begun = await twilio.ask(
        "POST", f"{path}.json", {"RecordingChannels": "dual", "RecordingStatusCallback": "http://example.org/done"}
    )
    again = await twilio.ask("POST", f"{path}.json", {})
    paused = await twilio.ask("POST", f"{path}/Twilio.CURRENT.json", {"Status": "paused"})
    stopped = await twilio.ask("POST", f"{path}/{begun.json['sid']}.json", {"Status": "stopped"})
    odd = await twilio.ask("POST", f"{path}/{begun.json['sid']}.json", {"Status": "burnt"})

    assert (begun.status, begun.json["status"], begun.json["channels"]) == (201, "in-progress", 2)
    assert (begun.json["duration"], begun.json["source"]) == ("-1", "StartCallRecordingAPI")
    assert (again.status, again.json["code"]) == (400, 21220)
    assert (paused.status, paused.json["status"]) == (200, "paused")
    assert (stopped.json["status"], odd.status) == ("stopped", 400)
    async with database.reading() as tx:
        orders = await tx.calls.take_commands("nobody", limit=10)
    assert [order.kind for order in orders] == ["recording_start", "recording_pause", "recording_stop"]
