"""GET of one number, with authentication, rate limits and validation, against FastAPI and an asyncpg pool without.

Both run in one process each on the same Postgres, one after the other in the same run, under the same load of
32 connections. What counts is requests per second of the process's own CPU.

    .venv/bin/python bench/api.py [--seconds 5] [--peer-python PATH] [--check 1.5]

FastAPI is no dependency of ours: `--peer-python` names an interpreter that has fastapi, uvicorn, asyncpg and uvloop.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import uvicorn
import uvloop

from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.postgres.database import connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.domain.accounts import Plan
from dialplane.domain.errors import Unavailable
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.orders import NumberOrder
from dialplane.faces.app import create_app
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.api_runs import RunWish
from dialplane.services.provisioning import AccountDraft, create_account, create_organization
from dialplane.services.purchase import buy_number

CONNECTIONS = 32
OPEN = RateLimits(*[Rate(1e6, 10**6)] * 3)
"""The buckets are counted, and never empty."""


class NoRuns:
    async def start(self, account_id: AccountId, wish: RunWish) -> Run:
        raise Unavailable("the benchmark runs no flows")


async def prepare(dsn: str) -> tuple[str, str]:
    """An account with one number: `(access key, number id)`."""
    await migrate(dsn)
    database = await connect(dsn)
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
    database = await connect(dsn, min_size=4, max_size=CONNECTIONS + 4)
    ports = Dependencies(
        database=database,
        signer=JwtSigner("secret of the benchmark, long enough"),
        hasher=Argon2Hasher(),
        carriers=CarrierRegistry({}),
        runs=NoRuns(),
        recordings_folder=Path(tempfile.gettempdir()),
        rate_limits=OPEN,
        access_log=False,
    )
    config = uvicorn.Config(create_app(ports), port=port, access_log=False, log_level="warning", lifespan="off")
    await uvicorn.Server(config).serve()


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


async def load(seconds: float, port: int, request: bytes) -> int:
    deadline = monotonic() + seconds
    return sum(await asyncio.gather(*(ask_until(deadline, port, request) for _ in range(CONNECTIONS))))


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


async def measure(command: Sequence[str], dsn: str, request: bytes, seconds: float) -> dict[str, float]:
    """Start a server, warm it up, load it, end it."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(*command, dsn, str(port))
    try:
        await wait_open(port)
        await load(1, port, request)
        before = cpu_s(process.pid)
        answers = await load(seconds, port, request)
        used = cpu_s(process.pid) - before
    finally:
        process.terminate()
        await process.wait()
    return {
        "per_s": round(answers / seconds),
        "per_cpu_s": round(answers / used),
        "us_cpu": round(used / answers * 1e6),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--check", type=float, default=0.0, help="fail below this ratio")
    parser.add_argument("--serve", nargs=2, metavar=("DSN", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve(options.serve[0], int(options.serve[1])))
        return 0
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as folder:
        return uvloop.run(compare(Path(folder), options))


async def compare(folder: Path, options: argparse.Namespace) -> int:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    try:
        dsn = server.dsn()
        key, number_id = await prepare(dsn)
        plain = f"GET /v1.0/numbers/{number_id} HTTP/1.1\r\nHost: localhost\r\n"
        own_request = f"{plain}Authorization: Bearer {key}\r\n\r\n".encode()
        ours = await measure([sys.executable, __file__, "--serve"], dsn, own_request, options.seconds)
        peer_command = [options.peer_python, str(Path(__file__).with_name("api_peer.py"))]
        peer = await measure(peer_command, dsn, f"{plain}\r\n".encode(), options.seconds)
    finally:
        await server.stop()
    ratio = round(ours["per_cpu_s"] / peer["per_cpu_s"], 2)
    print(json.dumps({"bench": "api", "ours": ours, "fastapi": peer, "ratio": ratio}))
    return 0 if ratio >= options.check else 1


if __name__ == "__main__":
    sys.exit(main())
