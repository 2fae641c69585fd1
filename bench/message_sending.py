"""A part of `messages.py`: messages that accounts send, from the order to the simulated carrier's receipt."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from bench.message_platform import ACCOUNTS, AT_ONCE, CREDIT, Platform, a_platform
from bench.message_processes import cpu_s, end, postgres_cpu_s, start

from dialplane.domain.addresses import tel
from dialplane.domain.ids import utc_now
from dialplane.services.charging.billing import check_ledger
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.outbound_messages import send_message

_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Sent:
    """Rates are messages a second, times CPU of a message in microseconds."""

    queued_rate: float
    queueing_us: float
    queueing_postgres_us: float
    sent_rate: float
    """To the carrier's receipt, by one worker."""
    worker_us: float
    worker_postgres_us: float
    is_right: bool
    """Each ended and paid for once, the ledger in balance."""


async def sending(count: int, folder: Path) -> Sent:
    async with a_platform(folder) as platform:
        await _send(platform, 0, 500)
        before = time.process_time(), postgres_cpu_s(platform.server), time.monotonic()
        await _send(platform, 500, count)
        queued = _spent(before, (time.process_time(), postgres_cpu_s(platform.server), time.monotonic()), count)
        worker = await start("--worker", platform.server.dsn())
        try:
            while not (first := await _ended(platform)):
                await asyncio.sleep(0.05)
            before = cpu_s(worker.pid), postgres_cpu_s(platform.server), time.monotonic()
            deadline = before[2] + _LONGEST_S
            while (ended := await _ended(platform)) < 500 + count and time.monotonic() < deadline:
                await asyncio.sleep(0.1)
            after = cpu_s(worker.pid), postgres_cpu_s(platform.server), time.monotonic()
        finally:
            await end(worker)
        sent = _spent(before, after, ended - first)
        paid = await platform.count("select -sum(amount_micros) from ledger_entries where key like 'sms:%'")
        due = await platform.count(
            "select count(*) from message_targets where status in ('delivered', 'undelivered')"
        ) * (paid // await platform.count("select count(*) from ledger_entries where key like 'sms:%'"))
        left = await platform.count("select sum(credit) from purses")
        is_right = ended == 500 + count and paid == due and left == ACCOUNTS * CREDIT - paid
        return Sent(*queued, *sent, is_right and (await check_ledger(platform.database)).balanced)


def _spent(
    before: tuple[float, float, float], after: tuple[float, float, float], count: int
) -> tuple[float, float, float]:
    """Rate, CPU of the process and CPU of Postgres."""
    own, postgres, wall = (now - was for now, was in zip(after, before, strict=True))
    return count / wall, own / count * 1e6, postgres / count * 1e6


async def _send(platform: Platform, first: int, count: int) -> None:
    """One after the other by as many requests as there may be at once, to numbers that lie apart."""
    queue = iter(range(first, first + count))

    async def one_after_the_other() -> None:
        for n in queue:
            sender = n % ACCOUNTS
            to = tel(f"+1303{n * 7919 % 10**7:07d}")
            request = MessageRequest(tel(platform.numbers[sender]), (to,), f"message {n}")
            await send_message(platform.database, platform.accounts[sender], request, utc_now())

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def _ended(platform: Platform) -> int:
    return await platform.count("select count(*) from message_targets where status not in ('queued', 'sent')")
