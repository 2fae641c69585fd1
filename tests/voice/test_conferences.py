"""Conferences over real SIP: phones that each speak a tone of their own, and listen which of the others they hear."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dialplane.domain.calling.media import Prompt
from dialplane.domain.errors import Conflict
from dialplane.domain.ids import NIL_TEXT, CallId, ConferenceId, utc_now
from dialplane.domain.rooms.conferences import Participant
from dialplane.phone.softphone import PhoneCall, Softphone
from dialplane.services.recording.recordings import get_recording
from dialplane.services.rooms.conference_recordings import start_recording, stop_recording
from dialplane.services.rooms.conferences import (
    ConferenceChange,
    create_conference,
    end_conference,
    get_conference,
    regenerate_direct_hash,
)
from dialplane.services.rooms.participants import (
    ParticipantChange,
    list_participants,
    remove_participant,
    update_participant,
)
from dialplane.services.shapes.conferences import conference_shape
from tests.effort import PATIENCE_S
from tests.media.conftest import tone
from tests.media.sounds import read_wav, strength
from tests.voice.ears import LOUD, tones_at, until_sound
from tests.voice.platform import VoiceNode

NUMBER = "+12025550191"
TONES = (400, 1_000, 1_700)
TEAM = ConferenceChange(name="team")


@dataclass
class Speaker:
    """A phone in a conference, which speaks its tone without end."""

    call: PhoneCall
    frequency: int
    participant: Participant

    async def hears(self) -> list[int]:
        """The tones that arrive at it, over 300 ms after what is on its way."""
        return await tones_at(self.call.media, TONES)

    async def until_it_hears(self, *wanted: int) -> None:
        while await self.hears() != list(wanted):
            pass


@dataclass
class Meeting:
    """A conference of VoIPBIN's kind behind a number, and the phones in it."""

    node: VoiceNode
    phone: Softphone
    id: ConferenceId
    folder: Path

    async def comes(self, frequency: int) -> Speaker:
        """A phone enters, and begins to speak."""
        before = {each.id for each in await self.present()}
        call = await self.node.ring(self.phone, NUMBER)
        assert await call.wait_answered()
        while not (new := [each for each in await self.present() if each.id not in before]):
            await asyncio.sleep(0.02)
        path = self.folder / f"{frequency}.ulaw"
        path.write_bytes(tone(frequency, duration_ms=1_000))
        speaking = asyncio.ensure_future(call.play(Prompt(path, 1_000), loop=True))
        speaking.add_done_callback(lambda _: None)
        return Speaker(call, frequency, new[0])

    async def present(self) -> Sequence[Participant]:
        return (await list_participants(self.node.database, self.node.account_id, self.id))[1]

    async def change(self, who: Speaker, change: ParticipantChange) -> None:
        await update_participant(
            self.node.database, self.node.account_id, self.id, who.participant.call_id, change, utc_now()
        )

    async def until(self, count: int) -> None:
        while len(await self.present()) != count:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def meeting(node: VoiceNode, folder: Path, change: ConferenceChange = TEAM) -> AsyncIterator[Meeting]:
    made = await create_conference(node.database, node.account_id, change, now=utc_now())
    await node.number(NUMBER, {"type": "conference_join", "option": {"conference_id": str(made.conference.id)}})
    async with node.phone() as phone:
        yield Meeting(node, phone, made.conference.id, folder)


async def test_each_of_three_hears_the_others_and_not_itself_and_a_muted_one_is_silent(
    node: VoiceNode, tmp_path: Path
) -> None:
    async with meeting(node, tmp_path) as room:
        low, middle, high = [await room.comes(frequency) for frequency in TONES]

        await low.until_it_hears(1_000, 1_700)
        await middle.until_it_hears(400, 1_700)
        await high.until_it_hears(400, 1_000)

        await room.change(middle, ParticipantChange(muted=True))
        await low.until_it_hears(1_700)
        await middle.until_it_hears(400, 1_700)
        await room.change(middle, ParticipantChange(muted=False))
        await low.until_it_hears(1_000, 1_700)


async def test_coach_is_heard_by_one_alone(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path) as room:
        low, middle, high = [await room.comes(frequency) for frequency in TONES]

        await room.change(high, ParticipantChange(coached_call_id=low.participant.call_id, coaching=True))

        await middle.until_it_hears(400)
        await low.until_it_hears(1_000, 1_700)
        await high.until_it_hears(400, 1_000)


async def test_held_one_hears_music_and_nobody_hears_it(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path) as room:
        low, middle = [await room.comes(frequency) for frequency in TONES[:2]]
        await low.until_it_hears(1_000)

        await room.change(low, ParticipantChange(hold=True))
        await middle.until_it_hears()
        while 1_000 in await low.hears():
            pass
        await until_sound(low.call)
        await room.change(low, ParticipantChange(hold=False))

        await low.until_it_hears(1_000)
        await middle.until_it_hears(400)


async def test_removed_one_goes_on_with_its_own_flow_and_the_others_talk_on(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path) as room:
        low, _, high = [await room.comes(frequency) for frequency in TONES]

        await remove_participant(node.database, node.account_id, room.id, high.participant.call_id, utc_now())
        await high.call.ended.wait()

        await low.until_it_hears(1_000)
        status, actions = await node.run_of(await node.ended_call(CallId(high.participant.call_id)))
        assert (status, actions) == ("ended", ["conference_join"])


async def test_ended_conference_lets_everybody_go(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path) as room:
        speakers = [await room.comes(frequency) for frequency in TONES[:2]]

        await end_conference(node.database, node.account_id, room.id, utc_now())
        for each in speakers:
            await each.call.ended.wait()
        await room.until(0)

        conference = (await get_conference(node.database, node.account_id, room.id)).conference
        while conference.status != "terminated":
            conference = (await get_conference(node.database, node.account_id, room.id)).conference
        assert conference.end_reason == "conference-ended-via-api"


async def test_timeout_ends_the_conference(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path, ConferenceChange(timeout_s=2)) as room:
        call = await node.ring(room.phone, NUMBER)
        assert await call.wait_answered()

        await call.ended.wait()

        conference = (await get_conference(node.database, node.account_id, room.id)).conference
        assert (conference.status, conference.end_reason) == ("terminated", "timeout")


async def test_flows_before_and_after_are_run_on_who_enters_and_leaves(node: VoiceNode, tmp_path: Path) -> None:
    before = await node.flow({"type": "digits_receive", "option": {"duration": 20_000, "length": 1}})
    after = await node.flow({"type": "digits_send", "option": {"digits": "7", "duration": 100, "interval": 0}})
    async with meeting(node, tmp_path, ConferenceChange(pre_flow_id=before.id, post_flow_id=after.id)) as room:
        call = await node.ring(room.phone, NUMBER)
        assert await call.wait_answered()
        assert await room.present() == []
        await call.send_digits("1")
        await room.until(1)

        await end_conference(node.database, node.account_id, room.id, utc_now())

        assert await call.wait_digits(1) == "7"


async def test_recording_by_order_holds_what_everybody_said_and_is_an_event(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path) as room:
        low, middle = [await room.comes(frequency) for frequency in TONES[:2]]
        await low.until_it_hears(1_000)

        await start_recording(node.database, node.account_id, room.id, duration_s=0, on_end_flow_id=None, now=utc_now())
        live = await get_conference(node.database, node.account_id, room.id)
        recording_ids = live.conference.recording_ids
        await asyncio.sleep(0.6)
        await stop_recording(node.database, node.account_id, room.id, utc_now())
        while not (recording := await get_recording(node.database, node.account_id, recording_ids[0])).status.is_over:
            await asyncio.sleep(0.02)

        async with asyncio.timeout(PATIENCE_S):
            while (over := await get_conference(node.database, node.account_id, room.id)).conference.recording_id:
                await asyncio.sleep(0.02)

        shown = [conference_shape(each.conference)["recording_id"] for each in (live, over)]
        assert shown == [str(recording.id), NIL_TEXT]  # the one that goes on (VoIPBIN reference 6.1)
        samples = read_wav(node.recordings / recording.path)
        assert min(strength(samples, 400), strength(samples, 1_000)) > LOUD
        assert recording.conference_id == room.id
        assert {"recording_started", "recording_finished"} <= set(await node.events())
        middle.call.hang_up()


async def test_conference_that_is_told_to_stop_before_its_recording_began_is_recorded_no_longer(
    node: VoiceNode, tmp_path: Path
) -> None:
    """VoIPBIN reference 6.1: what `recording_start` answers with 200, `recording_stop` can end."""
    async with meeting(node, tmp_path) as room:
        await room.comes(TONES[0])

        started = await start_recording(
            node.database, node.account_id, room.id, duration_s=0, on_end_flow_id=None, now=utc_now()
        )
        await stop_recording(node.database, node.account_id, room.id, utc_now())

        [recording_id] = started.conference.recording_ids
        async with asyncio.timeout(PATIENCE_S):
            while not (await get_recording(node.database, node.account_id, recording_id)).status.is_over:
                await asyncio.sleep(0.02)
        with pytest.raises(Conflict) as refusal:
            await stop_recording(node.database, node.account_id, room.id, utc_now())
        assert refusal.value.reason == "RECORDING_NOT_ACTIVE"


async def test_direct_hash_leads_anyone_into_the_conference_and_an_old_one_nowhere(
    node: VoiceNode, tmp_path: Path
) -> None:
    """VoIPBIN reference 9.3 and 6.11."""
    async with meeting(node, tmp_path) as room:
        old = (await get_conference(node.database, node.account_id, room.id)).conference.direct_hash
        new = (await regenerate_direct_hash(node.database, node.account_id, room.id, utc_now())).conference.direct_hash

        call = await node.ring(room.phone, new)
        assert await call.wait_answered()
        await room.until(1)
        refused = await node.ring(room.phone, old)
        await refused.ended.wait()

        assert refused.end is not None
        assert refused.end.status == 404
        call.hang_up()
