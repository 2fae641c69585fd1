"""A media process for each test module, and parties: sockets that speak RTP to its legs."""

import asyncio
import math
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from dialplane.audio.g711 import encode_ulaw
from dialplane.domain.calling.media import Prompt, RemoteMedia
from dialplane.media.client import MediaClient
from dialplane.rtp.packet import MalformedPacketError, Packet
from tests.effort import PATIENCE_S
from tests.ports import free_range

SERVE = """
import sys
from pathlib import Path
from dialplane.media.process import serve
serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), int(sys.argv[3]), silence_s=float(sys.argv[4]))
"""


class MediaProcess:
    """The real process, started and ended by its pid."""

    def __init__(self, folder: Path, first_port: int, last_port: int, *, silence_s: float = 60.0) -> None:
        self.socket_path = folder / "media.sock"
        self.arguments = [str(self.socket_path), str(first_port), str(last_port), str(silence_s)]
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, *self.arguments], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        return self.process

    @property
    def recorder(self) -> int:
        """The pid of the process that writes its files."""
        (child,) = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(child)

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=10)


@pytest.fixture(scope="session")
def media_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaProcess]:
    process = MediaProcess(tmp_path_factory.mktemp("media"), *free_range(20))
    yield process
    assert process.end() == 0


@pytest.fixture
async def media(media_process: MediaProcess) -> AsyncIterator[MediaClient]:
    client = MediaClient(media_process.socket_path)
    await client.start()
    yield client
    await client.stop()


class Party:
    """The far end of a leg: one RTP socket, everything that it hears kept."""

    def __init__(self, *, payload_type: int = 0, telephone_event: int | None = 101) -> None:
        self.rtp, self.rtcp = bind_pair()
        self.host, self.port = self.rtp.getsockname()
        self.payload_type = payload_type
        self.telephone_event = telephone_event
        self.heard: list[Packet] = []
        self.sequence = 1_000
        self.timestamp = 50_000
        self.ssrc = 0x1234_0000 + self.port

    def remote(self, *, sends: bool = True, receives: bool = True) -> RemoteMedia:
        codec = "PCMA" if self.payload_type == 8 else "PCMU"
        return RemoteMedia(
            self.host,
            self.port,
            codec,
            self.payload_type,
            self.telephone_event,
            sends=sends,
            receives=receives,
        )

    def send(self, port: int, payload: bytes, *, payload_type: int | None = None) -> None:
        """The next packet of audio."""
        self.sequence = self.sequence + 1 & 0xFFFF
        self.timestamp = self.timestamp + 160 & 0xFFFF_FFFF
        kind = self.payload_type if payload_type is None else payload_type
        packet = Packet(kind, self.sequence, self.timestamp, self.ssrc, payload)
        self.rtp.sendto(bytes(packet), ("127.0.0.1", port))

    async def speak(self, port: int, audio: bytes) -> None:
        """Send audio in real time."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for index in range(0, len(audio), 160):
            self.send(port, audio[index : index + 160])
            await asyncio.sleep(max(0.0, begin + (index + 160) / 8_000 - loop.time()))

    async def hear(self, *, timeout_s: float = PATIENCE_S) -> Packet:
        """The next packet that arrives."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout_s):
            while True:
                datagram = await loop.sock_recv(self.rtp, 2_048)
                try:
                    packet = Packet.parse(datagram)
                except MalformedPacketError:
                    continue
                self.heard.append(packet)
                return packet

    async def hear_until(self, payload: bytes) -> Packet:
        while (packet := await self.hear()).payload != payload:
            pass
        return packet

    async def hear_until_sound(self) -> Packet:
        while not (packet := await self.hear()).payload.strip(b"\xff"):
            pass
        return packet

    def hear_waiting(self) -> list[Packet]:
        """What has arrived by now."""
        found = []
        while True:
            try:
                found.append(Packet.parse(self.rtp.recv(2_048)))
            except BlockingIOError:
                return found

    def close(self) -> None:
        self.rtp.close()
        self.rtcp.close()


def bind_pair() -> tuple[socket.socket, socket.socket]:
    """An even port and the next one."""
    while True:
        first, _ = free_range(1)
        rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            rtp.bind(("127.0.0.1", first))
            rtcp.bind(("127.0.0.1", first + 1))
        except OSError:
            rtp.close()
            rtcp.close()
            continue
        rtp.setblocking(False)
        rtcp.setblocking(False)
        return rtp, rtcp


@pytest.fixture
def party() -> Iterator[Party]:
    one = Party()
    yield one
    one.close()


@pytest.fixture
def other_party() -> Iterator[Party]:
    one = Party()
    yield one
    one.close()


def tone(frequency_hz: int, *, duration_ms: int, amplitude: int = 8_000) -> bytes:
    """A sine as mu-law."""
    time_s = np.arange(duration_ms * 8) / 8_000
    return encode_ulaw((amplitude * np.sin(2 * math.pi * frequency_hz * time_s)).astype(np.int16))


@pytest.fixture
def prompt(tmp_path: Path) -> Prompt:
    """Ten frames, each of one octet value of its own."""
    path = tmp_path / "prompt.ulaw"
    path.write_bytes(b"".join(bytes((0x10 + frame,)) * 160 for frame in range(10)))
    return Prompt(path, 200)
