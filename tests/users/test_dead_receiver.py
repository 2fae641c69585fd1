"""A customer's webhook server that is down for a while, then back (WH-3, WH-4, WH-7)."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.fakes.receiver import Receiver
from tests.ports import free_port
from tests.users.acting import Place, until

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture(scope="module")
def at(common: Place) -> Place:
    """Shared with other modules."""
    return common


CHANGES = 4
FIRST_RETRY_S = 5 * 1.2
"""WH-4: five seconds, give or take a fifth."""


async def test_events_for_a_receiver_that_is_down_arrive_once_and_in_order_when_it_is_back(at: Place) -> None:
    """WH-3, WH-4: nobody listens at first; the first retry finds somebody."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    await at.customer.ask("PUT", "/customer", {"webhook_uri": url, "webhook_method": "POST"})
    number = await at.customer.make("/numbers", {"number": "+899100000001", "name": "0"})
    for change in range(1, CHANGES + 1):
        answer = await at.customer.ask("PUT", f"/numbers/{number['id']}", {"name": str(change)})
        assert answer.status == 200
    failed = await until(lambda: first_failure(at))

    async with Receiver.listening(port=port) as receiver:
        await receiver.wait_for(CHANGES + 1)
        await until(lambda: all_delivered(at, CHANGES + 1))
        await asyncio.sleep(0.5)  # a second copy would come now
        received = list(receiver)

    told: list[Any] = [each.json() for each in received]
    mine = [event["data"]["name"] for event in told if event["data"]["id"] == number["id"]]
    assert failed["attempts"][0]["status"] in (None, 0)
    assert failed["attempts"][0]["error"]
    assert failed["tm_next_attempt"]
    assert mine == [str(change) for change in range(CHANGES + 1)]
    assert len({each.headers["webhook-id"] for each in received}) == len(received)


async def test_delivery_is_sent_again_when_its_owner_asks(at: Place) -> None:
    """WH-7: with the same `webhook-id`, so that a careful receiver knows it."""
    async with Receiver.listening() as receiver:
        await at.customer.ask("PUT", "/customer", {"webhook_uri": receiver.url(), "webhook_method": "POST"})
        await at.customer.make("/numbers", {"number": "+899100000002"})
        (first,) = await receiver.wait_for(1)
        await until(lambda: all_delivered(at, 1))
        (delivery, *_) = (await at.customer.get("/webhook_deliveries"))["result"]

        replay = await at.customer.make(f"/webhook_deliveries/{delivery['id']}/replay")
        second = (await receiver.wait_for(2))[1]

    assert replay["replay_of"] == delivery["id"]
    assert second.body == first.body
    assert second.headers["webhook-id"] == first.headers["webhook-id"]


async def move_clock(at: Place, to: datetime) -> None:
    answer = await at.operator.ask("PUT", "/sandbox/clock", {"now": to.isoformat()})
    assert answer.status == 200, answer


async def first_failure(at: Place) -> dict[str, Any] | None:
    """The delivery that was tried in vain."""
    rows = await at.customer.list("/webhook_deliveries")
    return next((row for row in rows if row["attempt_count"]), None)


async def all_delivered(at: Place, count: int) -> bool:
    rows = await at.customer.list("/webhook_deliveries")
    return len(rows) >= count and {row["status"] for row in rows} == {"delivered"}


async def test_receiver_that_is_down_for_an_hour_gets_everything_as_soon_as_it_is_asked_again(at: Place) -> None:
    """WH-4, WH-6: an hour of the sandbox's clock, in which the schedule's pauses of 5 s, 5 min and 30 min pass."""
    port = free_port()
    await at.customer.ask("PUT", "/customer", {"webhook_uri": f"http://127.0.0.1:{port}/", "webhook_method": "POST"})
    names = [str(n) for n in range(CHANGES)]
    number = await at.customer.make("/numbers", {"number": "+899100000003", "name": "first"})
    for name in names:
        await at.customer.ask("PUT", f"/numbers/{number['id']}", {"name": name})
    [endpoint] = [e for e in await at.customer.list("/webhook_endpoints") if e["kind"] == "customer"]
    health = f"/webhook_endpoints/{endpoint['id']}/health"

    async def tried(count: int) -> bool:
        rows = await at.customer.list("/webhook_deliveries")
        mine = [row for row in rows if row["webhook_endpoint_id"] == endpoint["id"] and row["status"] == "pending"]
        return any(row["attempt_count"] >= count for row in mine)

    await until(lambda: tried(1))
    failing = await at.customer.get(health)
    clock = datetime.now(UTC)
    for count, minutes in ((2, 1), (3, 10)):
        await move_clock(at, clock + timedelta(minutes=minutes))
        await until(partial(tried, count))
    async with Receiver.listening(port=port) as receiver:
        await move_clock(at, clock + timedelta(hours=1))
        received = await receiver.wait_for(CHANGES + 1)
        await until(lambda: all_delivered(at, CHANGES + 1))
    well = await at.customer.get(health)

    told: list[Any] = [each.json() for each in received]
    assert [each["data"]["name"] for each in told] == ["first", *names]
    assert (failing["state"], well["state"]) == ("failing", "healthy")
    assert failing["failing_since"]
    assert failing["waiting"] == CHANGES + 1
    assert well["failing_since"] is None
