"""Two parts of `messages.py`: webhooks of a full queue, and good receivers beside a dead one."""

import asyncio
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.message_platform import ACCOUNTS, Platform, a_platform
from bench.message_processes import cpu_s, end, received, receiving, start, until_received
from tests.fakes.accounts import add_account

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, new_id, utc_now
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.webhooks import set_customer_webhook

GOOD, RATE, DEAD_S = 99, 200, 8


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
        worker = await start("--worker", platform.server.dsn())
        try:
            await until_received(port, 1)
            before, had = cpu_s(worker.pid), await received(port)
            await until_received(port, count)
            ours = (count - had) / (cpu_s(worker.pid) - before)
        finally:
            await end(worker)
        command = (sys.executable, "-m", "bench.messages", "--client", str(port), str(count))
        client = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        said, _ = await client.communicate()
        return ours, float(said)


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
            worker = await start("--worker", platform.server.dsn())
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
                await end(worker)
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
