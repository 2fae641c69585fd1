"""Each action that touches the call itself or the world outside, on a live call with a real phone."""

import asyncio
import json
from pathlib import Path

import numpy as np

from dialplane.audio.wav import WavWriter
from dialplane.domain.calling.calls import HangupReason
from dialplane.services.recording.recordings import list_recordings
from tests.effort import PATIENCE_S
from tests.fakes.receiver import Receiver
from tests.voice.platform import VoiceNode

ANSWER: dict[str, object] = {"type": "answer"}
NUMBER = "+12025550143"


def done(digit: str) -> dict[str, object]:
    """Tells the caller that the flow came so far."""
    return {"type": "digits_send", "option": {"digits": digit}}


async def ring_until(node: VoiceNode, digits: str) -> None:
    """Ring the number, wait for the digits that the flow sends, and for the end."""
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        assert await call.wait_digits(len(digits)) == digits
        await call.ended.wait()


async def test_recording_of_a_call_is_kept_as_wav_and_told(node: VoiceNode) -> None:
    await node.number(
        NUMBER,
        ANSWER,
        {"type": "recording_start", "option": {"format": "wav"}},
        {"type": "talk", "option": {"text": "This is kept.", "language": "en-US"}},
        {"type": "recording_stop"},
        done("1"),
    )

    await ring_until(node, "1")

    async with asyncio.timeout(PATIENCE_S):
        while "recording_finished" not in await node.events():
            await asyncio.sleep(0.02)
    (recording,) = await list_recordings(node.database, node.account_id, before=None, limit=10)
    heard = node.listen(node.recordings / recording.path)
    assert recording.duration_ms > 500
    assert heard.level_dbfs > -35
    assert (await node.ended_call()).recording_ids == (recording.id,)


async def test_file_behind_a_url_is_played(node: VoiceNode, tmp_path: Path) -> None:
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)).astype("<i2")
    writer = WavWriter(tmp_path / "tone.wav")
    writer.write(tone)
    writer.close()
    async with Receiver.listening() as server:
        server.body, server.headers = (tmp_path / "tone.wav").read_bytes(), {"Content-Type": "audio/wav"}
        await node.number(NUMBER, ANSWER, {"type": "play", "option": {"stream_urls": [server.url()]}}, done("1"))
        async with node.phone() as phone:
            call = await node.ring(phone, NUMBER)
            await call.record(tmp_path / "heard.wav")
            assert await call.wait_digits(1) == "1"
            await call.ended.wait()

    assert node.listen(tmp_path / "heard.wav").sounding_ms > 700


async def test_file_that_cannot_be_had_is_passed_over(node: VoiceNode) -> None:
    await node.number(
        NUMBER, ANSWER, {"type": "play", "option": {"stream_urls": ["http://127.0.0.1:1024/none.wav"]}}, done("1")
    )

    await ring_until(node, "1")


async def test_fetched_actions_run_in_place(node: VoiceNode) -> None:
    async with Receiver.listening() as server:
        server.body, server.headers = json.dumps([done("2")]).encode(), {"Content-Type": "application/json"}
        await node.number(
            NUMBER, ANSWER, {"type": "fetch", "option": {"event_url": server.url(), "event_method": "POST"}}, done("3")
        )

        await ring_until(node, "23")

        asked = json.loads(server.requests[0].body)
    assert asked["reference_id"] == str((await node.ended_call()).id)


async def test_webhook_of_the_flow_is_sent_and_its_answer_becomes_variables(node: VoiceNode) -> None:
    async with Receiver.listening() as server:
        server.body, server.headers = b'{"digit": "6"}', {"Content-Type": "application/json"}
        await node.number(
            NUMBER,
            ANSWER,
            {
                "type": "webhook_send",
                "option": {
                    "sync": True,
                    "uri": server.url(),
                    "method": "POST",
                    "data_type": "application/json",
                    "data": '{"caller": "${voipbin.call.source.target}"}',
                },
            },
            done("${digit}"),
        )

        await ring_until(node, "6")

        assert json.loads(server.requests[0].body) == {"caller": "+12125550111"}


async def test_flow_of_the_account_is_loaded_and_comes_back(node: VoiceNode) -> None:
    other = await node.flow(done("4"))
    await node.number(NUMBER, ANSWER, {"type": "fetch_flow", "option": {"flow_id": str(other.id)}}, done("5"))

    await ring_until(node, "45")


async def test_echo_sends_back_what_it_hears(node: VoiceNode, tmp_path: Path) -> None:
    await node.number(NUMBER, ANSWER, {"type": "echo", "option": {"duration": 3000}})
    async with node.phone() as phone:
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        speech = await node.prompts.say("Is there an echo in here?", language="en-US", gender="", voice_id="")
        await call.record(tmp_path / "both.wav")
        await call.play(speech)
        await asyncio.sleep(0.5)
        end = await call.stop_recording()
        call.hang_up()
        await call.ended.wait()

    assert node.listen(end.path).sounding_ms > 800


async def test_beep_is_heard(node: VoiceNode, tmp_path: Path) -> None:
    await node.number(NUMBER, ANSWER, {"type": "beep"}, {"type": "sleep", "option": {"duration": 200}})
    async with node.phone() as phone:
        call = await node.ring(phone, NUMBER)
        await call.record(tmp_path / "heard.wav")
        await call.ended.wait()

    assert node.listen(tmp_path / "heard.wav").sounding_ms > 200


async def test_text_is_sent_from_a_call(node: VoiceNode) -> None:
    await node.number(
        NUMBER,
        ANSWER,
        {
            "type": "message_send",
            "option": {
                "source": {"type": "tel", "target": NUMBER},
                "destinations": [{"type": "tel", "target": "${voipbin.call.source.target}"}],
                "text": "You called",
            },
        },
        done("1"),
    )

    await ring_until(node, "1")

    assert "message_created" in await node.events()


async def test_other_calls_are_started_from_a_call(node: VoiceNode) -> None:
    await node.number(
        NUMBER,
        ANSWER,
        {
            "type": "call",
            "option": {
                "source": {"type": "tel", "target": NUMBER},
                "destinations": [{"type": "tel", "target": "+12025550106"}],
                "actions": [done("1")],
            },
        },
        done("7"),
    )

    await ring_until(node, "7")

    async with asyncio.timeout(PATIENCE_S):
        while len(calls := await node.calls()) < 2 or calls[1].ended_at is None:
            await asyncio.sleep(0.05)
    assert calls[1].destination.target == "+12025550106"
    assert calls[1].progressing_at is not None


async def test_digit_stops_the_speech_where_the_flow_says_so(node: VoiceNode) -> None:
    long_text = "This is a very long text that nobody wants to hear to its end. " * 6
    await node.number(
        NUMBER,
        ANSWER,
        {"type": "talk", "option": {"text": long_text, "language": "en-US", "digits_handle": "next"}},
        {"type": "digits_receive", "option": {"duration": 3000, "length": 1}},
        done("${voipbin.call.digits}"),
    )
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        await call.send_digits("8")
        assert await call.wait_digits(1) == "8"


async def test_digits_by_info_count_like_any_other(node: VoiceNode) -> None:
    await node.number(
        NUMBER,
        ANSWER,
        {"type": "digits_receive", "option": {"duration": 5000, "length": 2}},
        done("${voipbin.call.digits}"),
    )
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        assert call.sip is not None
        call.sip.send_info(b"Signal=4\r\nDuration=160\r\n", "application/dtmf-relay")
        call.sip.send_info(b"2", "application/dtmf")
        assert await call.wait_digits(2) == "42"


async def test_hangup_reason_becomes_the_sip_answer(node: VoiceNode) -> None:
    await node.number(NUMBER, {"type": "hangup", "option": {"reason": "busy"}})
    async with node.phone() as phone:
        call = await node.ring(phone, NUMBER)
        assert not await call.wait_answered()

    assert call.end is not None
    assert call.end.status == 486
    assert (await node.ended_call()).hangup_reason is HangupReason.BUSY


async def test_speech_in_an_unknown_language_fails_and_the_run_goes_on(node: VoiceNode) -> None:
    """Where the language is written, the flow is refused; a variable is judged when it is said."""
    language: dict[str, object] = {"type": "variable_set", "option": {"key": "language", "value": "xx-XX"}}
    talk: dict[str, object] = {"type": "talk", "option": {"text": "hello", "language": "${language}"}}
    await node.number(NUMBER, ANSWER, language, talk, done("1"))

    await ring_until(node, "1")


async def test_run_that_is_over_begins_the_next_flow(node: VoiceNode) -> None:
    async with Receiver.listening() as server:
        option = {"sync": True, "uri": server.url(), "method": "POST", "data_type": "text/plain"}
        after = await node.flow({"type": "webhook_send", "option": {**option, "data": "${voipbin.call.id}"}})
        number = await node.number(NUMBER, ANSWER, done("1"))
        await node.complete_with(number, after)

        await ring_until(node, "1")

        async with asyncio.timeout(PATIENCE_S):
            while not server.requests:
                await asyncio.sleep(0.02)
        assert server.requests[0].body.decode() == str((await node.ended_call()).id)


async def test_early_media_of_the_far_end_is_let_through(node: VoiceNode, tmp_path: Path) -> None:
    async with node.phone(node.announcing_party("The person is not available right now.")) as far:
        await node.number(
            NUMBER,
            {
                "type": "connect",
                "option": {
                    "destinations": [{"type": "sip", "target": f"bob@127.0.0.1:{far.agent.port}"}],
                    "early_media": True,
                    "relay_reason": True,
                },
            },
        )
        async with node.phone() as phone:
            call = await node.ring(phone, NUMBER)
            await call.record(tmp_path / "heard.wav")
            assert not await call.wait_answered()

    assert 183 in call.statuses
    assert node.listen(tmp_path / "heard.wav").sounding_ms > 500
