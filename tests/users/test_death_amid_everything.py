"""The voice or the media process is killed while callers meet, wait, are recorded and talk with each other (AV-2).

What plain calls lose stands in `test_voice_death.py`; here, what else there is of a call.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from dialplane.phone.softphone import Softphone
from tests.users.acting import Place, call, call_answered, kill, settled, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

STAYS_ON_THE_LINE = "+12025550100"
"""Of the simulated carrier."""
LIVE_CALLS = 5
"""Two in the conference, one in the queue, and one that talks with another."""


@dataclass
class House:
    """What the module's calls run into."""

    meeting: str
    desk: str
    joined: str
    conference: str
    queue: str


@pytest.fixture(scope="module")
def houses() -> list[House]:
    return []


async def house_of(at: Place, houses: list[House]) -> House:
    if not houses:
        conference = (await at.customer.make("/conferences", {"type": "conference", "name": "team"}))["id"]
        queue = (await at.customer.make("/queues", {"name": "desk"}))["id"]
        answered: list[dict[str, Any]] = [{"type": "answer"}]
        destinations = [{"type": "tel", "target": STAYS_ON_THE_LINE}]
        meeting = {"type": "conference_join", "option": {"conference_id": conference}}
        houses.append(
            House(
                await at.buy_with_flow([*answered, {"type": "recording_start"}, meeting]),
                await at.buy_with_flow([*answered, {"type": "queue_join", "option": {"queue_id": queue}}]),
                await at.buy_with_flow([*answered, {"type": "connect", "option": {"destinations": destinations}}]),
                conference,
                queue,
            )
        )
    return houses[0]


@asynccontextmanager
async def everything_going_on(softphone: Softphone, at: Place, house: House) -> AsyncIterator[list[str]]:
    """The live calls' ids, when all have met whom they should."""
    before = {row["id"] for row in await at.customer.list("/calls")}
    placed = [
        await call_answered(softphone, at, number)
        for number in (house.meeting, house.meeting, house.desk, house.joined)
    ]

    async def all_met() -> list[str]:
        rows = [row for row in await at.customer.list("/calls") if row["id"] not in before]
        live = [row["id"] for row in rows if row["status"] == "progressing"]
        conference = await at.customer.get(f"/conferences/{house.conference}")
        waiting = [row for row in await at.customer.list("/queuecalls") if row["status"] == "waiting"]
        running = [row for row in await at.customer.list("/recordings") if row["status"] == "recording"]
        counts = (len(live), len(conference["conferencecall_ids"]), len(waiting), len(running))
        return live if counts == (LIVE_CALLS, 2, 1, 2) else []

    ids = await until(all_met)
    try:
        yield ids
    finally:
        for each in placed:
            each.hang_up()


@pytest.mark.parametrize("victim", ["voice", "media"])
async def test_whatever_goes_on_is_ended_kept_and_billed_when_its_process_is_killed(
    at: Place, softphone: Softphone, houses: list[House], victim: str
) -> None:
    """AV-2: calls, conference, queue and recordings are over, each charged once, and all of it can begin anew."""
    house = await house_of(at, houses)
    async with everything_going_on(softphone, at, house) as ids:
        await asyncio.sleep(1.2)  # something to be recorded, up to the last block that a killed process has written

        kill([at.platform.children()[victim]])

        async def over() -> list[dict[str, Any]]:
            rows = [await at.customer.get(f"/calls/{each}") for each in ids]
            return rows if all(row["status"] == "hangup" for row in rows) else []

        await until(over)
    check = await until(lambda: settled(at))

    conference = await at.customer.get(f"/conferences/{house.conference}")
    waited = [row["status"] for row in await at.customer.list("/queuecalls")]
    recordings = [row for row in await at.customer.list("/recordings") if row["reference_id"] in ids]
    charged = Counter(row["reference_id"] for row in await at.customer.list("/billings"))
    assert conference["conferencecall_ids"] == []
    assert set(waited) == {"abandoned"}
    assert [row["status"] for row in recordings] == ["ended", "ended"]
    assert min(row["duration_ms"] for row in recordings) > 0
    assert {charged[each] for each in ids} == {1}
    assert check["balanced"] is True

    await until(lambda: answers(softphone, at, house.desk))
    async with everything_going_on(softphone, at, house) as again:
        assert len(again) == LIVE_CALLS


async def answers(softphone: Softphone, at: Place, number: str) -> bool:
    """Whether the process is back: a call that comes earlier is refused."""
    placed = await call(softphone, at, number)
    is_answered = await placed.wait_answered()
    placed.hang_up()
    return is_answered
