"""`kill -9` of everything in the middle of ten calls and five purchases, then `up` again on the same data (LED-7)."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

from dialplane.phone.softphone import Softphone
from tests.fakes.receiver import Receiver
from tests.platform.running import END_TIMEOUT_S, running
from tests.users.acting import (
    STAY_ON_THE_LINE,
    Answer,
    Place,
    call_answered,
    descendants,
    kill,
    phone,
    place,
    settled,
    until,
)

CALLS, PURCHASES = 10, 5
MINUTE_MICROS = 10_000
"""A started minute of an incoming call, and its token price is none."""


class Before:
    """What a careful user has written down when the lights go out."""

    def __init__(self) -> None:
        self.own = ""
        self.bodies: dict[str, dict[str, object]] = {}
        """Purchases by their idempotency key."""
        self.answers: dict[str, Answer] = {}
        """Those that were answered in time."""
        self.calls: set[str] = set()
        self.credit = 0
        self.places: tuple[str, str] = ("", "")


async def test_everything_is_killed_amid_calls_and_purchases_and_nothing_is_lost_or_paid_twice(tmp_path: Path) -> None:
    """LED-5, LED-7, NUM-3, API-1, WH-3."""
    data = tmp_path / "data"
    async with Receiver.listening() as receiver, phone() as softphone:
        async with running(data) as platform, place(platform) as at:
            before = await fill(at, softphone, receiver)
            await kill_everything(at)
        http, sip = before.places

        async with running(data, "--http", http, "--sip", sip) as platform, place(platform) as at:
            await at.operator.ask("PUT", "/sandbox/carrier", {"next": "ok"})
            repeated = {key: await repeat(at, key, before) for key in before.bodies}
            check = await until(lambda: settled(at))
            numbers = await at.customer.list("/numbers")
            calls = await at.customer.list("/calls")
            billings = await at.customer.list("/billings")
            account = await at.customer.get("/billing_account")
            wanted = {row["id"] for row in numbers}
            await until(lambda: told(receiver, before.calls, wanted))

    assert check["balanced"] is True
    bought = {str(body["number"]) for body in before.bodies.values()}
    assert Counter(row["number"] for row in numbers) == Counter({*bought, before.own})
    for key, first in before.answers.items():
        if first.status == 503:  # said that nothing is known yet: asking again found it out
            continue
        assert repeated[key].headers["idempotent-replayed"] == "true"
        assert (repeated[key].status, repeated[key].raw) == (first.status, first.raw)
    assert {row["status"] for row in calls} == {"hangup"}
    assert {row["id"] for row in calls} >= before.calls
    paid = Counter(row["reference_id"] for row in billings if row["amount_credit"] < 0)
    assert set(paid.values()) == {1}
    assert {row["id"] for row in numbers} | before.calls == set(paid)
    assert sum(row["amount_credit"] for row in billings) == account["balance_credit"]
    assert account["held_credit"] == 0
    assert account["balance_credit"] == before.credit - prices_of(billings, "number") - CALLS * MINUTE_MICROS


async def fill(at: Place, softphone: Softphone, receiver: Receiver) -> Before:
    """Ten answered calls, two purchases that the carrier is slow with, and three more on their way to it."""
    before = Before()
    before.places = (at.platform.ready["http"].removeprefix("http://"), f"{at.sip.host}:{at.sip.port}")
    before.credit = (await at.customer.get("/billing_account"))["balance_credit"]
    await at.customer.ask("PUT", "/customer", {"webhook_uri": receiver.url(), "webhook_method": "POST"})
    before.own = await at.buy_with_flow(STAY_ON_THE_LINE)
    for _ in range(CALLS):
        await call_answered(softphone, at, before.own)
    before.calls = await until(lambda: live_calls(at))

    wanted = await at.available(PURCHASES)
    before.bodies = {f"purchase-{place}": {"number": number} for place, number in enumerate(wanted)}
    await at.operator.ask("PUT", "/sandbox/carrier", {"next": "late"})
    for key in list(before.bodies)[:2]:
        before.answers[key] = await at.customer.ask("POST", "/numbers", before.bodies[key], Idempotency_Key=key)
    assert {answer.status for answer in before.answers.values()} == {202}
    await at.operator.ask("PUT", "/sandbox/carrier", {"next": "ok"})
    hurried = [asyncio.create_task(buy(at, key, before)) for key in list(before.bodies)[2:]]
    await asyncio.wait(hurried, return_when=asyncio.FIRST_COMPLETED)
    return before


async def buy(at: Place, key: str, before: Before) -> None:
    """The answer is written down only if it came."""
    with contextlib.suppress(aiohttp.ClientError):
        before.answers[key] = await at.customer.ask("POST", "/numbers", before.bodies[key], Idempotency_Key=key)


async def live_calls(at: Place) -> set[str]:
    rows = await at.customer.list("/calls")
    live = {row["id"] for row in rows if row["status"] == "progressing"}
    return live if len(live) == CALLS else set()


async def kill_everything(at: Place) -> None:
    """The supervisor and everything below it at once, and wait until the last is gone."""
    pids = [at.platform.process.pid, *descendants(at.platform.process.pid)]
    assert len(pids) > 8  # with Postgres and its own processes
    kill(pids)
    await at.platform.process.wait()
    async with asyncio.timeout(END_TIMEOUT_S):
        while any(Path(f"/proc/{pid}").exists() and not is_zombie(pid) for pid in pids):
            await asyncio.sleep(0.02)


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def repeat(at: Place, key: str, before: Before) -> Answer:
    answer = await at.customer.ask("POST", "/numbers", before.bodies[key], Idempotency_Key=key)
    assert answer.status in (200, 202), answer
    return answer


async def told(receiver: Receiver, calls: set[str], numbers: set[str]) -> bool:
    """Whether the customer's server has heard of every call's end and of every number."""
    events: list[Any] = [request.json() for request in receiver]
    ended = {event["data"]["id"] for event in events if event["type"] == "call_hangup"}
    made = {event["data"]["id"] for event in events if event["type"] == "number_created"}
    return calls <= ended and numbers <= made


def prices_of(billings: list[dict[str, Any]], kind: str) -> int:
    return sum(-int(row["amount_credit"]) for row in billings if row["cost_type"] == kind)
