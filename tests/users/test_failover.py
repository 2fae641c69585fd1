"""A pair of Postgres servers under a whole platform: the primary is killed, the standby promoted (AV-3)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dialplane.phone.softphone import Softphone
from tests.pair import Pair, running_pair
from tests.platform.running import running
from tests.users.acting import STAY_ON_THE_LINE, Place, call_answered, place, settled, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE_UNIT_MICROS = 10_000
"""A started minute of an incoming call."""
_RTP = "21200-21399"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    async with running_pair(tmp_path_factory.mktemp("pair"), "dialplane") as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> AsyncIterator[Place]:
    """A platform on both servers."""
    data: Path = tmp_path_factory.mktemp("platform") / "data"
    on_both = ("env", f"DATABASE_URL={pair.dsn('dialplane')}")
    async with running(data, "--rtp", _RTP, prefix=on_both) as platform, place(platform) as found:
        yield found


async def test_live_call_outlives_the_primary_and_all_go_on_with_the_standby(
    pair: Pair, at: Place, softphone: Softphone
) -> None:
    """AV-3, LED-7: no process starts anew, what was answered is kept, and each call is charged once."""
    number = await at.buy_with_flow(STAY_ON_THE_LINE)
    over, going_on = [await call_answered(softphone, at, number) for _ in range(2)]
    processes = at.platform.children()

    await pair.kill_primary()
    over.hang_up()  # while no server takes writes
    refused = (await at.customer.ask("PUT", "/customer", {"name": "Meanwhile"})).status
    await pair.promote_standby()
    new = await until(lambda: _called(at, softphone, number))
    is_live = not going_on.ended.is_set()
    going_on.hang_up()
    new.hang_up()
    check = await until(lambda: settled(at))

    calls = await at.customer.list("/calls")
    charged = [row for row in await at.customer.list("/billings") if row["reference_type"] == "call"]
    assert refused == 503
    assert is_live
    assert {row["hangup_reason"] for row in calls} <= {"normal", ""}
    answered = sorted(row["id"] for row in calls if row["tm_progressing"] is not None)
    assert len(answered) == 3
    assert sorted(row["reference_id"] for row in charged) == answered
    assert {row["amount_credit"] for row in charged} == {-ONE_UNIT_MICROS}
    assert check["balanced"] is True
    assert at.platform.children() == processes


async def test_hints_are_heard_from_the_new_primary(at: Place, softphone: Softphone) -> None:
    """LISTEN came back: an order to a live call reaches its node at once, and its webhook leaves."""
    (number, *_) = await at.customer.list("/numbers")
    placed = await call_answered(softphone, at, number["number"])
    live = await until(lambda: _live(at))

    await at.customer.ask("POST", f"/calls/{live}/hangup")

    async def over() -> bool:
        return placed.ended.is_set()

    await until(over)
    assert (await at.operator.get("/status"))["workers"]


async def _live(at: Place) -> str | None:
    return next((row["id"] for row in await at.customer.list("/calls") if row["status"] == "progressing"), None)


async def _called(at: Place, softphone: Softphone, number: str):  # type: ignore[no-untyped-def]
    placed = await softphone.call(at.number_uri(number), caller="<sip:+12025550142@127.0.0.1>", server=at.sip)
    return placed if await placed.wait_answered() else None
