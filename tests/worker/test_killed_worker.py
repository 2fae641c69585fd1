"""WH-3: a worker that is killed again and again loses no event, doubles none under another id, and keeps the order."""

import asyncio
import random
import sys
from collections import defaultdict
from uuid import uuid4

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import utc_now
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.webhooks import set_customer_webhook
from tests.effort import PATIENCE_S
from tests.fakes.accounts import add_account
from tests.fakes.receiver import Receiver

RESOURCES = 40
EVENTS_EACH = 15
KILLS = 8


async def _start(dsn: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.worker.process", dsn)


def _first_deliveries(receiver: Receiver) -> dict[str, list[object]]:
    """The steps of each resource in the order in which they arrived first, by the ids of the events."""
    seen: set[str] = set()
    steps: dict[str, list[object]] = defaultdict(list)
    for request in receiver:
        data = request.json()["data"]
        assert isinstance(data, dict)
        if request.headers["webhook-id"] not in seen:
            seen.add(request.headers["webhook-id"])
            steps[str(data["id"])].append(data["step"])
    return steps


async def test_no_event_is_lost_or_out_of_order_when_the_worker_is_killed(database: PostgresDatabase, dsn: str) -> None:
    """WH-3, at a smaller count."""
    account_id = await add_account(database)
    resources = [uuid4() for _ in range(RESOURCES)]
    async with Receiver.listening() as receiver:
        receiver.delay_s = 0.01
        async with database.transaction() as tx:
            await set_customer_webhook(tx, account_id, receiver.url(), "POST", utc_now())
        for step in range(EVENTS_EACH):
            async with database.transaction() as tx:
                data = [{"id": str(each), "step": step} for each in resources]
                events = [
                    Event(account_id, "call_updated", each, shown, utc_now())
                    for each, shown in zip(resources, data, strict=True)
                ]
                await publish(tx, *events)

        for n in range(KILLS):
            process = await _start(dsn)
            await receiver.wait_for((n + 1) * RESOURCES + random.randrange(RESOURCES))
            process.kill()
            await process.wait()
        last = await _start(dsn)
        async with asyncio.timeout(PATIENCE_S):
            while len({each.headers["webhook-id"] for each in receiver}) < RESOURCES * EVENTS_EACH:
                await receiver.wait_for(len(receiver.requests) + 1)
        last.kill()
        await last.wait()

    assert _first_deliveries(receiver) == {str(each): list(range(EVENTS_EACH)) for each in resources}
    assert len(receiver.requests) - RESOURCES * EVENTS_EACH <= 10 * KILLS
