"""Recordings that are ordered of live calls: begun, paused, stopped, charged, told of; and what a dead process left."""

import asyncio
from pathlib import Path
from typing import Any

import av
import pytest

from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.errors import Conflict, InsufficientBalance
from dialplane.domain.ids import NIL_TEXT, utc_now
from dialplane.domain.programs.commands import StartRecording
from dialplane.domain.programs.sources import TWILIO_VERSION, StatusCallback
from dialplane.domain.recording.recordings import Recording, RecordingStatus
from dialplane.services.calling.call_orders import complete_call
from dialplane.services.recording.recording_life import (
    RecordingOrder,
    begin_recording,
    change_recording,
    end_recording,
    fail_unheeded,
    order_recording,
    reserve_more,
)
from dialplane.services.recording.recordings import get_recording, recording_prices
from dialplane.services.shapes.calls import call_shape
from dialplane.voice.recording.recordings import Recordings
from tests.effort import PATIENCE_S
from tests.faces.recorded import called, recorded
from tests.voice.platform import NODE, VoiceNode

NUMBER = "+12025550143"
WAITS: tuple[dict[str, object], ...] = ({"type": "answer"}, {"type": "sleep", "option": {"duration": 20_000}})
OVER = (RecordingStatus.ENDED, RecordingStatus.FAILED)
LIVE: dict[str, Any] = {"status": CallStatus.PROGRESSING, "ended_at": None}


async def talking(node: VoiceNode) -> Call:
    async with asyncio.timeout(PATIENCE_S):
        while not (calls := await node.calls()) or calls[0].status is not CallStatus.PROGRESSING:
            await asyncio.sleep(0.02)
    return calls[0]


async def once(node: VoiceNode, recording: Recording, *statuses: RecordingStatus) -> Recording:
    """The recording, when it stands so."""
    async with asyncio.timeout(PATIENCE_S):
        while (found := await get_recording(node.database, node.account_id, recording.id)).status not in statuses:
            await asyncio.sleep(0.02)
    return found


async def named(node: VoiceNode, recording_id: str) -> None:
    """Wait until the call names this recording."""
    async with asyncio.timeout(PATIENCE_S):
        while call_shape((await node.calls())[0])["recording_id"] != recording_id:
            await asyncio.sleep(0.02)


async def told(node: VoiceNode) -> list[dict[str, str]]:
    """The forms of the status callbacks."""
    async with node.database.transaction() as tx:
        rows = await tx.connection.fetch(
            "select data from events where account_id = $1 and type = 'status_callback' order by resource_seq",
            node.account_id,
        )
    return [dict(row["data"]["form"]) for row in rows]


async def test_live_call_is_recorded_paused_and_stopped_by_order(node: VoiceNode) -> None:
    await node.number(NUMBER, *WAITS)
    events = frozenset({"in-progress", "completed"})
    callback = StatusCallback("http://example.org/r", events=events, api_version=TWILIO_VERSION)
    wish = StartRecording(channels=2, status=callback)
    async with node.phone() as phone:
        ringing = await node.ring(phone, NUMBER)
        call = await talking(node)
        _, ordered = await order_recording(node.database, node.account_id, call.id, wish, utc_now())
        begun = await once(node, ordered, RecordingStatus.RECORDING)
        await ringing.play(await node.prompts.say("Please keep this.", language="en-US", gender="", voice_id=""))
        await change_recording(node.database, node.account_id, RecordingOrder("pause", call.id), utc_now())
        await change_recording(node.database, node.account_id, RecordingOrder("resume", call.id, begun.id), utc_now())
        await change_recording(node.database, node.account_id, RecordingOrder("stop", call.id), utc_now())
        with pytest.raises(Conflict):  # whether it has ended by now or is about to
            await change_recording(node.database, node.account_id, RecordingOrder("pause", call.id), utc_now())
        ended = await once(node, ordered, RecordingStatus.ENDED)
        await complete_call(node.database, node.account_id, call.id, utc_now())
        await ringing.ended.wait()

    prices = await recording_prices(node.database, [ended])
    with av.open(str(node.recordings / ended.path)) as file:
        assert file.streams.audio[0].channels == 2
    assert (ended.ended_by, ended.channels, ended.node) == ("stopped", 2, NODE)
    assert ended.duration_ms > 500
    assert ended.size_bytes == (node.recordings / ended.path).stat().st_size
    assert prices == {ended.id: 30_000}
    assert (await node.ended_call()).recording_ids == (ended.id,)
    assert [each for each in await node.events() if each.startswith("recording")] == [
        "recording_started",
        "recording_finished",
    ]
    first, second = await told(node)
    assert (first["RecordingStatus"], second["RecordingStatus"]) == ("in-progress", "completed")
    assert second["RecordingUrl"].endswith(f"/2010-04-01/Accounts/AC{node.account_id.hex}/Recordings/RE{ended.id.hex}")
    assert second["RecordingDuration"] == str(ended.duration_s)


async def test_key_by_sip_info_ends_a_recording_as_one_in_the_audio_does(node: VoiceNode) -> None:
    """Restcomm reference 5.5: keys come by RFC 4733 and by INFO."""
    start = {"type": "recording_start", "option": {"format": "wav", "end_of_key": "#"}}
    await node.number(NUMBER, WAITS[0], start, WAITS[1])
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        ringing = await node.ring(phone, NUMBER)
        assert await ringing.wait_answered()
        while not (await talking(node)).recording_ids:
            await asyncio.sleep(0.02)
        assert ringing.sip is not None
        ringing.sip.send_info(b"Signal=#\r\nDuration=160\r\n", "application/dtmf-relay")

        (recording_id,) = (await talking(node)).recording_ids
        ended = await once(node, await get_recording(node.database, node.account_id, recording_id), *OVER)
        ringing.hang_up()

    assert (ended.status, ended.ended_by) == (RecordingStatus.ENDED, "key")


async def test_call_names_its_recording_while_that_goes_on_and_no_order_is_lost(node: VoiceNode) -> None:
    """VoIPBIN's reference 4.3 and 4.4: `recording_id` is the one that is being made, `recording_ids` are all."""
    await node.number(NUMBER, *WAITS)
    wish = StartRecording()
    async with node.phone() as phone:
        ringing = await node.ring(phone, NUMBER)
        call = await talking(node)
        started, first = await order_recording(node.database, node.account_id, call.id, wish, utc_now())
        await change_recording(node.database, node.account_id, RecordingOrder("stop", call.id), utc_now())
        _, second = await order_recording(node.database, node.account_id, call.id, wish, utc_now())
        await once(node, first, *OVER)
        await once(node, second, RecordingStatus.RECORDING)
        await named(node, str(second.id))
        stopped, _ = await change_recording(node.database, node.account_id, RecordingOrder("stop", call.id), utc_now())
        await once(node, second, *OVER)
        await named(node, NIL_TEXT)
        await complete_call(node.database, node.account_id, call.id, utc_now())
        await ringing.ended.wait()

    assert call_shape(started)["recording_id"] == str(first.id)
    assert call_shape(stopped)["recording_id"] == NIL_TEXT
    assert (await node.ended_call()).recording_ids == (first.id, second.id)


async def test_recording_ends_with_its_call_and_its_flow_begins(node: VoiceNode) -> None:
    flow = await node.flow({"type": "variable_set", "option": {"key": "kept", "value": "${voipbin.recording.id}"}})
    await node.number(NUMBER, *WAITS)
    async with node.phone() as phone:
        ringing = await node.ring(phone, NUMBER)
        call = await talking(node)
        wish = StartRecording(on_end_flow_id=flow.id)
        _, ordered = await order_recording(node.database, node.account_id, call.id, wish, utc_now())
        await once(node, ordered, RecordingStatus.RECORDING)
        ringing.hang_up()
        await ringing.ended.wait()

    ended = await once(node, ordered, RecordingStatus.ENDED)
    async with asyncio.timeout(PATIENCE_S):
        while not (runs := await runs_of(node, ended)):
            await asyncio.sleep(0.02)
    assert ended.ended_by == "closed"
    assert runs == [str(ended.id)]


async def runs_of(node: VoiceNode, recording: Recording) -> list[str]:
    async with node.database.transaction() as tx:
        rows = await tx.connection.fetch(
            "select variables ->> 'kept' as kept from runs where reference_type = 'recording' and reference_id = $1"
            " and ended_at is not null",
            recording.id,
        )
    return [row["kept"] for row in rows]


async def test_recording_without_money_is_refused_and_kept_as_failed(node: VoiceNode) -> None:
    call = await called(node.database, node.account_id, **LIVE)
    ordered = await recorded(node.database, call, status=RecordingStatus.INITIATING)
    await node.spend_everything()

    with pytest.raises(InsufficientBalance):
        await begin_recording(node.database, ordered, utc_now())

    kept = await get_recording(node.database, node.account_id, ordered.id)
    assert (kept.status, kept.error) == (RecordingStatus.FAILED, "The balance does not cover a minute of recording")
    assert "recording_failed" in await node.events()


async def test_minutes_are_reserved_as_long_as_the_money_lasts(node: VoiceNode) -> None:
    call = await called(node.database, node.account_id, **LIVE)
    recording = await recorded(node.database, call, status=RecordingStatus.RECORDING, duration_ms=0)
    begun = await begin_recording(node.database, recording, utc_now())

    assert await reserve_more(node.database, begun, 2, utc_now())
    await node.spend_everything()
    assert not await reserve_more(node.database, begun, 3, utc_now())
    ended = await end_recording(node.database, begun, utc_now(), ended_by="balance", duration_ms=61_000, size_bytes=1)

    assert await recording_prices(node.database, [ended]) == {ended.id: 60_000}


async def test_what_a_dead_process_left_is_a_recording_where_its_file_holds_something(
    node: VoiceNode, tmp_path: Path
) -> None:
    call = await called(node.database, node.account_id, **LIVE)
    folder = tmp_path / "left"
    kept = await recorded(node.database, call, folder, status=RecordingStatus.RECORDING, node="dead", duration_ms=0)
    lost = await recorded(node.database, call, status=RecordingStatus.STOPPING, node="dead", duration_ms=0)
    others = await recorded(node.database, call, status=RecordingStatus.RECORDING, node="alive")

    async def nothing_follows(recording: Recording) -> None: ...

    after = Recordings(node.database, folder, "dead", node.prompts, utc_now, nothing_follows)
    await after.close_orphans()

    found = [await get_recording(node.database, node.account_id, each.id) for each in (kept, lost, others)]
    assert [each.status.value for each in found] == ["ended", "failed", "recording"]
    assert (found[0].duration_ms, found[0].ended_by) == (1500, "closed")
    assert await RecordedSounds(folder).sound(kept.path, "mp3") is not None


async def test_order_that_no_node_took_up_fails_after_a_while(node: VoiceNode) -> None:
    call = await called(node.database, node.account_id, **LIVE)
    old = await recorded(node.database, call, status=RecordingStatus.INITIATING, ended_at=None)
    over = await recorded(node.database, call)

    assert await fail_unheeded(node.database, utc_now()) == 1

    assert (await get_recording(node.database, node.account_id, old.id)).status is RecordingStatus.FAILED
    assert (await get_recording(node.database, node.account_id, over.id)).status is RecordingStatus.ENDED
