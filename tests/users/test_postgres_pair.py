"""A pair of Postgres servers: lists are read from the standby, and under a whole platform the primary is killed and the
standby promoted (AV-3). The tests come in order: the last ones live on what was the standby."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from dialplane.adapters.postgres.budget import look, named
from dialplane.adapters.postgres.database import PostgresDatabase, add_replicas, connect
from dialplane.adapters.postgres.embedded import SETTINGS
from dialplane.adapters.postgres.reach import reach
from dialplane.adapters.postgres.replica import Replica
from dialplane.domain.ids import AccountId
from dialplane.phone.softphone import Softphone
from dialplane.services.asking import ASKER
from tests.effort import PATIENCE_S
from tests.pair import Pair, running_pair
from tests.platform.running import running
from tests.sealing import SEAL
from tests.users.acting import STAY_ON_THE_LINE, Place, call_answered, place, settled, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE_UNIT_MICROS = 10_000
"""A started minute of an incoming call."""
_RTP = "21200-21399"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    async with running_pair(tmp_path_factory.mktemp("pair"), "dialplane", "reading") as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> AsyncIterator[Place]:
    """A platform on both servers."""
    await pair.wait_for_standby()
    data: Path = tmp_path_factory.mktemp("platform") / "data"
    on_both = ("env", f"DATABASE_URL={pair.dsn('dialplane')}")
    async with running(data, "--rtp", _RTP, prefix=on_both) as platform, place(platform) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browsing(pair: Pair) -> AsyncIterator[tuple[PostgresDatabase, Replica]]:
    """The store with the standby for its lists, and the replica as it knows it."""
    database = await connect(pair.primary.dsn("reading"), SEAL)
    replicas = await add_replicas(database, [pair.standby.dsn("reading")], bound_s=PATIENCE_S, max_size=2)
    async with database.transaction() as tx:
        await tx.connection.execute("create table said (word text)")
    (replica,) = replicas.replicas
    yield database, replica
    await database.close()


async def _caught_up(database: PostgresDatabase, replica: Replica) -> None:
    assert database.replicas is not None
    replicas, began = database.replicas, asyncio.get_running_loop().time()
    async with asyncio.timeout(PATIENCE_S):
        while replica.caught_up_to < began:
            await replicas.look(replica)


async def _answers(database: PostgresDatabase) -> str:
    """Who answers a list, and what is in it."""
    async with database.browsing() as tx:
        who = "standby" if await tx.connection.fetchval("select pg_is_in_recovery()") else "primary"
        return f"{who}: {await tx.connection.fetchval('select count(*) from said')}"


async def _write(database: PostgresDatabase) -> None:
    async with database.transaction() as tx:
        await tx.connection.execute("insert into said values ('hello')")


async def test_processes_say_how_many_connections_they_may_open(pair: Pair) -> None:
    """Each once, however many it has open; one that is gone promises nothing."""
    api = named(pair.primary.dsn(), "api", 21)
    one, another = await reach(api), await reach(api)

    both = await look(named(pair.primary.dsn(), "voice", 11))
    await one.close()
    await another.close()
    alone = await until(lambda: _less(pair, both.promised))

    assert both.promised == 32
    assert both.usable == int(SETTINGS["max_connections"]) - 3
    assert alone == 11


async def _less(pair: Pair, than: int) -> int | None:
    """The server forgets a session a moment after it ended."""
    found = (await look(named(pair.primary.dsn(), "voice", 11))).promised
    return found if found < than else None


async def test_list_is_read_from_a_replica_that_is_up_to_date(browsing: tuple[PostgresDatabase, Replica]) -> None:
    database, replica = browsing
    before = await _answers(database)
    await _caught_up(database, replica)

    assert [before, await _answers(database)] == ["primary: 0", "standby: 0"]


async def test_who_has_written_reads_the_primary_until_the_replica_has_it_and_others_the_replica(
    browsing: tuple[PostgresDatabase, Replica], pair: Pair
) -> None:
    database, replica = browsing
    other, writer = AccountId(UUID(int=1)), AccountId(UUID(int=2))
    ASKER.set(None)
    await _caught_up(database, replica)
    await _on_standby(pair, "select pg_wal_replay_pause()")
    ASKER.set(writer)
    await _write(database)
    assert database.replicas is not None
    await database.replicas.look(replica)

    at_once = await _answers(database)
    ASKER.set(other)
    others = await _answers(database)
    await _on_standby(pair, "select pg_wal_replay_resume()")
    await _caught_up(database, replica)
    ASKER.set(writer)
    later = await _answers(database)
    ASKER.set(None)

    assert [at_once, others, later] == ["primary: 1", "standby: 0", "standby: 1"]


async def test_replica_that_is_too_late_is_not_asked(browsing: tuple[PostgresDatabase, Replica]) -> None:
    database, replica = browsing
    await _caught_up(database, replica)
    replica.caught_up_to -= PATIENCE_S

    assert await _answers(database) == "primary: 1"


async def test_replica_that_ends_amid_a_list_costs_no_answer(
    browsing: tuple[PostgresDatabase, Replica], pair: Pair
) -> None:
    database, replica = browsing
    await _caught_up(database, replica)

    async with database.browsing() as tx:
        asked = [await tx.connection.fetchval("select pg_is_in_recovery()")]
        await pair.standby.stop()
        asked.append(await tx.connection.fetchval("select pg_is_in_recovery()"))
    after = await _answers(database)
    await pair.standby.start()
    await _caught_up(database, replica)

    assert asked == [True, False]
    assert [after, await _answers(database)] == ["primary: 1", "standby: 1"]


async def _on_standby(pair: Pair, order: str) -> None:
    connection = await asyncpg.connect(pair.standby.dsn())
    await connection.execute(order)
    await connection.close()


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
    assert is_live, calls
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
