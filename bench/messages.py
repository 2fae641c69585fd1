"""What messages and their webhooks cost, against Kannel and against a plain aiohttp client, in the same run.

    .venv/bin/python -m bench.messages [--messages 4000] [--rate 3000] [--seconds 5] [--check]

Four parts, each with the counts that prove it:

- *inbound*: a message comes in, is stored, charged by segments in the ledger, told of in the outbox, and handed to its
  number's hook, an HTTP request that is signed, logged and retried. Kannel's way of the same shape is a fake SMSC ->
  bearerbox -> smsbox -> `sms-service` GET (`apt-get install kannel`). It keeps no record, no ledger, no log and signs
  nothing. CPU a message of each of our processes and of both boxes; the receiver of either is counted on no side.
- *sustained*: messages come at `--rate` for `--seconds`; each must be stored once and charged once, and the balance
  must be what the price says, to the micro.
- *deliveries*: webhooks of a full queue, and the same bodies by a plain aiohttp client with as many requests in flight,
  by CPU of the sending process.
- *dead*: 99 good receivers and one that never answers, at 200 events a second: how long the good ones wait (WH-6).

What was found on the way, largest first:

- a message was a transaction of its own with some twenty round trips: 3.9 ms of the receiving process and 6.3 ms of
  Postgres (with the worker's part), on a busy host. What comes while one batch is on its way is now taken in together,
  in a dozen statements however many they are (`services/messaging/message_intake.py`);
- a settlement of webhooks was four round trips beside its claim; it is one;
- hooks cost three statements a message, now three a batch;
- a healthy endpoint's row was locked, and so written, at every settlement.

What is left is the way of Python's HTTP client (a quarter of a millisecond a request), which no webhook can do without,
and the worker's other duties, which look at the time while it sends.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit
from tests.worker.working import working

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, NumberId, OrganizationId, new_id, utc_now
from dialplane.domain.messaging.arrivals import InboundMessage
from dialplane.domain.messaging.messages import Message
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.numbering.targets import HookTarget, Targets
from dialplane.services.charging.billing import check_ledger
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.webhooks import set_customer_webhook
from dialplane.services.messaging.inbound_messages import receive_message

SEAL = Seal(bytes(32))
ACCOUNTS = 20
"""A platform has customers; one alone is bounded by ten webhooks in flight."""
AT_ONCE = 200
CREDIT = 10**12
_TICKS = os.sysconf("SC_CLK_TCK")

KANNEL = """
group = core
admin-port = {0}
admin-password = bench
smsbox-port = {1}
log-level = 4
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {2}
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {3}
log-level = 4

group = sms-service
keyword = default
catch-all = true
get-url = "http://127.0.0.1:{4}/?from=%p&to=%P&text=%a"
max-messages = 0
omit-empty = true
"""


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
    process = await _start("--receiver", str(port))
    try:
        while not await _answers(port):
            await asyncio.sleep(0.05)
        yield port
    finally:
        await _end(process)


async def _answers(port: int) -> bool:
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


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.messages", *arguments)


async def _end(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.wait()


# --- Kannel ---


async def kannel_us(count: int, folder: Path) -> float | None:
    """CPU of both boxes a message; None where Kannel is not installed."""
    if not Path("/usr/sbin/bearerbox").exists():
        return None
    async with receiving() as port:
        ports = [free_port() for _ in range(4)]
        settings = folder / "kannel.conf"
        settings.write_text(KANNEL.format(*ports, port))
        boxes = []
        for name, waits_for in (("bearerbox", ports[2]), ("smsbox", ports[3])):
            box = await asyncio.create_subprocess_exec(f"/usr/sbin/{name}", settings, stderr=subprocess.DEVNULL)
            boxes.append(box)
            while not await _answers(waits_for):
                await asyncio.sleep(0.1)
        try:
            _, smsc = await asyncio.open_connection("127.0.0.1", ports[2])
            await _speak(smsc, 200)
            await until_received(port, 200)
            before = [cpu_s(box.pid) for box in boxes]
            await _speak(smsc, count)
            await until_received(port, 200 + count)
            spent = sum(cpu_s(box.pid) - was for box, was in zip(boxes, before, strict=True))
        finally:
            for box in reversed(boxes):
                await _end(box)
    return spent / count * 1e6


async def _speak(smsc: asyncio.StreamWriter, count: int) -> None:
    for n in range(count):
        smsc.write(f"1303{n:07d} 12025550100 text message+{n}\n".encode())
        if n % 100 == 99:
            await smsc.drain()
            await asyncio.sleep(0.02)


# --- ours ---


@dataclass(frozen=True, slots=True)
class Platform:
    server: EmbeddedPostgres
    database: PostgresDatabase
    accounts: list[AccountId]
    numbers: list[str]

    async def count(self, sql: str) -> int:
        found: int = await self.database.pool.fetchval(sql)
        return found


@asynccontextmanager
async def a_platform(folder: Path, hook: str = "") -> AsyncIterator[Platform]:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    try:
        await migrate(server.dsn())
        database = await connect(server.dsn(), SEAL, max_size=16)
        accounts, numbers = [], []
        for n in range(ACCOUNTS):
            accounts.append(await add_account(database))
            await add_credit(database, accounts[-1], CREDIT, utc_now())
            numbers.append(f"+120255501{n:02d}")
            await _add_number(database, accounts[-1], numbers[-1], HookTarget(f"{hook}/{n}") if hook else None)
        yield Platform(server, database, accounts, numbers)
        await database.close()
    finally:
        await server.stop()


async def _add_number(
    database: PostgresDatabase, account_id: AccountId, number: str, target: HookTarget | None
) -> None:
    now = utc_now()
    async with database.transaction() as tx:
        account = await tx.accounts.get(account_id)
        organization_id = OrganizationId(account.organization_id)
        held = Number(
            NumberId(new_id(now)), account_id, organization_id, number, NumberKind.LOCAL, NumberStatus.ACTIVE, now,
            Targets(message=target),
        )  # fmt: skip
        await tx.numbers.add(held)


async def work(dsn: str) -> None:
    """The whole worker."""
    async with working(await connect(dsn, SEAL, max_size=16), dsn):
        await asyncio.Event().wait()


async def bring(platform: Platform, first: int, count: int) -> None:
    """Messages one after the other from as many carriers' requests as there may be at once."""
    queue = iter(range(first, first + count))

    async def one_after_the_other() -> None:
        for n in queue:
            await _message(platform, n)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def _message(platform: Platform, n: int) -> None:
    inbound = InboundMessage(f"+1303{n:07d}", platform.numbers[n % ACCOUNTS], f"message {n}", carrier_id=str(n))
    taken = await receive_message(platform.database, inbound, utc_now())
    assert isinstance(taken, Message), taken


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU of a message in microseconds, by process."""

    taking_in: float
    worker: float
    postgres: float

    @property
    def processes(self) -> float:
        return self.taking_in + self.worker


async def inbound(count: int, folder: Path) -> Spent:
    """Stored, charged, told of, and answered by the number's hook."""
    async with receiving() as port, a_platform(folder, f"http://127.0.0.1:{port}") as platform:
        worker = await _start("--worker", platform.server.dsn())
        try:
            await bring(platform, 0, 500)  # plans, pools, pages
            await until_received(port, 500)
            before = time.process_time(), cpu_s(worker.pid), postgres_cpu_s(platform.server)
            await bring(platform, 500, count)
            taken_in = time.process_time()
            await until_received(port, 500 + count)
            while await platform.count("select count(*) from webhook_deliveries where status <> 'delivered'"):
                await asyncio.sleep(0.1)
            after = taken_in, cpu_s(worker.pid), postgres_cpu_s(platform.server)
        finally:
            await _end(worker)
    return Spent(*((now - was) / count * 1e6 for now, was in zip(after, before, strict=True)))


@dataclass(frozen=True, slots=True)
class Sustained:
    offered: int
    stored: int
    charged: int
    rate: float
    """Messages a second, stored and charged."""
    taking_in_us: float
    postgres_us: float
    p99_ms: float
    is_right: bool
    """Each stored once and charged once, the ledger in balance."""


async def sustained(rate: int, seconds: int, folder: Path) -> Sustained:
    async with a_platform(folder, "http://127.0.0.1:9") as platform:  # a queue that nobody empties
        await bring(platform, 0, 500)
        before = time.process_time(), postgres_cpu_s(platform.server)
        offered, took = rate * seconds, list[float]()

        async def one(n: int, due: float) -> None:
            await _message(platform, n)
            took.append(time.monotonic() - due)

        begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for n in range(offered):
                due = begun + n / rate
                if due - time.monotonic() > 0.005:
                    await asyncio.sleep(due - time.monotonic())
                tasks.create_task(one(500 + n, due))
        wall = time.monotonic() - begun
        spent = time.process_time() - before[0], postgres_cpu_s(platform.server) - before[1]
        stored = await platform.count("select count(distinct key) from messages") - 500
        charged = await platform.count("select count(distinct key) from ledger_entries where key like 'sms:%:in'") - 500
        entries = await platform.count("select count(*) from ledger_entries where key like 'sms:%:in'") - 500
        left = await platform.count("select sum(credit) from purses")
        paid = await platform.count("select -sum(amount_micros) from ledger_entries where key like 'sms:%:in'")
        is_right = (await check_ledger(platform.database)).balanced and left == ACCOUNTS * CREDIT - paid
    us = [each / offered * 1e6 for each in spent]
    p99 = sorted(took)[int(len(took) * 0.99)] * 1000
    is_right = is_right and stored == charged == entries == offered
    return Sustained(offered, stored, charged, offered / wall, us[0], us[1], p99, is_right)


# --- deliveries ---


async def publish_to(platform: Platform, count: int) -> None:
    """Events for every account's webhook."""
    for first in range(0, count, 500):
        async with platform.database.transaction() as tx:
            await publish(tx, *(_event(platform, first + n) for n in range(min(500, count - first))))


def _event(platform: Platform, n: int) -> Event:
    now = utc_now()
    return Event(platform.accounts[n % ACCOUNTS], "message_created", new_id(now), {"text": f"message {n}" * 20}, now)


async def set_webhooks(platform: Platform, port: int) -> None:
    async with platform.database.transaction() as tx:
        for account_id in platform.accounts:
            await set_customer_webhook(tx, account_id, f"http://127.0.0.1:{port}/", "POST", utc_now())


async def deliveries(count: int, folder: Path) -> tuple[float, float]:
    """Webhooks a CPU-second of the worker, and of a plain client."""
    async with receiving() as port, a_platform(folder) as platform:
        await set_webhooks(platform, port)
        await publish_to(platform, count)
        worker = await _start("--worker", platform.server.dsn())
        try:
            await until_received(port, 1)
            before, had = cpu_s(worker.pid), await received(port)
            await until_received(port, count)
            ours = (count - had) / (cpu_s(worker.pid) - before)
        finally:
            await _end(worker)
        command = (sys.executable, "-m", "bench.messages", "--client", str(port), str(count))
        client = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        said, _ = await client.communicate()
        return ours, float(said)


async def plain_client(port: int, count: int) -> None:
    """The peer: the same bodies, as many in flight as ours has at most."""
    body = json.dumps({"type": "message_created", "data": {"text": "message 1234" * 20}}).encode()
    queue = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post() -> None:
            for _ in queue:
                async with session.post(f"http://127.0.0.1:{port}/", data=body) as answer:
                    await answer.read()

        before = time.process_time()
        await asyncio.gather(*(post() for _ in range(10 * ACCOUNTS)))
    print(count / (time.process_time() - before))


# --- the dead one ---

GOOD, RATE, DEAD_S = 99, 200, 8


async def dead_receiver(folder: Path) -> tuple[float, float]:
    """Median and p99 in ms between an event and its arrival at one of 99 good receivers."""
    with socket.socket() as dead:  # it listens and never answers
        dead.bind(("127.0.0.1", 0))
        dead.listen(1)
        async with receiving() as port, a_platform(folder) as platform:
            database, accounts = platform.database, list[AccountId]()
            for n in range(GOOD + 1):
                accounts.append(await add_account(database))
                url = f"http://127.0.0.1:{port if n else dead.getsockname()[1]}/"
                async with database.transaction() as tx:
                    await set_customer_webhook(tx, accounts[-1], url, "POST", utc_now())
            worker = await _start("--worker", platform.server.dsn())
            try:
                await _tell(database, accounts[1], 0)  # it is up when the first one has come
                await until_received(port, 1)
                begun = time.monotonic()
                for n in range(RATE * DEAD_S):
                    await asyncio.sleep(max(0.0, begun + n / RATE - time.monotonic()))
                    await _tell(database, accounts[n % (GOOD + 1)], n)
                await until_received(port, 1 + RATE * DEAD_S * GOOD // (GOOD + 1))
                await asyncio.sleep(0.5)
            finally:
                await _end(worker)
            rows = await database.pool.fetch(
                "select 1000 * extract(epoch from attempt.started_at - delivery.created_at) + attempt.duration_ms as ms"
                " from webhook_deliveries delivery join webhook_attempts attempt on attempt.delivery_id = delivery.id"
                " where delivery.status = 'delivered' order by delivery.created_at offset 1"
            )
    waits = sorted(float(row["ms"]) for row in rows)
    return statistics.median(waits), waits[int(len(waits) * 0.99)]


async def _tell(database: PostgresDatabase, account_id: AccountId, n: int) -> None:
    now = utc_now()
    async with database.transaction() as tx:
        await publish(tx, Event(account_id, "call_hangup", new_id(now), {"n": n}, now))


# --- the run ---


async def run(messages: int, rate: int, seconds: int) -> dict[str, float | bool | None]:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as name:
        folders = [Path(name) / each for each in ("kannel", "inbound", "sustained", "deliveries", "dead")]
        for folder in folders:
            folder.mkdir()
        kannel = await kannel_us(messages, folders[0])
        ours = await inbound(messages, folders[1])
        print(f"load of the machine at the start: {load:.1f}")
        print(f"inbound -> hook, us a message: taking in {ours.taking_in:.0f}, worker {ours.worker:.0f},", end=" ")
        print(f"Postgres {ours.postgres:.0f}; Kannel {kannel or float('nan'):.0f}")
        held = await sustained(rate, seconds, folders[2])
        print(f"sustained: {held.stored} of {held.offered} stored, {held.charged} charged, {held.rate:.0f}/s,", end=" ")
        print(
            f"taking in {held.taking_in_us:.0f} us, Postgres {held.postgres_us:.0f} us, p99 {held.p99_ms:.0f} ms,",
            end=" ",
        )
        print("right" if held.is_right else "WRONG")
        sent, plain = await deliveries(messages, folders[3])
        print(f"deliveries a CPU-second: {sent:.0f}, plain aiohttp {plain:.0f}")
        p50, p99 = await dead_receiver(folders[4])
        print(f"beside a dead receiver: p50 {p50:.0f} ms, p99 {p99:.0f} ms (at most 1,000)")
    return {
        "ratio": ours.processes / kannel if kannel else None,
        "ratio_with_postgres": (ours.processes + ours.postgres) / kannel if kannel else None,
        "sustained_rate": held.rate,
        "is_right": held.is_right,
        "deliveries_ratio": sent / plain,
        "dead_p99_ms": p99,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--rate", type=int, default=3000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--receiver", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--client", nargs=2, type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        uvloop.run(work(chosen.worker))
    elif chosen.receiver:
        uvloop.run(receive(chosen.receiver))
    elif chosen.client:
        uvloop.run(plain_client(*chosen.client))
    else:
        print(json.dumps({"bench": "messages"} | uvloop.run(run(chosen.messages, chosen.rate, chosen.seconds))))
