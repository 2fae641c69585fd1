"""Streams on real calls: SIP and RTP on one side, an application's websocket on the other, a document between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from dialplane.audio.g711 import Samples, decode_ulaw, encode_ulaw
from dialplane.domain.calling.media import Prompt
from dialplane.domain.ids import to_sid
from dialplane.domain.numbering.targets import DocumentTarget
from dialplane.phone.softphone import PhoneCall
from tests.effort import PATIENCE_S
from tests.fakes.stream_app import StreamApp, listening
from tests.voice.documents import DocumentServer, document_number, document_server
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"


def tone(hertz: int, seconds: float) -> bytes:
    """Mu-law, loud."""
    times = np.arange(int(8000 * seconds)) / 8000
    return encode_ulaw((12_000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16))


def pitch(sound: Samples) -> float:
    """Hertz of the loudest tone."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * 8000 / len(sound)


def loud(sound: Samples) -> Samples:
    """The part that is not silence."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    sounding: Samples = frames[np.abs(frames.astype(np.int32)).max(axis=1) > 3_000].reshape(-1)
    return sounding


@asynccontextmanager
async def streaming(
    node: VoiceNode, verbs: str, manners: Callable[[StreamApp], Awaitable[None]] | None = None
) -> AsyncIterator[tuple[StreamApp, DocumentServer, PhoneCall]]:
    """A call to a number whose document is `verbs`; `{url}` in it is the application's address."""
    pages = {"/done": "<Response><Hangup/></Response>"}
    async with (
        listening(StreamApp(manners)) as app,
        document_server({**pages}) as server,
        node.phone() as phone,
        asyncio.timeout(PATIENCE_S),
    ):
        server.pages["/start"] = f"<Response>{verbs.format(url=app.url)}</Response>"
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        yield app, server, await node.ring(phone, NUMBER)


async def speak(call: PhoneCall, ulaw: bytes, folder: Path) -> None:
    path = folder / "said.ulaw"
    path.write_bytes(ulaw)
    await call.play(Prompt(path, len(ulaw) // 8))


async def test_caller_and_application_hear_each_other_and_the_next_verb_follows(
    node: VoiceNode, tmp_path: Path
) -> None:
    async def talk(app: StreamApp) -> None:
        await app.wait("start")
        await app.wait("media", times=40)
        await app.say(tone(1_000, 0.6))
        await app.mark("said")
        await app.wait("mark")
        await app.wait("dtmf")

    stream = '<Stream url="{url}"><Parameter name="agent" value="7"/></Stream>'
    verbs = f"<Connect>{stream}</Connect><Redirect>/done</Redirect>"
    async with streaming(node, verbs, talk) as (app, server, call):
        assert await call.wait_answered()
        await call.media.start_recording(tmp_path / "heard.wav", tracks="heard")
        await speak(call, tone(400, 1.0), tmp_path)
        await app.wait("mark")
        await call.send_digits("5")
        await call.ended.wait()
        record = await node.ended_call()

        start = await app.wait("start")
        assert app.events[:3] == ["connected", "start", "media"]
        assert start["start"]["customParameters"] == {"agent": "7"}
        assert start["start"]["callSid"] == to_sid("CA", record.id)
        assert start["start"]["accountSid"] == to_sid("AC", node.account_id)
        assert (await app.wait("dtmf"))["dtmf"] == {"track": "inbound_track", "digit": "5"}
        assert abs(pitch(loud(decode_ulaw(app.heard()))) - 400) < 20
        assert server.asked("/done")
    heard = np.frombuffer((tmp_path / "heard.wav").read_bytes()[44:], dtype="<i2")
    assert abs(pitch(loud(heard)) - 1_000) < 20
    numbers = [int(message["sequenceNumber"]) for message in app.messages[1:]]
    assert numbers == list(range(1, len(numbers) + 1))
    chunks = [int(message["media"]["chunk"]) for message in app.messages if message["event"] == "media"]
    assert chunks == list(range(1, len(chunks) + 1))


async def test_mark_waits_for_the_audio_and_clear_does_not(node: VoiceNode) -> None:
    took: list[float] = []

    async def interrupt(app: StreamApp) -> None:
        loop = asyncio.get_running_loop()
        await app.wait("start")
        began = loop.time()
        await app.say(tone(500, 0.5))
        await app.mark("short")
        await app.wait("mark")
        took.append(loop.time() - began)
        began = loop.time()
        for name in ("a", "b"):
            await app.say(tone(500, 20))
            await app.mark(name)
        await app.clear()
        await app.wait("mark", times=3)
        took.append(loop.time() - began)

    async with streaming(node, '<Connect><Stream url="{url}"/></Connect>', interrupt) as (app, _, call):
        assert await call.wait_answered()
        await call.ended.wait()

    assert 0.4 < took[0] < 1.5
    assert took[1] < 5
    assert [m["mark"]["name"] for m in app.messages if m["event"] == "mark"] == ["short", "a", "b"]


async def test_one_way_stream_has_both_tracks_while_the_program_speaks(node: VoiceNode, tmp_path: Path) -> None:
    verbs = '<Start><Stream url="{url}" track="both_tracks" name="ears"/></Start><Say>Now I speak for a while.</Say>'
    async with streaming(node, verbs) as (app, _, call):
        assert await call.wait_answered()
        await speak(call, tone(400, 0.5), tmp_path)
        await call.ended.wait()
        await app.wait("stop")

    assert app.messages[1]["start"]["tracks"] == ["inbound", "outbound"]
    assert abs(pitch(loud(decode_ulaw(app.heard("inbound")))) - 400) < 20
    assert len(loud(decode_ulaw(app.heard("outbound")))) > 4_000
    assert app.events[-1] == "stop"


async def test_caller_who_hangs_up_ends_the_stream_with_stop(node: VoiceNode) -> None:
    async with streaming(node, '<Connect><Stream url="{url}"/></Connect>') as (app, _, call):
        await app.wait("start")
        call.hang_up()
        stop = await app.wait("stop")

    assert set(stop["stop"]) == {"accountSid", "callSid"}
