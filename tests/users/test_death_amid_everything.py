"""Processes die, stop and are cut off from the store while callers meet, wait, are recorded, talk and are transferred
(AV-1, AV-2, AV-3). What plain calls lose stands in `test_voice_death.py`; here, what else there is of a call."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from dialplane.phone.softphone import PhoneCall, Softphone
from tests.effort import PATIENCE_S, full
from tests.fakes.receiver import Receiver
from tests.platform.running import running
from tests.users.acting import Place, call, database_away, kill, place, settled, until
from tests.users.going_on import STAYS_ON_THE_LINE, GoingOn, House, build_house, ended, everything_going_on

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

LIVE_CALLS = 8
"""Two in the conference, one in the queue, two that talk, three amid a transfer."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A platform that lets live calls end for as long as that takes, as outside the sandbox."""
    data = tmp_path_factory.mktemp("platform") / "data"
    async with running(data, prefix=("env", "DIALPLANE_DRAIN_S=3600")) as platform, place(platform) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(at: Place) -> House:
    return await build_house(at)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(at: Place) -> AsyncIterator[Receiver]:
    """Where the customer's events go."""
    async with Receiver.listening() as receiver:
        await at.customer.ask("PUT", "/customer", {"webhook_uri": receiver.url(), "webhook_method": "POST"})
        yield receiver


@pytest.mark.parametrize("victim", ["voice", "media"])
async def test_whatever_goes_on_is_ended_kept_and_billed_when_its_process_is_killed(
    at: Place, softphone: Softphone, house: House, victim: str
) -> None:
    """AV-2: calls, conference, queue, transfer and recordings are over, each charged once, and all can begin anew."""
    async with everything_going_on(softphone, at, house) as going_on:
        assert len(going_on.ids) == LIVE_CALLS
        await asyncio.sleep(1.2)  # something to be recorded, up to the last block that a killed process has written

        kill([at.platform.children()[victim]])
        await ended(at, going_on.ids)

    await everything_is_over(at, house, going_on)
    assert {row["status"] for row in await at.customer.list("/queuecalls")} == {"abandoned"}
    await until(lambda: answers(softphone, at, house.desk))


async def test_calls_meet_wait_and_are_transferred_while_the_database_is_away(
    at: Place, softphone: Softphone, house: House, told: Receiver
) -> None:
    """AV-3: whoever stays goes on, whoever leaves has left, and all of it is on record and told once when it is back.
    A minute of it in `make soak`."""
    async with everything_going_on(softphone, at, house) as going_on:
        async with database_away(at):
            going_on.in_meeting[0].hang_up()
            going_on.waiting.hang_up()
            going_on.transferring.hang_up()
            await asyncio.sleep(full(3, 60))
        await until(lambda: stays_in_meeting(at, house, 1))
        live = await until(lambda: live_calls(at, going_on, LIVE_CALLS - 3))
        await until(lambda: one_recording_is_over(at, going_on))

        assert not any(each.ended.is_set() for each in (going_on.in_meeting[1], going_on.talking))
        assert going_on.transferred <= live

        await leave_all(at, going_on)
        rows = {row["id"]: row for row in await ended(at, going_on.ids)}
    await everything_is_over(at, house, going_on)
    assert {row["hangup_reason"] for row in rows.values()} == {"normal"}
    await until(lambda: all_told(told, going_on))


async def test_stopping_voice_lets_everything_end_in_its_own_time(
    at: Place, softphone: Softphone, house: House, told: Receiver
) -> None:
    """AV-1: new calls get 503, a waiting caller is still served, a transfer still joins; none dropped, none untold."""
    addresses = [{"type": "tel", "target": STAYS_ON_THE_LINE}]
    body = {"username": "ann@example.com", "password": "a long password", "name": "Ann", "detail": ""}
    wish = body | {"ring_method": "ringall", "permission": 16, "tag_ids": [], "addresses": addresses}
    agent = await at.customer.make("/agents", wish)
    voice = at.platform.children()["voice"]
    async with everything_going_on(softphone, at, house) as going_on:
        os.kill(voice, signal.SIGTERM)
        await until(lambda: turned_away(softphone, at, house.desk))

        await at.customer.ask("PUT", f"/agents/{agent['id']}/status", {"status": "available"})
        going_on.transferring.hang_up()
        going_on.in_meeting[0].hang_up()
        await until(lambda: is_served(at))
        await until(lambda: stays_in_meeting(at, house, 1))
        live = {row["id"] for row in await at.customer.list("/calls") if row["status"] == "progressing"}
        stayed = [going_on.in_meeting[1], going_on.waiting, going_on.talking]

        assert not any(each.ended.is_set() for each in stayed)
        assert going_on.transferred <= live

        await leave_all(at, going_on)
        await until(lambda: is_gone(at, voice))
    await everything_is_over(at, house, going_on)
    await until(lambda: all_told(told, going_on))
    await until(lambda: answers(softphone, at, house.desk))


async def test_second_order_to_stop_ends_everything_at_once(at: Place, softphone: Softphone, house: House) -> None:
    """AV-1: with BYE and final bills."""
    voice = at.platform.children()["voice"]
    async with everything_going_on(softphone, at, house) as going_on:
        os.kill(voice, signal.SIGTERM)
        await until(lambda: turned_away(softphone, at, house.desk))
        os.kill(voice, signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(each.ended.wait() for each in going_on.phones))
    await ended(at, going_on.ids)
    await everything_is_over(at, house, going_on)


async def everything_is_over(at: Place, house: House, going_on: GoingOn) -> None:
    """Nobody is left anywhere, every recording is kept, every call charged once, and the ledger balances."""
    check = await until(lambda: settled(at))
    conference = await at.customer.get(f"/conferences/{house.conference}")
    recordings = await recordings_of(at, going_on)
    charged = Counter(row["reference_id"] for row in await at.customer.list("/billings"))
    assert conference["conferencecall_ids"] == []
    assert {row["status"] for row in await at.customer.list("/queuecalls")} <= {"abandoned", "done"}
    assert [row["status"] for row in recordings] == ["ended", "ended"]
    assert min(row["duration_ms"] for row in recordings) > 0
    assert {charged[each] for each in (*going_on.ids, *(row["id"] for row in recordings))} == {1}
    assert check["balanced"] is True


async def recordings_of(at: Place, going_on: GoingOn) -> list[dict[str, Any]]:
    return [row for row in await at.customer.list("/recordings") if row["reference_id"] in going_on.ids]


async def one_recording_is_over(at: Place, going_on: GoingOn) -> bool:
    """Its end is written beside its call's, and may come a little later."""
    return sorted(row["status"] for row in await recordings_of(at, going_on)) == ["ended", "recording"]


async def stays_in_meeting(at: Place, house: House, count: int) -> bool:
    conference = await at.customer.get(f"/conferences/{house.conference}")
    return len(conference["conferencecall_ids"]) == count


async def live_calls(at: Place, going_on: GoingOn, count: int) -> set[str]:
    """Ids of the calls that go on, once the record says that there are `count`."""
    rows = [await at.customer.get(f"/calls/{each}") for each in going_on.ids]
    live = {row["id"] for row in rows if row["status"] == "progressing"}
    return live if len(live) == count else set()


async def is_served(at: Place) -> bool:
    return any(row["status"] == "service" for row in await at.customer.list("/queuecalls"))


async def leave_all(at: Place, going_on: GoingOn) -> None:
    for each in going_on.phones:
        each.hang_up()
    await at.customer.ask("POST", f"/calls/{min(going_on.transferred)}/hangup")


async def all_told(told: Receiver, going_on: GoingOn) -> bool:
    """Every end was told, once: of calls, recordings and whoever waited."""
    events = [each.json() for each in told]
    data: list[tuple[object, Any]] = [(each["type"], each["data"]) for each in events]
    ends = Counter(about["id"] for kind, about in data if kind == "call_hangup")
    kept = Counter(about["id"] for kind, about in data if kind == "recording_finished" and about["reference_id"])
    waited = Counter(about["id"] for kind, about in data if kind in ("queuecall_abandoned", "queuecall_done"))
    return {ends[each] for each in going_on.ids} == {1} and set(kept.values()) == {1} and set(waited.values()) == {1}


async def is_gone(at: Place, pid: int) -> bool:
    return at.platform.children().get("voice") not in (None, pid)


async def turned_away(softphone: Softphone, at: Place, number: str) -> bool:
    placed = await call(softphone, at, number)
    return await end_of(placed) == 503


async def answers(softphone: Softphone, at: Place, number: str) -> bool:
    """Whether the process is back: a call that comes earlier is refused."""
    placed = await call(softphone, at, number)
    is_answered = await placed.wait_answered()
    placed.hang_up()
    return is_answered


async def end_of(placed: PhoneCall) -> int:
    """The status that refused the call; 0 where it was answered, which is then hung up."""
    if await placed.wait_answered():
        placed.hang_up()
        return 0
    assert placed.end is not None
    return placed.end.status
