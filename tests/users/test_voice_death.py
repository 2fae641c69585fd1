"""One process after another is killed while calls go on: what is lost, and how soon everybody is back (AV-2, AV-3)."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from dialplane.phone.softphone import PhoneCall, Softphone
from tests.effort import PATIENCE_S, business
from tests.fakes.receiver import Receiver
from tests.users.acting import STAY_ON_THE_LINE, Place, call, call_answered, database_away, kill, settled, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE_UNIT_MICROS = 10_000
"""A started minute of an incoming call."""


async def number_of(at: Place) -> str:
    """The module's number, which keeps callers on the line."""
    if not at.buyable:
        at.buyable.append(await at.buy_with_flow(STAY_ON_THE_LINE))
    return at.buyable[0]


async def live_calls(softphone: Softphone, at: Place, count: int) -> tuple[list[PhoneCall], list[str]]:
    """Answered calls and their ids in the platform's record, as soon as it shows all as progressing."""
    number = await number_of(at)
    before = {row["id"] for row in await at.customer.list("/calls")}
    placed = [await call_answered(softphone, at, number) for _ in range(count)]

    async def recorded() -> list[str]:
        rows = await at.customer.list("/calls")
        # A call of the test before may be written only now: it is over.
        live = [row["id"] for row in rows if row["id"] not in before and row["status"] == "progressing"]
        return live if len(live) == count else []

    return placed, await until(recorded)


async def records(at: Place, ids: list[str]) -> list[dict[str, Any]]:
    """The calls' records, when all have ended."""

    async def ended() -> list[dict[str, Any]]:
        rows = [await at.customer.get(f"/calls/{each}") for each in ids]
        return rows if all(row["status"] == "hangup" for row in rows) else []

    return await until(ended)


async def can_call(softphone: Softphone, at: Place) -> None:
    """New calls are answered again."""

    async def answered() -> bool:
        placed = await call(softphone, at, await number_of(at))
        with suppress(TimeoutError):
            async with asyncio.timeout(business()):
                if await placed.wait_answered():
                    placed.hang_up()
                    return True
        placed.hang_up()
        return False

    await until(answered, pause_s=0.05)


async def billed(at: Place, ids: list[str]) -> list[dict[str, Any]]:
    return [row for row in await at.customer.list("/billings") if row["reference_id"] in ids]


async def test_killed_voice_process_is_back_in_5_s_and_its_calls_are_closed_and_billed(
    at: Place, softphone: Softphone
) -> None:
    """AV-2: billed up to the last proof of life, each once; the callers are told by the process's successor."""
    placed, ids = await live_calls(softphone, at, 3)
    killed_at, began = datetime.now(UTC), time.monotonic()

    kill([at.platform.children()["voice"]])
    await can_call(softphone, at)
    took_s = time.monotonic() - began
    rows = await records(at, ids)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(each.ended.wait() for each in placed))

    assert took_s < 5 * business()
    for row in rows:
        ended_at = datetime.fromisoformat(row["tm_hangup"])
        assert -2.5 < (ended_at - killed_at).total_seconds() < 0.5
        assert "process" in row["cause_text"]
    charges = await billed(at, ids)
    assert sorted(row["reference_id"] for row in charges) == sorted(ids)
    assert {row["amount_credit"] for row in charges} == {-ONE_UNIT_MICROS}


async def test_killed_media_process_ends_live_calls_with_a_reason_and_new_ones_work(
    at: Place, softphone: Softphone
) -> None:
    placed, ids = await live_calls(softphone, at, 2)

    kill([at.platform.children()["media"]])
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(each.ended.wait() for each in placed))
    rows = await records(at, ids)
    await can_call(softphone, at)

    assert {row["cause_text"] for row in rows} == {"the media process went away"}
    assert len(await billed(at, ids)) == 2


async def test_killed_worker_and_api_come_back_and_nothing_is_lost(at: Place) -> None:
    """WH-3: events that were written while nobody could send them arrive."""
    async with Receiver.listening() as receiver:
        await at.customer.ask("PUT", "/customer", {"webhook_uri": receiver.url(), "webhook_method": "POST"})
        old = at.platform.children()
        kill([old["worker"]])
        await number_of(at)
        (number, *_) = await at.customer.list("/numbers")
        await at.customer.ask("PUT", f"/numbers/{number['id']}", {"name": "made meanwhile"})
        kill([old["api"]])

        async def came() -> bool:
            told: list[Any] = [each.json() for each in receiver]
            return ("number_updated", "made meanwhile") in [(each["type"], each["data"].get("name")) for each in told]

        async def served() -> bool:
            return (await at.customer.ask("GET", f"/numbers/{number['id']}")).status == 200

        assert await until(served)
        assert await until(came)
        await at.customer.ask("PUT", "/customer", {"webhook_uri": "", "webhook_method": "POST"})
    assert not set(old.values()) & {at.platform.children()["worker"], at.platform.children()["api"]}


async def test_killed_postgres_costs_503_and_no_call(at: Place, softphone: Softphone) -> None:
    """AV-3: refused within two seconds, live calls go on, all is back within five seconds, no record is lost."""
    going_on, ids = await live_calls(softphone, at, 3)
    processes = at.platform.children()
    async with database_away(at):
        slowest, statuses = await ask_for_a_while(at, 3.0)
        refused_call = await call(softphone, at, await number_of(at))
        async with asyncio.timeout(PATIENCE_S):
            await refused_call.ended.wait()
        going_on[0].hang_up()
    await can_call(softphone, at)
    still = [each.ended.is_set() for each in going_on]
    for each in going_on:
        each.hang_up()
    rows = await records(at, ids)
    check = await until(lambda: settled(at))

    assert statuses == {503}
    assert slowest < 2.5 * business()
    assert refused_call.end is not None
    assert refused_call.end.status == 503
    assert still == [True, False, False]
    assert {row["hangup_reason"] for row in rows} == {"normal"}
    assert sorted(row["reference_id"] for row in await billed(at, ids)) == sorted(ids)
    assert check["balanced"] is True
    assert at.platform.children() == processes


async def ask_for_a_while(at: Place, seconds: float) -> tuple[float, set[int]]:
    """The longest time that an answer took, and the statuses seen."""
    loop = asyncio.get_running_loop()
    end, slowest, statuses = loop.time() + seconds, 0.0, set()
    while loop.time() < end:
        asked = loop.time()
        statuses.add((await at.customer.ask("GET", "/numbers")).status)
        slowest = max(slowest, loop.time() - asked)
        await asyncio.sleep(0.1)
    return slowest, statuses
