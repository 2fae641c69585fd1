"""GET of one number, with authentication, rate limits and validation, against FastAPI and an asyncpg pool without.

Both answer the same fields of the same row, with one uvicorn worker (uvloop, httptools) each, on one Postgres. They
take turns in one run under the same load of 32 connections. What counts is requests per second of the server
process's own CPU (/proc/PID/stat), because wall times depend on what else the machine does. The turns are many and
short and the median of each side counts, so that a neighbour's burst spoils a few turns and not the result.

    .venv/bin/python -m bench.api [--seconds 1] [--turns 15] [--peer-python PATH] [--check 1.5]

The load comes from `wrk` (apt install wrk) where it is installed, else from a process of this script; the report says
which. FastAPI is no dependency of ours: `--peer-python` names an interpreter that has fastapi, uvicorn, httptools,
asyncpg and uvloop.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import monotonic

import uvloop
from tests.faces.conftest import dependencies

from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.postgres.database import connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.hints import EVENT_CHANNEL, PostgresHints
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.sealing import Seal
from dialplane.bootstrap.api import Server, server_config
from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.app import create_app
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.eventing.event_feed import EventFeed
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.tenancy.provisioning import AccountDraft, create_account, create_organization

SEAL = Seal(bytes(32))
CONNECTIONS = 32
OPEN = RateLimits(*[Rate(1e6, 10**6)] * 3)
"""The buckets are counted, and never empty."""


async def prepare(dsn: str) -> tuple[str, str]:
    """An account with one number: `(access key, number id)`."""
    await migrate(dsn)
    database = await connect(dsn, SEAL)
    now = utc_now()
    organization = await create_organization(database, "bench", (), now=now)
    draft = AccountDraft("bench", "bench@example.org", organization.id, Plan.FREE, verified=True)
    made = await create_account(database, Argon2Hasher(), draft, now=now)
    wanted = NumberOrder(number="+899100000001")
    number = await buy_number(database, CarrierRegistry({}), made.account.id, wanted, now)
    await database.close()
    return made.credentials.access_key, str(number.id)


async def serve(dsn: str, port: int) -> None:
    """Our side of the comparison."""
    database = await connect(dsn, SEAL, min_size=4, max_size=CONNECTIONS + 4)
    made = dependencies(database, Path(tempfile.gettempdir()), rate_limits=OPEN)
    events = EventFeed(database, PostgresHints(dsn, EVENT_CHANNEL))
    ports = replace(made, hasher=Argon2Hasher(), events=events, access_log=False)
    server = Server(server_config(create_app(ports)))
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        await server.serve(sockets=[listener])


async def ask_until(deadline: float, port: int, request: bytes) -> int:
    """One connection: ask, read the answer, ask again. How many answers came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = 0
    while monotonic() < deadline:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
        await reader.readexactly(length)
        answers += 1
    writer.close()
    return answers


async def ask_all(seconds: float, port: int, path: str) -> int:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    deadline = monotonic() + seconds
    return sum(await asyncio.gather(*(ask_until(deadline, port, request) for _ in range(CONNECTIONS))))


async def load(seconds: int, port: int, path: str) -> int:
    """How many requests the server at `port` answered, asked by another process."""
    wrk = shutil.which("wrk")
    if wrk:
        url = f"http://127.0.0.1:{port}{path}"
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
    else:
        command = [sys.executable, "-m", "bench.api", "--load", str(seconds), str(port), path]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said = (await process.communicate())[0].decode()
    found = re.search(r"(\d+) requests in", said)
    if found is None or "Non-2xx" in said:
        raise RuntimeError(said)
    return int(found[1])


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def wait_open(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@dataclass(frozen=True)
class Served:
    """A server that runs, and what to ask it."""

    pid: int
    port: int
    path: str

    async def measure(self, seconds: int) -> float:
        """Microseconds of the server's CPU for a request."""
        before = cpu_s(self.pid)
        answers = await load(seconds, self.port, self.path)
        return (cpu_s(self.pid) - before) / answers * 1e6


@asynccontextmanager
async def running(command: Sequence[str], dsn: str, path: str) -> AsyncIterator[Served]:
    """Start a server, wait until it serves, warm it up; end it with the block."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(*command, dsn, str(port), stdout=asyncio.subprocess.DEVNULL)
    try:
        await wait_open(port)
        await load(1, port, path)
        yield Served(process.pid, port, path)
    finally:
        process.terminate()
        await process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=1, help="length of a turn")
    parser.add_argument("--turns", type=int, default=15, help="turns of each side")
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--check", type=float, default=0.0, help="fail below this ratio")
    parser.add_argument("--serve", nargs=2, metavar=("DSN", "PORT"), help=argparse.SUPPRESS)
    parser.add_argument("--load", nargs=3, metavar=("SECONDS", "PORT", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve(options.serve[0], int(options.serve[1])))
        return 0
    if options.load:
        seconds, port, path = options.load
        print(uvloop.run(ask_all(float(seconds), int(port), path)), "requests in", seconds, "s")
        return 0
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as folder:
        return uvloop.run(compare(Path(folder), options))


async def compare(folder: Path, options: argparse.Namespace) -> int:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    try:
        dsn = server.dsn()
        key, number_id = await prepare(dsn)
        path = f"/v1.0/numbers/{number_id}"
        peer_command = [options.peer_python, str(Path(__file__).with_name("api_peer.py"))]
        async with AsyncExitStack() as stack:
            own_command = [sys.executable, "-m", "bench.api", "--serve"]
            own = await stack.enter_async_context(running(own_command, dsn, f"{path}?accesskey={key}"))
            peer = await stack.enter_async_context(running(peer_command, dsn, path))
            turns = [
                (await own.measure(options.seconds), await peer.measure(options.seconds)) for _ in range(options.turns)
            ]
    finally:
        await server.stop()
    own_us = [ours for ours, _ in turns]
    peer_us = [theirs for _, theirs in turns]
    ratio = median(peer_us) / median(own_us)
    report = {
        "bench": "api",
        "load": "wrk" if shutil.which("wrk") else "asyncio",
        "per_cpu_s": round(1e6 / median(own_us)),
        "fastapi_per_cpu_s": round(1e6 / median(peer_us)),
        "us_cpu": summary(own_us),
        "fastapi_us_cpu": summary(peer_us),
        "ratio": round(ratio, 2),
    }
    print(json.dumps(report))
    return 0 if ratio >= options.check else 1


def summary(us: list[float]) -> dict[str, int]:
    """How much the turns differ: a wide spread is a busy machine."""
    return {"least": round(min(us)), "median": round(median(us)), "most": round(max(us))}


if __name__ == "__main__":
    sys.exit(main())
