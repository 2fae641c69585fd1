"""Live calls as text: begun by a flow or by order, told by events, over with the call (VoIPBIN reference 6.7)."""

import asyncio
from collections.abc import Sequence

from dialplane.domain.ids import TranscriptionId, utc_now
from dialplane.domain.recording.transcriptions import Transcript, Transcription
from dialplane.services.recording.transcription_life import TranscriptionWish, order_transcription, stop_transcription
from dialplane.services.recording.transcriptions import TranscriptionQuery, list_transcriptions, list_transcripts
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"
WORDS = '<speak><break time="600ms"/>hello</speak>'
"""Nobody speaks in the very millisecond of the answer."""


async def ended_transcription(node: VoiceNode) -> tuple[Transcription, Sequence[Transcript]]:
    """The (only) one, when it is over; its transcripts as they were said."""
    while True:
        found = await list_transcriptions(
            node.database, node.account_id, TranscriptionQuery("call"), before=None, limit=10
        )
        if found and found[0].is_over:
            said = await list_transcripts(node.database, node.account_id, found[0].id, before=None, limit=10)
            return found[0], sorted(said, key=lambda each: each.began_ms)
        await asyncio.sleep(0.02)


async def test_both_sides_of_a_call_are_written_down_and_told(node: VoiceNode) -> None:
    """What the party says is `in`, what it hears `out`; the flow of `on_end_flow_id` knows the transcription."""
    after = await node.flow({"type": "variable_set", "option": {"key": "seen", "value": "${voipbin.transcribe.id}"}})
    await node.number(
        NUMBER,
        {"type": "transcribe_start", "option": {"on_end_flow_id": str(after.id)}},
        {"type": "sleep", "option": {"duration": 3000}},
        {"type": "talk", "option": {"text": "hello", "gender": "female"}},
        {"type": "sleep", "option": {"duration": 1200}},
    )
    async with node.phone() as phone:
        words = await node.prompts.say(WORDS, language="en-US", gender="female", voice_id="")
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()

        await call.play(words)
        await call.ended.wait()
        transcription, said = await ended_transcription(node)

    assert [(each.direction, each.message) for each in said] == [("in", "hello"), ("out", "hello")]
    assert said[0].began_ms < said[0].ended_ms < said[1].began_ms
    assert transcription.message == "hello hello"
    assert transcription.error == ""
    events = [event for event in await node.events() if event.startswith("transcri")]
    assert set(events) == {
        "transcribe_created",
        "transcribe_progressing",
        "transcribe_speech_started",
        "transcribe_speech_interim",
        "transcribe_speech_ended",
        "transcript_created",
        "transcribe_done",
    }
    assert await seen_by_the_flow_after(node) == str(transcription.id)


async def seen_by_the_flow_after(node: VoiceNode) -> str:
    while True:
        async with node.database.reading() as tx:
            runs = await tx.runs.list_for(node.account_id, before=None, limit=10)
        following = [run for run in runs if run.reference_type == "transcribe" and run.ended_at is not None]
        if following:
            return following[0].variables["seen"]
        await asyncio.sleep(0.02)


async def test_transcription_is_begun_and_stopped_by_order(node: VoiceNode) -> None:
    await node.number(NUMBER, {"type": "answer"}, {"type": "sleep", "option": {"duration": 60_000}})
    async with node.phone() as phone:
        words = await node.prompts.say(WORDS, language="en-US", gender="female", voice_id="")
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        while not (await node.calls())[0].progressing_at:
            await asyncio.sleep(0.02)
        (live,) = await node.calls()
        wish = TranscriptionWish("call", live.id, direction="in")
        begun = await order_transcription(node.database, node.account_id, wish, utc_now())

        while not await transcripts(node, begun.id):
            await call.play(words)
            await asyncio.sleep(1)
        stopped = await stop_transcription(node.database, node.account_id, begun.id, utc_now())
        call.hang_up()

    assert stopped.is_over
    assert "hello" in stopped.message


async def transcripts(node: VoiceNode, transcription_id: TranscriptionId) -> Sequence[Transcript]:
    return await list_transcripts(node.database, node.account_id, transcription_id, before=None, limit=10)


async def test_language_that_is_not_recognised_is_noted_and_the_flow_goes_on(node: VoiceNode) -> None:
    await node.number(
        NUMBER, {"type": "transcribe_start", "option": {"language": "de-DE"}}, {"type": "hangup", "option": {}}
    )
    async with node.phone() as phone:
        call = await node.ring(phone, NUMBER)
        await call.ended.wait()
        record = await node.ended_call()

    assert await node.run_of(record) == ("ended", ["transcribe_start", "hangup"])
    found = await list_transcriptions(node.database, node.account_id, TranscriptionQuery(), before=None, limit=10)
    assert list(found) == []
