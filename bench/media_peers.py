"""The two media servers under test, ours and rtpengine in user space, behind one small face."""

import asyncio
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from dialplane.domain.calling.media import Prompt, RemoteMedia
from dialplane.media.client import MediaClient
from dialplane.rtp.packet import CLOCK_HZ

HOST = "127.0.0.1"
_OUR_PORTS = (12_000, 15_999)
_PEER_PORTS = (16_000, 19_999)
_SERVE = """
import sys
from pathlib import Path
from dialplane.media.process import serve
serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), int(sys.argv[3]))
"""


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads, user and kernel, from the scheduler's own account."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


class Ours:
    """Our media process and a client to it."""

    name = "dialplane"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dialplane-bench-")
        path = Path(self._folder.name) / "media.sock"
        self._process = subprocess.Popen([sys.executable, "-c", _SERVE, str(path), *map(str, _OUR_PORTS)])
        self.client = MediaClient(path)
        self._playing: list[asyncio.Task[object]] = []
        self.pid = self._process.pid

    async def __aenter__(self) -> "Ours":
        await self.client.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)
        await self.client.stop()
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    async def play(self, streams: int, wav: Path, ulaw: Path, sink: int) -> None:
        prompt = Prompt(ulaw, ulaw.stat().st_size * 1000 // CLOCK_HZ)
        for _ in range(streams):
            leg = await self.client.open()
            leg.connect(_remote(sink, sends=False))
            self._playing.append(asyncio.create_task(leg.play([prompt], loop=True)))
            await asyncio.sleep(0.001)

    async def relay(self, calls: int, party: int) -> list[int]:
        ports = []
        for _ in range(calls):
            first, second = await self.client.open(), await self.client.open()
            first.connect(_remote(party))
            second.connect(_remote(party))
            first.bridge(second)
            ports += [first.port, second.port]
        return ports

    async def confer(self, rooms: int, size: int, party: int) -> list[int]:
        """Open the rooms, each with so many members; the ports where these send to."""
        ports = []
        for _ in range(rooms):
            room = await self.client.open_room()
            for _ in range(size):
                leg = await self.client.open()
                leg.connect(_remote(party))
                room.add(leg)
                ports.append(leg.port)
        return ports

    async def lateness(self) -> str:
        stats = await self.client.stats()
        worst = stats.worst_lateness_ms
        return f"{stats.ticks_late} of {stats.ticks} turns ended over 10 ms late, the worst {worst} ms"


class Rtpengine:
    """Debian's rtpengine, without its kernel module, ordered about over its ng protocol."""

    name = "rtpengine"

    def __init__(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((HOST, 0))
            self._ng = probe.getsockname()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(self._ng)
        self._socket.settimeout(3)
        self._cookie = 0
        self._process = subprocess.Popen(
            [
                "rtpengine",
                "--config-file=none",
                "--table=-1",
                "--foreground",
                "--log-stderr",
                "--log-level=2",
                f"--interface={HOST}",
                f"--listen-ng={HOST}:{self._ng[1]}",
                f"--port-min={_PEER_PORTS[0]}",
                f"--port-max={_PEER_PORTS[1]}",
                "--num-threads=2",
                "--timeout=600",
            ],
            stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid

    async def __aenter__(self) -> "Rtpengine":
        for _ in range(100):
            with suppress(OSError):
                if self._ask({"command": "ping"})["result"] == b"pong":
                    return self
            await asyncio.sleep(0.05)
        raise RuntimeError("rtpengine does not answer")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._socket.close()

    async def play(self, streams: int, wav: Path, ulaw: Path, sink: int) -> None:
        for index in range(streams):
            self._call(index, sink)
            answer = self._ask(
                {
                    "command": "play media",
                    "call-id": f"c{index}",
                    "from-tag": "a",
                    "file": str(wav),
                    "repeat-times": 100,
                }
            )
            if answer["result"] != b"ok":
                raise RuntimeError(f"play media: {answer}")
            await asyncio.sleep(0.001)

    async def relay(self, calls: int, party: int) -> list[int]:
        return [port for index in range(calls) for port in self._call(index, party)]

    async def lateness(self) -> str:
        return "not told"

    def _call(self, index: int, party: int) -> tuple[int, int]:
        """Offer and answer; the ports where the two parties send to."""
        names = {"call-id": f"c{index}", "from-tag": "a"}
        flags = {"ICE": "remove", "flags": ["trust-address"]}
        offered = self._ask({"command": "offer", **names, **flags, "sdp": _sdp(party)})
        answered = self._ask({"command": "answer", **names, **flags, "to-tag": "b", "sdp": _sdp(party)})
        return _port(answered["sdp"]), _port(offered["sdp"])

    def _ask(self, request: dict[str, object]) -> dict[str, bytes]:
        self._cookie += 1
        cookie = str(self._cookie).encode()
        self._socket.send(cookie + b" " + _bencode(request))
        while True:
            answer = self._socket.recv(65_536)
            if answer.startswith(cookie + b" "):
                return _strings_of(answer[len(cookie) + 1 :])


def _remote(port: int, *, sends: bool = True) -> RemoteMedia:
    return RemoteMedia(HOST, port, "PCMU", 0, None, sends=sends)


def _sdp(port: int) -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
    )


def _port(sdp: bytes) -> int:
    return int(sdp.split(b"m=audio ")[1].split()[0])


def _bencode(value: object) -> bytes:
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        data = value.encode()
        return b"%d:%s" % (len(data), data)
    if isinstance(value, dict):
        return b"d" + b"".join(_bencode(key) + _bencode(value[key]) for key in sorted(value)) + b"e"
    assert isinstance(value, Sequence)
    return b"l" + b"".join(map(_bencode, value)) + b"e"


def _strings_of(data: bytes) -> dict[str, bytes]:
    """The top-level strings of a bencoded dictionary; the numbers and lists in it are of no use here."""
    found: dict[str, bytes] = {}
    words: list[bytes] = []
    offset = 1
    while data[offset : offset + 1] != b"e":
        if data[offset : offset + 1] in b"idl":
            words.append(b"")
            offset = _skip(data, offset)
        else:
            colon = data.index(b":", offset)
            end = colon + 1 + int(data[offset:colon])
            words.append(data[colon + 1 : end])
            offset = end
    for key, value in zip(words[::2], words[1::2], strict=True):
        found[key.decode()] = value
    return found


def _skip(data: bytes, offset: int) -> int:
    if data[offset : offset + 1] == b"i":
        return data.index(b"e", offset) + 1
    if data[offset : offset + 1] in b"dl":
        offset += 1
        while data[offset : offset + 1] != b"e":
            offset = _skip(data, offset)
        return offset + 1
    colon = data.index(b":", offset)
    return colon + 1 + int(data[offset:colon])


class Party:
    """The far end of every stream: one socket that sends to all ports, a packet each 20 ms, and counts what comes.

    In a process of its own, so that its work is nobody's account.
    """

    def __init__(self) -> None:
        parent, child = socket.socketpair()
        self._control = parent
        self._pid = os.fork()
        if self._pid == 0:
            parent.close()
            _serve_party(child)
            os._exit(0)
        child.close()
        self.port = struct.unpack("!I", parent.recv(4))[0]

    def send_to(self, ports: list[int]) -> None:
        self._control.sendall(struct.pack(f"!{len(ports) + 1}I", len(ports), *ports))

    def heard(self) -> int:
        """Packets received since the start."""
        self._control.sendall(struct.pack("!I", 0))
        return int(struct.unpack("!Q", self._control.recv(8))[0])

    def close(self) -> None:
        self._control.close()
        os.waitpid(self._pid, 0)


def _serve_party(control: socket.socket) -> None:
    rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    rtp.bind((HOST, 0))
    rtp.setblocking(False)
    control.sendall(struct.pack("!I", rtp.getsockname()[1]))
    control.setblocking(False)
    targets: list[tuple[str, int]] = []
    packet = bytearray(b"\x55" * 172)
    heard = turn = 0
    begin = time.monotonic()
    while True:
        with suppress(BlockingIOError):
            order = control.recv(1 << 16)
            if not order:
                return
            if len(order) == 4:
                control.sendall(struct.pack("!Q", heard))
            else:
                targets = [(HOST, port) for port in struct.unpack(f"!{len(order) // 4}I", order)[1:]]
                begin, turn = time.monotonic(), 0
        # One millisecond's share of all streams, so that packets come spread over the 20 ms as from real phones
        while targets and time.monotonic() >= begin + turn * 0.001:
            sequence = turn // 20
            for index in range(turn % 20, len(targets), 20):
                struct.pack_into("!BBHII", packet, 0, 0x80, 0, sequence & 0xFFFF, sequence * 160, 1_000 + index)
                with suppress(OSError):
                    rtp.sendto(packet, targets[index])
            turn += 1
        with suppress(BlockingIOError):
            while rtp.recv(2_048):
                heard += 1
        time.sleep(0.0005)
