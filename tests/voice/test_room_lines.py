"""Who is in a conference without being a call: streams, transcriptions, speakings (VoIPBIN reference 6.1, 6.7, 6.8)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from dialplane.audio.g711 import decode_ulaw
from dialplane.domain.calling.speakings import Speaking, SpeakingStatus
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.ids import TranscriptionId, utc_now
from dialplane.domain.recording.transcriptions import Transcript, Transcription
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling import speakings
from dialplane.services.recording import conference_transcriptions as transcriptions
from dialplane.services.recording.transcriptions import get_transcription, list_transcripts
from tests.voice.ears import until_sound
from tests.voice.platform import VoiceNode
from tests.voice.test_conferences import Meeting, meeting
from tests.voice.test_media_streams import an_api, live_call, until_closed
from tests.voice.test_streams_on_calls import tone

NUMBER = "+12025550143"
WORDS = '<speak><break time="600ms"/>hello</speak>'


async def test_stream_of_a_conference_hears_all_and_is_heard_by_all(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path) as room, an_api(node, tmp_path) as (calls, session):
        low = await room.comes(400)
        quiet = await silent_one(room)
        address = f"{calls.removesuffix('/calls')}/conferences/{room.id}/media_stream?encapsulation=sln"
        async with session.ws_connect(address) as socket:
            while not loud_enough(await socket.receive_bytes()):
                pass
            said = tone(1_000, 2.0)
            for at in range(0, len(said), 160):
                await socket.send_bytes(decode_ulaw(said[at : at + 160]).astype("<i2").tobytes())
            await low.until_it_hears(1_000)
            quiet.hang_up()
            low.call.hang_up()
            assert await until_closed(socket) == 1000


async def silent_one(room: Meeting) -> PhoneCall:
    call = await room.node.ring(room.phone, "+12025550191")
    assert await call.wait_answered()
    return call


def loud_enough(message: bytes) -> bool:
    return max(message[1::2], default=0) not in (0, 255)


async def test_conference_is_written_down_until_it_is_stopped(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path) as room:
        with pytest.raises(Conflict):
            await transcriptions.start_transcription(node.database, node.account_id, room.id, "en-US", utc_now())
        words = await node.prompts.say(WORDS, language="en-US", gender="female", voice_id="")
        first, second = [await silent_one(room) for _ in range(2)]
        await room.until(2)

        begun = await transcriptions.start_transcription(node.database, node.account_id, room.id, "en-US", utc_now())
        with pytest.raises(Conflict):
            await transcriptions.start_transcription(node.database, node.account_id, room.id, "en-US", utc_now())
        speaking = asyncio.ensure_future(first.play(words, loop=True))
        [transcription_id] = begun.conference.transcription_ids
        while not (said := await said_in(node, transcription_id)):
            await asyncio.sleep(0.05)
        await transcriptions.stop_transcription(node.database, node.account_id, room.id, utc_now())
        speaking.cancel()
        second.hang_up()

        done: Transcription = await get_transcription(node.database, node.account_id, transcription_id)
    assert (done.is_over, done.reference_type, done.reference_id) == (True, "confbridge", room.id)
    assert {each.direction for each in said} == {"in"}
    assert said[0].message in done.message


async def said_in(node: VoiceNode, transcription_id: TranscriptionId) -> Sequence[Transcript]:
    return await list_transcripts(node.database, node.account_id, transcription_id, before=None, limit=50)


async def until_status(node: VoiceNode, speaking: Speaking, status: SpeakingStatus) -> None:
    while (await speakings.get_speaking(node.database, node.account_id, speaking.id)).status is not status:
        await asyncio.sleep(0.02)


async def test_speaking_is_heard_by_the_party_until_it_is_stopped(node: VoiceNode) -> None:
    await node.number(NUMBER, {"type": "answer"}, {"type": "sleep", "option": {"duration": 60_000}})
    async with node.phone() as phone:
        call = await node.ring(phone, NUMBER)
        wish = speakings.SpeakingWish("call", UUID(await live_call(node)))

        begun = await speakings.start_speaking(node.database, node.account_id, wish, utc_now())
        for text in ("one two three", "four five six"):
            await speakings.say(node.database, node.account_id, begun.id, text, utc_now())
        await until_sound(call)
        await speakings.flush(node.database, node.account_id, begun.id, utc_now())
        await speakings.say(node.database, node.account_id, begun.id, "seven", utc_now())
        await until_sound(call)
        stopped = await speakings.stop(node.database, node.account_id, begun.id, utc_now())

        assert (begun.status, stopped.status) == (SpeakingStatus.INITIATING, SpeakingStatus.STOPPED)
        with pytest.raises(Conflict):
            await speakings.say(node.database, node.account_id, begun.id, "too late", utc_now())


async def test_speaking_ends_with_the_conference_that_it_speaks_to(node: VoiceNode, tmp_path: Path) -> None:
    async with meeting(node, tmp_path) as room:
        calls = [await silent_one(room) for _ in range(2)]
        await room.until(2)
        wish = speakings.SpeakingWish("confbridge", room.id)

        begun = await speakings.start_speaking(node.database, node.account_id, wish, utc_now())
        await until_status(node, begun, SpeakingStatus.ACTIVE)
        await speakings.say(node.database, node.account_id, begun.id, "welcome to all of you", utc_now())
        await asyncio.gather(*(until_sound(call) for call in calls))
        for call in calls:
            call.hang_up()

        await until_status(node, begun, SpeakingStatus.STOPPED)


async def test_speaking_to_nobody_or_with_an_unknown_voice_is_refused(node: VoiceNode) -> None:
    for wish, refusal in (
        (speakings.SpeakingWish("call", uuid4()), NotFound),
        (speakings.SpeakingWish("confbridge", uuid4()), NotFound),
        (speakings.SpeakingWish("call", uuid4(), language="tlh"), Invalid),
        (speakings.SpeakingWish("call", uuid4(), provider="elevenlabs"), Invalid),
    ):
        with pytest.raises(refusal):
            await speakings.start_speaking(node.database, node.account_id, wish, utc_now())
