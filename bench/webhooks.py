"""What inbound messages and their webhooks cost: CPU per message of receiver side, worker and Postgres, and latency.

    python -m bench.webhooks [messages]

An inbound message is stored, charged and told (three events); the customer's webhook gets each event, signed. A worker
process of its own delivers. The peer is Kannel's way from a fake SMSC to an HTTP GET: 158 to 201 microseconds of CPU a
message (measured: reference, performance section 7), which signs nothing, stores no ledger and keeps no log.
"""

import asyncio
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import web
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.link import PostgresLink
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.ids import utc_now
from dialplane.domain.networks import parse_networks
from dialplane.services.eventing.webhooks import set_customer_webhook
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.worker.deliveries import Deliveries

SEAL = Seal(bytes(32))
KANNEL_US = 180
AT_ONCE = 16
OWN = "+12025550100"
EVENTS_A_MESSAGE = 3
"""`message_created`, `conversation_created` and `conversation_message_created`: every message has its own sender."""
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system time of a process and its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[n]) for n in (11, 12, 13, 14)) / _TICKS


def postgres_cpu_s(postmaster: int) -> float:
    children = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if _parent(path) == postmaster]
    return cpu_s(postmaster) + sum(cpu_s(child) for child in children)


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:  # it ended between two looks
        return 0


async def work(dsn: str) -> None:
    """The worker process: deliveries only."""
    database = await connect(dsn, SEAL)
    link = PostgresLink(dsn)
    async with GuardedClient(allow=parse_networks(["127.0.0.0/8"])) as client, asyncio.TaskGroup() as tasks:
        duty = Deliveries(database, client, link)
        tasks.create_task(link.keep(lambda _: duty.wake.set()))
        tasks.create_task(duty.run(asyncio.Event()))


async def measure(count: int, folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    await migrate(server.dsn())
    arrived: dict[str, float] = {}
    everything = asyncio.Event()
    wanted = count * EVENTS_A_MESSAGE

    async def take(request: web.Request) -> web.Response:
        await request.read()
        arrived.setdefault(request.headers["webhook-id"], time.monotonic())
        if len(arrived) >= wanted:
            everything.set()
        return web.Response()

    application = web.Application()
    application.router.add_post("/", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    database = await connect(server.dsn(), SEAL, max_size=AT_ONCE)
    account_id = await add_account(database)
    await add_credit(database, account_id, 100_000_000_000, utc_now())
    await add_number(database, account_id, OWN, utc_now())
    async with database.transaction() as tx:
        port = runner.addresses[0][1]
        await set_customer_webhook(tx, account_id, f"http://127.0.0.1:{port}/", "POST", utc_now())
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.webhooks", "--worker", server.dsn())
    try:
        await _run(count, database, worker, server, everything)
    finally:
        worker.kill()
        await worker.wait()
        await runner.cleanup()
        await database.close()
        await server.stop()


async def _run(
    count: int,
    database: PostgresDatabase,
    worker: asyncio.subprocess.Process,
    server: EmbeddedPostgres,
    everything: asyncio.Event,
) -> None:
    assert server.process is not None
    for _ in range(3):  # the worker is up when the first one's webhook is delivered
        await receive_message(database, InboundMessage("+12025550199", OWN, "warm"), utc_now())
    await asyncio.sleep(2)
    before = resource.getrusage(resource.RUSAGE_SELF)
    worker_before, store_before = cpu_s(worker.pid), postgres_cpu_s(server.process.pid)
    started = time.monotonic()
    queue = iter(range(count))
    took: list[float] = []

    async def bring() -> None:
        for n in queue:
            at = time.monotonic()
            await receive_message(database, InboundMessage(f"+1303{n:07d}", OWN, f"message {n}"), utc_now())
            took.append(time.monotonic() - at)

    await asyncio.gather(*(bring() for _ in range(AT_ONCE)))
    stored_s = time.monotonic() - started
    await asyncio.wait_for(everything.wait(), 120)
    all_s = time.monotonic() - started
    own = resource.getrusage(resource.RUSAGE_SELF)
    own_us = (own.ru_utime + own.ru_stime - before.ru_utime - before.ru_stime) / count * 1e6
    worker_us = (cpu_s(worker.pid) - worker_before) / count * 1e6
    store_us = (postgres_cpu_s(server.process.pid) - store_before) / count * 1e6
    print(f"messages: {count}, stored at {count / stored_s:.0f}/s, all told after {all_s:.2f} s")
    print(f"receive p50 {statistics.median(took) * 1000:.1f} ms")
    print(f"CPU a message: receiving side (with the customer's server) {own_us:.0f} us, worker {worker_us:.0f} us,")
    print(f"  Postgres {store_us:.0f} us; worker and receiving side against Kannel's {KANNEL_US} us:", end=" ")
    print(f"{(own_us + worker_us) / KANNEL_US:.1f} x")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        asyncio.run(work(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, Path(name)))
