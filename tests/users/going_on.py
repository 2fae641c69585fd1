"""Everything that may go on at once: a conference that is recorded, a caller who waits, a talk, and a transfer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dialplane.phone.softphone import PhoneCall, Softphone
from tests.users.acting import Place, call_answered, until

STAYS_ON_THE_LINE = "+12025550100"
"""Of the simulated carrier."""
STAYS_TOO = "+12025550200"
LONG_WRAP_UP_MS = 600_000


@dataclass
class House:
    """What the callers run into."""

    meeting: str
    desk: str
    joined: str
    conference: str
    queue: str


@dataclass
class GoingOn:
    """All have met whom they should. The phones are the callers'; the ids are of every live call."""

    ids: list[str]
    in_meeting: Sequence[PhoneCall]
    waiting: PhoneCall
    talking: PhoneCall
    transferring: PhoneCall
    """Talks with the transferee while the party that it called waits with music."""
    transferer: str
    """The id of its call."""
    transferred: set[str]
    """The ids of the two that are left when the transferer leaves."""

    @property
    def phones(self) -> list[PhoneCall]:
        return [*self.in_meeting, self.waiting, self.talking, self.transferring]


async def build_house(at: Place) -> House:
    conference = (await at.customer.make("/conferences", {"type": "conference", "name": "team"}))["id"]
    queue = (await at.customer.make("/queues", {"name": "desk", "wrap_up": LONG_WRAP_UP_MS}))["id"]
    answered: list[dict[str, Any]] = [{"type": "answer"}]
    destinations = [{"type": "tel", "target": STAYS_ON_THE_LINE}]
    meeting = {"type": "conference_join", "option": {"conference_id": conference}}
    return House(
        await at.buy_with_flow([*answered, {"type": "recording_start"}, meeting]),
        await at.buy_with_flow([*answered, {"type": "queue_join", "option": {"queue_id": queue}}]),
        await at.buy_with_flow([*answered, {"type": "connect", "option": {"destinations": destinations}}]),
        conference,
        queue,
    )


@asynccontextmanager
async def everything_going_on(softphone: Softphone, at: Place, house: House) -> AsyncIterator[GoingOn]:
    """Those who still live are hung up at the end."""
    before = {row["id"] for row in await at.customer.list("/calls")}
    meeting = [await call_answered(softphone, at, house.meeting) for _ in range(2)]
    waiting = await call_answered(softphone, at, house.desk)
    transferring = await call_answered(softphone, at, house.joined)

    async def connected() -> str | None:
        nonlocal transferring
        if transferring.ended.is_set():  # the carrier's end of the audio came back later than ours
            transferring = await call_answered(softphone, at, house.joined)
        return await _new_caller(at, house.joined, before)

    transferer = await until(connected)
    talking = await call_answered(softphone, at, house.joined)

    async def all_met() -> list[dict[str, Any]]:
        live = [row for row in await _new(at, before) if row["status"] == "progressing"]
        conference = await at.customer.get(f"/conferences/{house.conference}")
        in_queue = [row for row in await at.customer.list("/queuecalls") if row["status"] == "waiting"]
        recorded = [row for row in await at.customer.list("/recordings") if row["status"] == "recording"]
        counts = (len(live), len(conference["conferencecall_ids"]), len(in_queue), len(recorded))
        return live if counts == (7, 2, 1, 2) else []

    await until(all_met)
    order = {
        "transfer_type": "attended",
        "transferer_call_id": transferer,
        "transferee_addresses": [{"type": "tel", "target": STAYS_TOO}],
    }
    await at.customer.make("/transfers", order)

    async def handed_over() -> list[dict[str, Any]]:
        live = [row for row in await _new(at, before) if row["status"] == "progressing"]
        return live if STAYS_TOO in [row["destination"]["target"] for row in live] else []

    live = await until(handed_over)
    party = (await at.customer.get(f"/calls/{transferer}"))["chained_call_ids"][0]
    transferee = next(row["id"] for row in live if row["destination"]["target"] == STAYS_TOO)
    going_on = GoingOn(
        [row["id"] for row in live], meeting, waiting, talking, transferring, transferer, {party, transferee}
    )
    try:
        yield going_on
    finally:
        for each in going_on.phones:
            each.hang_up()


async def _new(at: Place, before: set[str]) -> list[dict[str, Any]]:
    return [row for row in await at.customer.list("/calls") if row["id"] not in before]


async def _new_caller(at: Place, number: str, before: set[str]) -> str | None:
    """The call to `number`, as soon as it talks with whom it is connected to."""
    for row in await _new(at, before):
        if row["destination"]["target"] == number and row["chained_call_ids"]:
            party = await at.customer.get(f"/calls/{row['chained_call_ids'][0]}")
            return str(row["id"]) if party["status"] == "progressing" else None
    return None


async def ended(at: Place, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The calls' records, when all are over."""

    async def over() -> list[dict[str, Any]]:
        rows = [await at.customer.get(f"/calls/{each}") for each in ids]
        return rows if all(row["status"] == "hangup" for row in rows) else []

    return await until(over)
