"""`external_media_start` to real hosts over UDP, TCP and websockets (VoIPBIN reference 3.5)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import aiohttp
import numpy as np
import pytest
from aiohttp import web

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.audio.g711 import decode_ulaw, encode_alaw, encode_ulaw
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.programs.commands import Done, Failed, StartExternalMedia
from dialplane.rtp.packet import Packet
from dialplane.streams.audiosocket import Frame, FrameReader, Kind
from tests.effort import PATIENCE_S
from tests.voice.line import Line, a_line

FRAME = encode_ulaw(np.full(160, 5_000, dtype=np.int16))
OTHER = encode_ulaw(np.full(160, -2_000, dtype=np.int16))
BOTH = encode_ulaw(decode_ulaw(FRAME) + decode_ulaw(OTHER))


@pytest.fixture
async def line(database: PostgresDatabase) -> AsyncIterator[Line]:
    async with a_line(database) as made:
        yield made


class UdpHost:
    """A host that waits for RTP."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.name = f"127.0.0.1:{self.socket.getsockname()[1]}"

    async def hear(self) -> tuple[Packet, tuple[str, int]]:
        async with asyncio.timeout(PATIENCE_S):
            data, sender = await asyncio.get_running_loop().sock_recvfrom(self.socket, 2_000)
        return Packet.parse(data), sender


@pytest.fixture
def udp() -> Iterator[UdpHost]:
    host = UdpHost()
    yield host
    host.socket.close()


@pytest.mark.parametrize(
    ("audio_format", "payload_type", "expected"),
    [
        ("ulaw", 0, FRAME),
        ("alaw", 8, encode_alaw(decode_ulaw(FRAME))),
        ("slin", 96, decode_ulaw(FRAME).astype(">i2").tobytes()),
    ],
)
async def test_rtp_goes_both_ways_in_each_format(
    line: Line, udp: UdpHost, audio_format: str, payload_type: int, expected: bytes
) -> None:
    command = StartExternalMedia(udp.name, format=audio_format, listen="in", speak="out")  # type: ignore[arg-type]

    assert await line.external_media.start(line.leg, command) == Done()
    await line.media.wait_taps(1)
    line.media.hear(FRAME)
    first, sender = await udp.hear()
    line.media.hear(FRAME)
    second, _ = await udp.hear()
    udp.socket.sendto(bytes(Packet(payload_type, 1, 160, 9, expected)), sender)
    await line.media.wait_fed(160)

    assert (first.payload_type, first.payload, first.marker) == (payload_type, expected, True)
    assert (second.sequence_number - first.sequence_number) & 0xFFFF == 1
    assert (second.rtp_timestamp - first.rtp_timestamp) & 0xFFFF_FFFF == 160
    assert bytes(line.media.fed) == FRAME


async def test_packets_of_strangers_are_not_heard(line: Line, udp: UdpHost) -> None:
    await line.external_media.start(line.leg, StartExternalMedia(udp.name, listen="in", speak="out"))
    await line.media.wait_taps(1)
    line.media.hear(FRAME)
    _, sender = await udp.hear()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(bytes(Packet(0, 1, 160, 9, OTHER)), sender)
    udp.socket.sendto(bytes(Packet(0, 1, 160, 9, FRAME)), sender)
    await line.media.wait_fed(160)

    assert bytes(line.media.fed) == FRAME


async def test_both_directions_are_mixed_into_one(line: Line, udp: UdpHost) -> None:
    await line.external_media.start(line.leg, StartExternalMedia(udp.name, listen="both"))
    await line.media.wait_taps(1)
    line.media.hear_both(FRAME, OTHER)

    packet, _ = await udp.hear()
    assert packet.payload == BOTH


async def test_host_without_a_voice_is_not_heard(line: Line, udp: UdpHost) -> None:
    await line.external_media.start(line.leg, StartExternalMedia(udp.name, listen="out", speak=""))
    await line.media.wait_taps(1)
    line.media.hear(FRAME)
    line.media.hear(OTHER, sent=True)
    packet, sender = await udp.hear()
    udp.socket.sendto(bytes(Packet(0, 1, 160, 9, FRAME)), sender)
    line.media.hear(OTHER, sent=True)
    await udp.hear()

    assert packet.payload == OTHER
    assert not line.media.fed


async def test_audiosocket_introduces_the_call_and_ends_when_the_host_hangs_up(line: Line) -> None:
    frames: asyncio.Queue[Frame] = asyncio.Queue()
    said: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut = FrameReader()
        for _ in range(2):
            for frame in cut.feed(await reader.read(1_000)):
                frames.put_nowait(frame)
        writer.write(bytes(Frame(Kind.AUDIO, decode_ulaw(FRAME).astype("<i2").tobytes())))
        await said.get()
        writer.write(bytes(Frame(Kind.HANG_UP)))
        await reader.read()
        writer.close()

    name = uuid4()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    command = StartExternalMedia(
        f"127.0.0.1:{server.sockets[0].getsockname()[1]}",
        encapsulation="audiosocket",
        transport="tcp",
        format="slin",
        listen="in",
        speak="out",
        data=str(name),
    )

    async with asyncio.timeout(PATIENCE_S):
        assert await line.external_media.start(line.leg, command) == Done()
        introduced = await frames.get()
        await line.media.wait_taps(1)
        line.media.hear(FRAME)
        audio = await frames.get()
        await line.media.wait_fed(160)
        said.put_nowait(b"")
        await line.media.wait_taps(0)
    server.close()

    assert introduced == Frame(Kind.ID, name.bytes)
    assert UUID(bytes=introduced.payload) == name
    assert audio == Frame(Kind.AUDIO, decode_ulaw(FRAME).astype("<i2").tobytes())
    assert bytes(line.media.fed) == FRAME
    assert not line.leg.is_ended


async def test_websocket_carries_samples_as_binary_messages(line: Line) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse()
        await opened.prepare(request)
        await opened.send_bytes(FRAME * 3)
        async for message in opened:
            assert message.type is aiohttp.WSMsgType.BINARY
            heard.put_nowait(message.data)
        return opened

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    command = StartExternalMedia(
        f"ws://127.0.0.1:{runner.addresses[0][1]}/",
        encapsulation="none",
        transport="websocket",
        listen="in",
        speak="out",
    )

    assert await line.external_media.start(line.leg, command) == Done()
    await line.media.wait_fed(480)
    line.media.hear(FRAME)
    async with asyncio.timeout(PATIENCE_S):
        assert await heard.get() == FRAME
    assert await line.external_media.stop(line.leg) == Done()
    await runner.cleanup()


async def test_sixth_of_a_call_is_refused_until_they_are_stopped(line: Line, udp: UdpHost) -> None:
    command = StartExternalMedia(udp.name, listen="in")
    for _ in range(5):
        assert await line.external_media.start(line.leg, command) == Done()

    assert await line.external_media.start(line.leg, command) == Failed("the call has 5 external media already")
    await line.external_media.stop(line.leg)
    await line.media.wait_taps(0)
    assert await line.external_media.start(line.leg, command) == Done()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (StartExternalMedia("127.0.0.1:9000", encapsulation="rtp", transport="tcp"), "rtp does not go over tcp here"),
        (
            StartExternalMedia("127.0.0.1:9000", encapsulation="audiosocket", transport="tcp"),
            "audiosocket carries slin and nothing else",
        ),
        (StartExternalMedia("127.0.0.1:9000", transport_data="c(ulaw)"), "transport_data means nothing to this server"),
    ],
)
async def test_what_cannot_be_carried_says_so(line: Line, command: StartExternalMedia, reason: str) -> None:
    assert await line.external_media.start(line.leg, command) == Failed(reason)


@pytest.mark.parametrize("host", ["nonsense", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:53", ":9000"])
async def test_host_that_is_no_address_is_refused(line: Line, host: str) -> None:
    with pytest.raises(Invalid) as refused:
        await line.external_media.start(line.leg, StartExternalMedia(host))
    assert refused.value.field == "external_host"


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "169.254.169.254:9000", "10.0.0.1:9000"])
async def test_host_that_no_tenant_may_reach_is_refused(database: PostgresDatabase, host: str) -> None:
    """SSRF-1, over UDP too."""
    async with a_line(database, allow=()) as line:
        with pytest.raises(Invalid):
            await line.external_media.start(line.leg, StartExternalMedia(host))
        assert line.media.taps == 0


async def test_host_that_does_not_answer_is_told(line: Line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = StartExternalMedia(f"127.0.0.1:{port}", encapsulation="audiosocket", transport="tcp", format="slin")

    with pytest.raises(Unavailable):
        await line.external_media.start(line.leg, command)
