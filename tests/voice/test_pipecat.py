"""An unchanged Pipecat serializer (PyPI `pipecat-ai`) on our streams: what stock voice agents speak to us with."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from dialplane.domain.calling.calls import HangupBy
from dialplane.domain.numbering.targets import DocumentTarget
from tests.effort import PATIENCE_S
from tests.faces.conftest import application, dependencies, serving
from tests.voice.documents import document_number
from tests.voice.platform import VoiceNode
from tests.voice.test_streams_on_calls import loud, pitch, speak, tone

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # theirs, while they are imported
    from pipecat.frames.frames import (
        EndFrame,
        Frame,
        InputAudioRawFrame,
        InputDTMFFrame,
        InterruptionFrame,
        OutputAudioRawFrame,
    )
    from pipecat.processors.frame_processor import FrameProcessorSetup
    from pipecat.serializers.twilio import TwilioFrameSerializer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pipecat")

NUMBER = "+12025550143"
NOTHING: Any = None
"""The serializer asks its set-up for a sample rate and for nothing else."""
RATE = 16_000
"""Of the agent's pipeline."""
DOCUMENT = '<Response><Connect><Stream url="ws://127.0.0.1:{port}/"/></Connect></Response>'


@dataclass
class Agent:
    """The transport that a Pipecat server has around the serializer: `start` tells the ids, frames go both ways."""

    base_url: str
    auth_token: str
    said: list[str] = field(default_factory=list)
    frames: "asyncio.Queue[Frame]" = field(default_factory=asyncio.Queue)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    serializer: TwilioFrameSerializer | None = None
    socket: web.WebSocketResponse | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/voice":
            return web.Response(text=DOCUMENT.format(port=request.url.port), content_type="text/xml")
        self.socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_json()  # connected
        start = (await socket.receive_json())["start"]
        self.serializer = TwilioFrameSerializer(
            start["streamSid"],
            call_sid=start["callSid"],
            account_sid=start["accountSid"],
            auth_token=self.auth_token,
            base_url=self.base_url,
            params=TwilioFrameSerializer.InputParams(sample_rate=RATE),
        )
        await self.serializer.setup(FrameProcessorSetup(NOTHING, NOTHING, NOTHING))
        self.started.set()
        async for message in socket:
            frame = await self.serializer.deserialize(message.data)
            if frame is not None:
                self.frames.put_nowait(frame)
        return socket

    async def send(self, frame: Frame) -> None:
        assert self.serializer is not None
        assert self.socket is not None
        message = await self.serializer.serialize(frame)
        if message is not None:
            await self.socket.send_str(str(message))


@asynccontextmanager
async def agent_on(node: VoiceNode, folder: Path) -> AsyncIterator[Agent]:
    async with node.database.reading() as tx:
        account = await tx.accounts.find(node.account_id)
    assert account is not None
    ports = dependencies(node.database, folder)
    async with serving(ports, application(ports)) as base:
        agent = Agent(base, account.auth_token)
        server = web.Application()
        server.router.add_route("*", "/{path:.*}", agent.serve)
        runner = web.AppRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await document_number(node, NUMBER, DocumentTarget(f"http://127.0.0.1:{runner.addresses[0][1]}/voice"))
        yield agent
        await runner.cleanup()


async def test_stock_serializer_hears_speaks_interrupts_and_hangs_up(node: VoiceNode, tmp_path: Path) -> None:
    async with agent_on(node, tmp_path) as agent, node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        await agent.started.wait()
        await call.media.start_recording(tmp_path / "heard.wav", tracks="heard")

        await speak(call, tone(400, 0.6), tmp_path)
        await call.send_digits("7")
        heard = b""
        while not isinstance(frame := await agent.frames.get(), InputDTMFFrame):
            assert isinstance(frame, InputAudioRawFrame)
            heard += frame.audio
        times = np.arange(10 * RATE) / RATE
        audio = (12_000 * np.sin(2 * np.pi * 1_000 * times)).astype("<i2").tobytes()
        await agent.send(OutputAudioRawFrame(audio, RATE, 1))  # ten seconds at once
        await speak(call, b"\xff" * 4_000, tmp_path)
        await agent.send(InterruptionFrame())
        await speak(call, b"\xff" * 8_000, tmp_path)
        await agent.send(EndFrame())
        await call.ended.wait()
        record = await node.ended_call()

    pcm = np.frombuffer(heard, dtype="<i2")
    strongest = pitch(loud(pcm)) * RATE / 8_000
    assert abs(strongest - 400) < 30
    assert frame.button.value == "7"
    spoken = loud(np.frombuffer((tmp_path / "heard.wav").read_bytes()[44:], dtype="<i2"))
    assert abs(pitch(spoken) - 1_000) < 30
    assert 0.3 < len(spoken) / 8_000 < 1.0  # of ten seconds: the interruption cleared the rest
    assert record.hangup_by is HangupBy.LOCAL
