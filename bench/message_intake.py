"""Two parts of `messages.py`: a message from its arrival to its hook, and how many a second are kept."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from bench.message_platform import ACCOUNTS, CREDIT, a_platform, bring, bring_one
from bench.message_processes import cpu_s, end, postgres_cpu_s, receiving, start, until_received

from dialplane.services.charging.billing import check_ledger


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
        worker = await start("--worker", platform.server.dsn())
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
            await end(worker)
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
            await bring_one(platform, n)
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
