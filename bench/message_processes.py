"""What the parts of `messages.py` start beside themselves, and the CPU that it takes."""

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from dialplane.adapters.postgres.embedded import EmbeddedPostgres

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system time of a process and its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[n]) for n in (11, 12, 13, 14)) / _TICKS


def postgres_cpu_s(server: EmbeddedPostgres) -> float:
    assert server.process is not None
    postmaster = server.process.pid
    children = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if _parent(path) == postmaster]
    return cpu_s(postmaster) + sum(cpu_s(child) for child in children)


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:  # it ended between two looks
        return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.messages", *arguments)


async def end(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.wait()


# --- the receiver, in a process of its own ---


class Receiver(asyncio.Protocol):
    """Answers 200 to whatever comes; `GET /count` says to how much."""

    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._octets = b""

    def data_received(self, data: bytes) -> None:
        self._octets += data
        while b"\r\n\r\n" in self._octets:
            head, _, rest = self._octets.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
            )
            if len(rest) < length:
                return
            self._octets = rest[length:]
            body = b"Sent."
            if head.startswith(b"GET /count"):
                body = str(Receiver.count).encode()
            else:
                Receiver.count += 1
            answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
            self._transport.write(answer % (len(body), body))  # type: ignore[attr-defined]  # it is a socket's


async def receive(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", port, backlog=1000)
    await server.serve_forever()


@asynccontextmanager
async def receiving() -> AsyncIterator[int]:
    port = free_port()
    process = await start("--receiver", str(port))
    try:
        while not await answers(port):
            await asyncio.sleep(0.05)
        yield port
    finally:
        await end(process)


async def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        (await asyncio.open_connection("127.0.0.1", port))[1].close()
        return True
    return False


async def received(port: int) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/count") as answer:
        return int(await answer.text())


async def until_received(port: int, count: int) -> float:
    """When everything had come."""
    deadline = time.monotonic() + 300
    while await received(port) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{await received(port)} of {count} arrived")
        await asyncio.sleep(0.1)
    return time.monotonic()
