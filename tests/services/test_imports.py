"""Imports: previewed, applied in steps whoever dies, undone, for accounts and by trunks, 100,000 at a time."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.errors import Conflict, InsufficientBalance, Invalid
from dialplane.domain.ids import AccountId, CallId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.supply.import_cells import Defaults
from dialplane.domain.supply.imports import PREVIEW_KEPT, UNDO_KEPT, ImportState, Outcome, StockImport
from dialplane.domain.supply.inventory import ItemQuery, ItemState, StockQuery
from dialplane.services.calling.trunks import TrunkDraft, create_trunk
from dialplane.services.calling.ways import ways_to
from dialplane.services.numbering.history import list_history
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply import imports as service
from dialplane.services.supply.imports import (
    ImportWish,
    finish,
    forget_imports,
    get_import,
    go_on,
    go_on_with_imports,
    list_lines,
    preview_import,
    start_import,
    start_undo,
)
from dialplane.services.supply.inventory import reserve, search
from dialplane.services.supply.stock import list_stock
from tests.fakes.stopping import StopsAt
from tests.services.buying import NOW, assert_balanced, bought, buyer, carriers, credit_of
from tests.services.life import assert_life_is_whole

CSV = """number,type,country,locality,monthly_micros,capabilities
+14155550100,local,us,San Francisco,1000000,voice sms mms
+18005551234,toll-free,US,,,
"""
BAD = "number,type,country,setup_micros\n+14155550100,local,US,1.5\n+1,local,US,\n+14155550101,local,US,0\n"


async def preview(database: PostgresDatabase, text: str, **wish: object) -> StockImport:
    return await preview_import(database, text.encode(), ImportWish(**wish), NOW)  # type: ignore[arg-type]


async def apply(database: PostgresDatabase, text: str, **wish: object) -> StockImport:
    read = await preview(database, text, **wish)
    await start_import(database, read.id, NOW)
    return await finish(database, read.id, NOW)


async def undo(database: PostgresDatabase, applied: StockImport) -> StockImport:
    await start_undo(database, applied.id, NOW)
    return await finish(database, applied.id, NOW)


async def numbers_in_stock(database: PostgresDatabase) -> list[str]:
    return [item.number for item in await list_stock(database, StockQuery(), limit=1000)]


async def outcomes(database: PostgresDatabase, imported: StockImport) -> list[str]:
    return [line.outcome.value for line in await list_lines(database, imported.id)]


# --- preview and apply -----------------------------------------------------------------------------------------------


async def test_file_is_shown_before_it_is_applied(database: PostgresDatabase) -> None:
    read = await preview(database, CSV)
    assert (read.state, read.counts.new, read.counts.known, read.counts.problem) == (ImportState.PREVIEWED, 2, 0, 0)
    assert await numbers_in_stock(database) == []

    await start_import(database, read.id, NOW)
    applied = await finish(database, read.id, NOW)

    offers = await search(database, ItemQuery(country="US"), NOW)
    assert [(o.number, o.kind, o.locality, o.monthly_micros, o.capabilities) for o in offers] == [
        ("+14155550100", NumberKind.LOCAL, "San Francisco", 1_000_000, ("voice", "sms", "mms")),
        ("+18005551234", NumberKind.TOLL_FREE, "", 0, ("voice", "sms")),
    ]
    assert (applied.state, applied.counts.added, applied.applied_at) == (ImportState.APPLIED, 2, NOW)
    assert await outcomes(database, applied) == ["added", "added"]
    assert await start_import(database, read.id, NOW) == applied
    assert (await preview(database, CSV)).counts.known == 2


async def test_file_with_faults_names_each_line_and_imports_nothing(database: PostgresDatabase) -> None:
    read = await preview(database, BAD)

    with pytest.raises(Invalid) as refusal:
        await start_import(database, read.id, NOW)

    wrong = await list_lines(database, read.id, [Outcome.PROBLEM])
    assert [(line.line, line.field) for line in wrong] == [(2, "setup_micros"), (3, "number")]
    assert refusal.value.message.startswith("line 2: setup_micros must be a whole number")
    assert refusal.value.message.endswith("2 in all, nothing was imported")
    assert await numbers_in_stock(database) == []
    assert (await get_import(database, read.id)).state is ImportState.PREVIEWED


async def test_lines_with_problems_are_passed_over_where_that_is_asked(database: PostgresDatabase) -> None:
    read = await preview(database, BAD)

    await start_import(database, read.id, NOW, skip_problems=True)
    applied = await finish(database, read.id, NOW)

    assert (applied.counts.added, applied.counts.problem) == (1, 2)
    assert await numbers_in_stock(database) == ["+14155550101"]


async def test_what_is_here_or_on_its_way_is_not_imported(database: PostgresDatabase) -> None:
    """NUM-1: in stock, held without an item (it was ported in), resting after its release, claimed by a port."""
    account_id = await buyer(database)
    await apply(database, "number\n+12025550101\n")
    await database.pool.execute(
        "insert into numbers (id, account_id, organization_id, number, kind, status, created_at, released_at) values"
        " ($1, $3, $3, '+12025550102', 'local', 'active', $4, null),"
        " ($2, $3, $3, '+12025550103', 'local', 'released', $4, $4)",
        uuid4(), uuid4(), account_id, NOW,
    )  # fmt: skip
    port_id = uuid4()
    await database.pool.execute(
        "insert into ports (id, account_id, status, numbers, holder, created_at, updated_at)"
        " values ($1, $2, 'submitted', '[]', '{}', $3, $3)",
        port_id, account_id, NOW,
    )  # fmt: skip
    await database.pool.execute("insert into port_claims values ('+12025550104', $1)", port_id)

    read = await preview(database, "number,count\n+12025550101,6\n")
    await database.pool.execute("insert into port_claims values ('+12025550105', $1)", port_id)
    await start_import(database, read.id, NOW, skip_problems=True)
    applied = await finish(database, read.id, NOW)

    assert await outcomes(database, read) == ["known", "known", "known", "problem", "known", "added"]
    assert (applied.counts.new, applied.counts.known, applied.counts.problem) == (0, 4, 1)


async def test_two_imports_of_the_same_numbers_at_once_put_each_in_once(database: PostgresDatabase) -> None:
    reads = [await preview(database, "number,count\n+12025550100,300\n") for _ in range(4)]
    for read in reads:
        await start_import(database, read.id, NOW)

    done = await asyncio.gather(*(finish(database, read.id, NOW) for read in reads))

    assert sum(each.counts.added for each in done) == 300
    assert all(each.counts.added + each.counts.known == 300 for each in done)
    assert len(await numbers_in_stock(database)) == 300


async def test_same_request_again_finds_its_import(database: PostgresDatabase) -> None:
    """API-1: also after the process died that was to keep the answer."""
    first = await preview(database, CSV, idempotency_key="k")
    again = await preview(database, CSV, idempotency_key="k")
    corrected = await preview(database, CSV + "+14155550101,local,US,,,\n", idempotency_key="k")

    assert again == first
    assert corrected.id != first.id


# --- death and progress ----------------------------------------------------------------------------------------------


async def test_import_goes_on_where_it_was_left(database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "STEP", 40)
    read = await preview(database, "number,count\n+12025550100,100\n")
    await start_import(database, read.id, NOW)

    first = await go_on(database, read.id, NOW)
    assert (first.state, first.counts.added, first.counts.new, first.reached) == (ImportState.APPLYING, 40, 60, 40)
    assert len(await numbers_in_stock(database)) == 40
    with pytest.raises(Conflict):
        await start_undo(database, read.id, NOW)

    assert [await go_on_with_imports(database, NOW) for _ in range(3)] == [True, True, False]
    assert (await get_import(database, read.id)).counts.added == 100


async def test_import_that_dies_at_any_step_is_ended_by_the_worker(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each number once, each paid for once, and nothing left set aside (LED-5)."""
    monkeypatch.setattr(service, "STEP", 2)
    account_id = await buyer(database, 1_000_000_000)
    for step in range(200):
        text = f"number,count,account_id,setup,monthly\n+1415555{step * 3:04},3,{account_id},1,1\n"
        read = await preview(database, text)

        async def play(read: StockImport = read) -> None:
            await start_import(database, read.id, NOW)
            await finish(database, read.id, NOW)

        dying = StopsAt(play(), step)
        try:
            await dying
        except asyncio.CancelledError:
            await start_import(database, read.id, NOW)
            while await go_on_with_imports(database, NOW):
                pass
        assert (await get_import(database, read.id)).counts.added == 3
        assert (await credit_of(database, account_id)) == (1_000_000_000 - (step + 1) * 6_000_000, 0)
        if dying.waits <= step:
            break
    else:
        raise AssertionError("the import never came to its end")
    await assert_life_is_whole(database)


# --- undo ------------------------------------------------------------------------------------------------------------


async def test_undo_takes_back_what_nobody_has_touched_and_says_what_stays(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    applied = await apply(database, "number,count\n+14155550100,6\n")
    await bought(database, account_id, "+14155550101")
    released = await bought(database, account_id, "+14155550102")
    await release_number(database, account_id, released.id, NOW)
    await reserve(database, account_id, "+14155550103", NOW)
    again = await apply(database, "number,count\n+14155550100,7\n")

    undone = await undo(database, applied)

    assert (undone.state, undone.counts.withdrawn, undone.counts.kept) == (ImportState.UNDONE, 3, 3)
    kept = await list_lines(database, applied.id, [Outcome.KEPT])
    assert [(line.number, line.detail) for line in kept] == [
        ("+14155550101", "an account has it"),
        ("+14155550102", "an account has just released it, and may take it back"),
        ("+14155550103", "it is reserved or being ordered"),
    ]
    assert await numbers_in_stock(database) == [
        "+14155550101", "+14155550102", "+14155550103", "+14155550106",
    ]  # fmt: skip
    assert (again.counts.added, again.counts.known) == (1, 6)
    assert await outcomes(database, again) == ["known"] * 6 + ["added"]


async def test_number_that_was_ever_reserved_stays_at_an_undo(database: PostgresDatabase) -> None:
    applied = await apply(database, "number\n+14155550100\n")
    account_id = await buyer(database)
    await reserve(database, account_id, "+14155550100", NOW)
    await database.pool.execute(
        "update inventory_items set state = 'offered', account_id = null, state_until = null, updated_at = $1",
        NOW + timedelta(minutes=30),
    )

    assert (await undo(database, applied)).counts.kept == 1


async def test_undo_is_for_imports_that_were_applied_not_long_ago_and_once(database: PostgresDatabase) -> None:
    read = await preview(database, "number\n+14155550100\n")
    with pytest.raises(Conflict, match="only one that was applied"):
        await start_undo(database, read.id, NOW)
    await start_import(database, read.id, NOW)
    applied = await finish(database, read.id, NOW)
    with pytest.raises(Conflict, match="30 days"):
        await start_undo(database, read.id, NOW + UNDO_KEPT)

    await undo(database, applied)

    with pytest.raises(Conflict, match="cannot be undone"):
        await start_undo(database, read.id, NOW)
    with pytest.raises(Conflict, match="read the file again"):
        await start_import(database, read.id, NOW)


async def test_purchase_and_undo_of_the_same_number_at_once_leave_one_of_them(database: PostgresDatabase) -> None:
    """NUM-3: never a number without an item."""
    account_id = await buyer(database, 1_000_000_000)
    applied = await apply(database, "number,count,monthly\n+14155550100,20,1\n")

    async def attempt(n: int) -> Number | Exception:
        try:
            return await bought(database, account_id, f"+141555501{n:02}")
        except Exception as refusal:  # noqa: BLE001  (whichever: the books tell)
            return refusal

    got, undone = await asyncio.gather(asyncio.gather(*(attempt(n) for n in range(20))), undo(database, applied))

    sold = sum(isinstance(each, Number) for each in got)
    assert (undone.counts.kept, undone.counts.withdrawn) == (sold, 20 - sold)
    assert len(await numbers_in_stock(database)) == sold
    await assert_life_is_whole(database)


async def test_previews_and_old_lines_are_forgotten(database: PostgresDatabase) -> None:
    read, applied = await preview(database, CSV), await apply(database, "number\n+14155550199\n")

    assert await forget_imports(database, NOW + PREVIEW_KEPT) == 0
    assert await forget_imports(database, NOW + PREVIEW_KEPT + timedelta(seconds=1)) == 1
    assert await forget_imports(database, NOW + UNDO_KEPT + timedelta(seconds=1)) == 1

    with pytest.raises(Exception, match="no such import"):
        await get_import(database, read.id)
    assert (await get_import(database, applied.id)).counts.added == 1
    assert await list_lines(database, applied.id) == []
    assert await numbers_in_stock(database) == ["+14155550199"]


# --- numbers that accounts bring -------------------------------------------------------------------------------------


async def test_number_that_an_account_brings_is_its_own_at_once(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    trunk = await create_trunk(database, TrunkDraft("Acme PBX", account_id, ["203.0.113.0/24"]), now=NOW)
    text = f"number,account_id,trunk,name\n+14155550100,{account_id},Acme PBX,Front desk\n"

    applied = await apply(database, text)

    [number] = await list_numbers(database, account_id)
    assert (number.number, number.name, number.monthly_micros, number.renews_at) == (
        "+14155550100",
        "Front desk",
        0,
        None,
    )
    [item] = await list_stock(database, StockQuery(states=(ItemState.ASSIGNED,)))
    assert (item.account_id, item.trunk_id, number.item_id) == (account_id, trunk.id, item.id)
    assert await credit_of(database, account_id) == (100_000_000, 0)
    [entry] = await list_history(database, account_id, number.id)
    assert (entry.what, entry.actor.kind) == ("imported", "operator")
    told = await database.pool.fetch("select type, resource_id from events")
    assert [tuple(event) for event in told] == [("number_created", number.id)]
    assert (await undo(database, applied)).counts.kept == 1


async def test_brought_number_is_charged_what_its_line_says(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 10_000_000)
    wish = {"defaults": Defaults(account_id=account_id, setup_micros=Micros(500_000))}

    await apply(database, "number,monthly\n+14155550100,1\n+14155550101,\n", **wish)

    assert await credit_of(database, account_id) == (10_000_000 - 1_500_000 - 500_000, 0)
    await assert_life_is_whole(database)


async def test_import_that_an_account_cannot_pay_does_not_begin(database: PostgresDatabase) -> None:
    """LED-4."""
    account_id = await buyer(database, 2_999_999)
    read = await preview(database, f"number,count,account_id,monthly\n+14155550100,3,{account_id},1\n")

    with pytest.raises(InsufficientBalance) as refusal:
        await start_import(database, read.id, NOW)

    assert str(account_id) in refusal.value.message
    assert await numbers_in_stock(database) == []
    assert await credit_of(database, account_id) == (2_999_999, 0)


async def test_lines_for_whom_they_cannot_be_are_problems(database: PostgresDatabase) -> None:
    owner, other = await buyer(database), await buyer(database)
    frozen = await buyer(database, 0, status="frozen")
    await create_trunk(database, TrunkDraft("Acme PBX", owner, ["203.0.113.0/24"]), now=NOW)
    text = (
        f"number,account_id,trunk\n+14155550100,{uuid4()},\n+14155550101,{frozen},\n+14155550102,{other},Acme PBX\n"
        f"+14155550103,,Acme PBX\n+14155550104,AC{owner.hex},Acme PBX\n"
    )

    read = await preview(database, text)

    wrong = await list_lines(database, read.id, [Outcome.PROBLEM])
    assert [(line.line, line.field) for line in wrong] == [
        (2, "account_id"), (3, "account_id"), (4, "trunk"), (5, "trunk"),
    ]  # fmt: skip
    assert read.counts.new == 1


async def test_account_that_was_closed_since_the_preview_gets_nothing(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    read = await preview(database, f"number,account_id,monthly\n+14155550100,{account_id},1\n+14155550101,,1\n")
    await start_import(database, read.id, NOW)
    await database.pool.execute("update accounts set status = 'frozen'")

    applied = await finish(database, read.id, NOW)

    assert (applied.counts.added, applied.counts.problem) == (1, 1)
    [wrong] = await list_lines(database, read.id, [Outcome.PROBLEM])
    assert (wrong.line, wrong.field, wrong.row) == (2, "account_id", None)
    assert await numbers_in_stock(database) == ["+14155550101"]
    assert await credit_of(database, account_id) == (100_000_000, 0)


async def test_call_from_a_number_on_a_trunk_leaves_by_that_trunk_first(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await create_trunk(database, TrunkDraft("Main", host="main.example", priority=1), now=NOW)
    await create_trunk(database, TrunkDraft("PBX", host="pbx.example", priority=5), now=NOW)
    await apply(database, f"number,account_id,trunk\n+14155550100,{account_id},PBX\n+14155550101,{account_id},\n")

    async def hosts(source: str) -> list[str]:
        call = Call(
            CallId(uuid4()), account_id, Direction.OUTGOING, CallStatus.DIALING, tel(source), tel("+442079460018"), NOW
        )
        return [way.host for way in await ways_to(database, call, NOW)]

    assert await hosts("+14155550100") == ["pbx.example", "main.example"]
    assert await hosts("+14155550101") == ["main.example", "pbx.example"]


# --- size ------------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(900)  # 100,000 rows with all their indexes, on a machine that has other work too
async def test_operator_imports_100_000_numbers_and_sells_1_000_of_them_in_parallel(
    database: PostgresDatabase,
) -> None:
    """NUM-1, NUM-2, LED-1: 200 buyers at once. Half of what they get they name, two asking for each; the other half is
    any number in the area."""
    text = "number,monthly_micros\n" + "".join(f"+1415{2_000_000 + n},1000000\n" for n in range(100_000))
    applied = await apply(database, text)
    assert (applied.counts.added, applied.counts.total) == (100_000, 100_000)
    accounts = [await buyer(database, 200_000_000) for _ in range(20)]
    turns = iter(range(1_500))

    async def sell(account_id: AccountId) -> list[Number]:
        got = []
        for turn in turns:
            named = NumberOrder(f"+1415{2_050_000 + turn // 2}")
            anywhere = NumberOrder(query=ItemQuery(country="US", area_code="415"))
            try:
                number = await buy_number(
                    database, carriers(database), account_id, named if turn < 1_000 else anywhere, NOW
                )
            except Conflict:  # the other one has it
                continue
            assert isinstance(number, Number)
            got.append(number)
        return got

    sold = await asyncio.gather(*(sell(accounts[n % 20]) for n in range(200)))

    numbers = [number.number for each in sold for number in each]
    assert len(numbers) == len(set(numbers)) == 1_000
    assert set(numbers) >= {f"+1415{2_050_000 + n}" for n in range(500)}
    left = [await credit_of(database, account_id) for account_id in accounts]
    assert sum(200_000_000 - credit for credit, _ in left) == 1_000 * 1_000_000
    assert {held for _, held in left} == {0}
    states = await database.pool.fetch("select state, count(*) from inventory_items group by state order by state")
    assert [tuple(row) for row in states] == [("assigned", 1_000), ("offered", 99_000)]
    await assert_life_is_whole(database)
    await assert_balanced(database)
