"""`/v1.0/recordings`, signed addresses, and for how long recordings are kept (VoIPBIN reference 6.2)."""

from datetime import timedelta
from pathlib import Path

import pytest

from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.ids import utc_now
from dialplane.domain.recording.recordings import Recording
from dialplane.services.recording.recording_links import LINK_LASTS, RecordingLinks
from dialplane.services.recording.recordings import delete_outlived, set_retention
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant
from tests.faces.recorded import called, recorded


@pytest.fixture
async def call(database: Database, tenant: Tenant) -> Call:
    return await called(database, tenant.id)


@pytest.fixture
async def recording(database: Database, call: Call, tmp_path: Path) -> Recording:
    return await recorded(database, call, tmp_path / "recordings")


async def test_recording_leaves_out_the_times_that_it_has_not(client: Client, database: Database, call: Call) -> None:
    ended, bare = await recorded(database, call), await recorded(database, call, started_at=None, ended_at=None)

    shown = (await client.ask("GET", f"/v1.0/recordings/{ended.id}")).json
    without = (await client.ask("GET", f"/v1.0/recordings/{bare.id}")).json

    assert shown["reference_type"] == "call"
    assert shown["reference_id"] == str(call.id)
    assert (shown["status"], shown["format"], shown["tm_start"]) == ("ended", "wav", "2026-03-01T12:00:00.000000Z")
    assert {"tm_start", "tm_end", "tm_delete"} & set(without) == set()


@pytest.mark.parametrize(("form", "media_type"), [("wav", "audio/wav"), ("mp3", "audio/mpeg")])
async def test_sound_is_at_a_signed_address(
    client: Client, anonymous: Client, recording: Recording, form: str, media_type: str
) -> None:
    answer = await client.ask("GET", f"/v1.0/recordingfiles/{recording.id}?format={form}")

    sound = await anonymous.ask("GET", answer.headers["Location"])
    assert (answer.status, sound.status, sound.headers["Content-Type"]) == (307, 200, media_type)


async def test_address_that_was_changed_or_is_too_old_is_refused(
    client: Client, anonymous: Client, recording: Recording
) -> None:
    good = (await client.ask("GET", f"/v1.0/recordingfiles/{recording.id}")).headers["Location"]
    old, signature = RecordingLinks(b"secret of the tests").sign(recording.id, "wav", utc_now() - LINK_LASTS)
    late = f"/recordings/{recording.id}.wav?expires={old}&signature={signature}"
    changed = [
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good.replace("expires=1", "expires=2"),
        good.replace(".wav", ".mp3"),
    ]

    for path, reason in [(late, "LINK_EXPIRED"), *((each, "SIGNATURE_INVALID") for each in changed)]:
        answer = await anonymous.ask("GET", path)
        assert (answer.status, answer.reason) == (403, reason), path
    assert (await anonymous.ask("GET", good.partition("?")[0])).status == 400
    assert (await anonymous.ask("GET", good.replace(".wav", ".mp4"))).status == 404
    assert (await anonymous.ask("GET", f"/recordings/none.wav{good[good.index('?') :]}")).status == 404


async def test_orders_to_record_are_refused_as_the_call_stands(
    client: Client, database: Database, tenant: Tenant, call: Call
) -> None:
    live = await called(database, tenant.id, status=CallStatus.PROGRESSING, ended_at=None)
    path = f"/v1.0/calls/{live.id}/recording"
    wish = {"format": "wav", "end_of_silence": 0, "end_of_key": "none", "duration": 0}

    over = await client.ask("POST", f"/v1.0/calls/{call.id}/recording_start", wish)
    none = await client.ask("POST", f"{path}_stop")
    flow = await client.ask("POST", f"{path}_start", {**wish, "on_end_flow_id": str(live.id)})
    begun = await client.ask("POST", f"{path}_start", wish)
    twice = await client.ask("POST", f"{path}_start", wish)
    stopped = await client.ask("POST", f"{path}_stop")

    assert (over.status, over.reason) == (409, "CALL_ALREADY_HANGUP")
    assert (none.status, none.reason) == (409, "RECORDING_NOT_ACTIVE")
    assert (flow.status, flow.reason) == (404, "FLOW_NOT_FOUND")
    assert (begun.status, begun.json["id"]) == (200, str(live.id))
    assert (twice.status, twice.reason) == (409, "RECORDING_ALREADY_ACTIVE")
    assert stopped.status == 200


async def test_recordings_are_kept_for_as_long_as_their_account_says(
    client: Client, database: Database, call: Call, other_tenant: Tenant, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    now = utc_now()
    old = await recorded(database, call, folder, at=now - timedelta(days=8))
    young = await recorded(database, call, folder, at=now - timedelta(days=6))
    others = await recorded(database, await called(database, other_tenant.id), folder, at=now - timedelta(days=8))
    sounds = RecordedSounds(folder)
    assert await delete_outlived(database, sounds, now) == 0

    assert (await client.ask("PUT", "/v1.0/recording_retention", {"days": 7})).json == {"days": 7}
    await set_retention(database, None, 30)

    assert await delete_outlived(database, sounds, now) == 1
    assert (await client.ask("GET", "/v1.0/recording_retention")).json == {"days": 7}
    assert [(folder / each.path).is_file() for each in (old, young, others)] == [False, True, True]
    assert (await client.ask("GET", f"/v1.0/recordings/{old.id}")).status == 404
    await set_retention(database, None, 7)
    assert await delete_outlived(database, sounds, now) == 1
    assert (await client.ask("PUT", "/v1.0/recording_retention", {"days": 0})).status == 400


async def test_operator_says_for_how_long_recordings_of_all_are_kept(operator: Client) -> None:
    assert (await operator.ask("PUT", "/recording_retention", {"days": 30})).json == {"days": 30}
    assert (await operator.ask("GET", "/recording_retention")).json == {"days": 30}
    assert (await operator.ask("PUT", "/recording_retention", {"days": None})).json == {"days": None}
    assert (await operator.ask("PUT", "/recording_retention", {"days": 0})).status == 400
