"""`/v1.0/calls/{id}/media_stream` from a websocket of the API to a real call on a voice node, and back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
import numpy as np
import pytest

from dialplane.audio.g711 import decode_ulaw, encode_ulaw
from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.calling.media import Prompt
from dialplane.domain.ids import utc_now
from dialplane.phone.softphone import PhoneCall
from dialplane.rtp.packet import Packet
from dialplane.services.identity.access_keys import create_key
from dialplane.streams.audiosocket import Frame, FrameReader, Kind
from dialplane.voice.streaming.gate_client import NodeGates
from tests.effort import PATIENCE_S
from tests.faces.conftest import application, dependencies, make_tenant, serving
from tests.voice.platform import VoiceNode
from tests.voice.test_streams_on_calls import loud, pitch, tone

NUMBER = "+12025550143"
TALK = ({"type": "answer"}, {"type": "sleep", "option": {"duration": 20000}})


@asynccontextmanager
async def an_api(node: VoiceNode, folder: Path) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """The API's address below which streams are, and a session of the node's account."""
    ports = dependencies(node.database, folder)
    made = await create_key(node.database, node.account_id, now=utc_now())
    headers = {"Authorization": f"Bearer {made.token}"}
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession(headers=headers) as session:
        yield f"{base}/v1.0/calls", session


async def live_call(node: VoiceNode) -> str:
    while not (calls := await node.calls()) or calls[0].status is not CallStatus.PROGRESSING:
        await asyncio.sleep(0.02)
    return str(calls[0].id)


async def speak(call: PhoneCall, ulaw: bytes, folder: Path) -> None:
    path = folder / "said.ulaw"
    path.write_bytes(ulaw)
    await call.play(Prompt(path, len(ulaw) // 8))


@pytest.mark.parametrize("encapsulation", ["rtp", "sln", "audiosocket"])
async def test_client_hears_the_party_and_speaks_to_it(node: VoiceNode, tmp_path: Path, encapsulation: str) -> None:
    await node.number(NUMBER, *TALK)
    said = tone(1_000, 0.5)
    async with an_api(node, tmp_path) as (calls, session), node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        address = f"{calls}/{await live_call(node)}/media_stream?encapsulation={encapsulation}"
        async with session.ws_connect(address) as socket:
            await call.media.start_recording(tmp_path / "heard.wav", tracks="heard")
            speaking = asyncio.create_task(speak(call, tone(400, 2.0), tmp_path))  # long enough to hear all
            came = [(await socket.receive_bytes()) for _ in range(45)]
            for at in range(0, len(said), 160):
                await socket.send_bytes(wrapped(said[at : at + 160], at, encapsulation))
            await speaking
            call.hang_up()
            assert (await until_closed(socket)) == 1000
        await call.ended.wait()

    heard = b"".join(unwrapped(each, encapsulation) for each in came)
    assert abs(pitch(loud(decode_ulaw(heard))) - 400) < 20
    back = np.frombuffer((tmp_path / "heard.wav").read_bytes()[44:], dtype="<i2")
    assert abs(pitch(loud(back)) - 1_000) < 20


def wrapped(ulaw: bytes, at: int, encapsulation: str) -> bytes:
    match encapsulation:
        case "rtp":
            return bytes(Packet(0, at // 160, at, 1, ulaw))
        case "sln":
            return decode_ulaw(ulaw).astype("<i2").tobytes()
        case _:
            return bytes(Frame(Kind.AUDIO, decode_ulaw(ulaw).astype("<i2").tobytes()))


def unwrapped(message: bytes, encapsulation: str) -> bytes:
    """The message holds exactly 20 ms."""
    match encapsulation:
        case "rtp":
            ulaw = Packet.parse(message).payload
        case "sln":
            ulaw = encode_ulaw(np.frombuffer(message, dtype="<i2"))
        case _:
            (frame,) = FrameReader().feed(message)
            ulaw = encode_ulaw(np.frombuffer(frame.payload, dtype="<i2"))
    assert len(ulaw) == 160
    return ulaw


async def until_closed(socket: "aiohttp.ClientWebSocketResponse[bool]") -> int | None:
    while (await socket.receive()).type is aiohttp.WSMsgType.BINARY:
        pass
    return socket.close_code


async def test_revoked_key_hears_no_more_of_the_call(node: VoiceNode, tmp_path: Path) -> None:
    """API-4."""
    await node.number(NUMBER, *TALK)
    async with an_api(node, tmp_path) as (calls, session), node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        address = f"{calls}/{await live_call(node)}/media_stream?encapsulation=sln"
        async with session.ws_connect(address) as socket:
            async with node.database.transaction() as tx:
                await tx.connection.execute("update access_keys set deleted_at = now()")

            assert await until_closed(socket) == 1000
        assert not call.ended.is_set()


async def status_of(session: aiohttp.ClientSession, address: str) -> tuple[int, str]:
    """Status of the refused handshake, and what a plain request cannot show: that a body came with it."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(address)
    assert refused.value.headers is not None
    return refused.value.status, refused.value.headers.get("content-type", "")


async def test_streams_that_cannot_be_are_refused_by_the_handshake(node: VoiceNode, tmp_path: Path) -> None:
    await node.number(NUMBER, {"type": "answer"})
    json = "application/json"
    other = await make_tenant(node.database, name="other")
    async with an_api(node, tmp_path) as (calls, session), node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        await call.ended.wait()
        ended = await node.ended_call()
        of_call = f"{calls}/{ended.id}/media_stream"

        assert await status_of(session, f"{of_call}?encapsulation=sln") == (409, json)
        assert await status_of(session, f"{calls}/{uuid4()}/media_stream?encapsulation=sln") == (404, json)
        assert await status_of(session, of_call) == (400, json)
        assert await status_of(session, f"{of_call}?encapsulation=opus") == (400, json)
        assert await status_of(session, f"{calls}/x/media_stream?encapsulation=sln") == (400, json)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {other.key}"}) as stranger:
            assert await status_of(stranger, f"{of_call}?encapsulation=sln") == (404, json)
        async with aiohttp.ClientSession() as nobody:
            assert await status_of(nobody, f"{of_call}?encapsulation=sln") == (401, json)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
async def test_gate_lets_nobody_in_without_a_pass(node: VoiceNode, token: str) -> None:
    async with node.database.reading() as tx:
        gate = await tx.gates.find_gate("voice-test")
    assert gate is not None
    with pytest.raises(Exception, match="credentials are not valid"):
        await NodeGates().open(gate, token)
