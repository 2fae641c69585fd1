"""Numbers that move between accounts of one tree: who may, what goes along, who pays."""

import asyncio
from datetime import datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, LimitExceeded, NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.numbers import Number, NumberStatus
from dialplane.domain.numbering.targets import DocumentTarget, FlowTarget, ForwardTarget, Targets
from dialplane.services.numbering.history import list_history
from dialplane.services.numbering.number_life import release_number, restore_number, suspend_number
from dialplane.services.numbering.numbers import NumberChange, get_number, list_numbers, set_targets, update_number
from dialplane.services.numbering.renewal import renew_numbers
from dialplane.services.numbering.transfer import transfer_number
from dialplane.services.programs.flows import FlowChange, create_flow
from tests.fakes.numbers import add_credit
from tests.services.buying import NOW, bought, buyer, credit_of, stock
from tests.services.life import assert_life_is_whole, sub_account

NUMBER = "+14155550100"
DUE = datetime(2026, 4, 30, 12, 0, tzinfo=NOW.tzinfo)


async def family(database: PostgresDatabase) -> tuple[AccountId, AccountId, AccountId, Number]:
    """A main account with a number, an account below it, and one below that."""
    top = await buyer(database, 10_000_000)
    middle = await sub_account(database, top)
    low = await sub_account(database, middle)
    await stock(database, NUMBER)
    return top, middle, low, await bought(database, top, NUMBER)


async def test_number_moves_down_and_up_with_its_id_name_and_tags(database: PostgresDatabase) -> None:
    top, _, low, number = await family(database)
    await update_number(database, top, number.id, NumberChange(name="desk", tags=("a",), protected=True), NOW)

    moved = await transfer_number(database, top, number.id, low, NOW)
    held = await list_numbers(database, low)
    back = await transfer_number(database, top, number.id, top, NOW)

    assert (moved.id, moved.account_id, moved.name, moved.tags, moved.protected) == (
        number.id, low, "desk", ("a",), True,
    )  # fmt: skip
    assert held == [moved]
    assert await list_numbers(database, top) == [back]
    with pytest.raises(NotFound):
        await get_number(database, low, number.id)
    await assert_life_is_whole(database)


async def test_what_belongs_to_the_old_account_is_taken_off_and_addresses_go_along(database: PostgresDatabase) -> None:
    top, middle, low, number = await family(database)
    flow = await create_flow(database, top, FlowChange(name="f", actions=[{"type": "answer"}]), NOW)
    document = DocumentTarget("https://a.test/x")
    await set_targets(database, top, number.id, Targets(FlowTarget(flow.id), document, document), NOW)

    moved = await transfer_number(database, top, number.id, middle, NOW)
    await set_targets(database, middle, number.id, Targets(ForwardTarget(users=("ann",)), document), NOW)
    again = await transfer_number(database, middle, number.id, low, NOW)

    assert moved.targets == Targets(None, document, document)
    assert again.targets == Targets(None, document, None)


async def test_both_accounts_are_told_and_the_history_says_who(database: PostgresDatabase) -> None:
    top, middle, _, number = await family(database)

    await transfer_number(database, top, number.id, middle, NOW)

    told = await database.pool.fetch("select account_id, data from events where type = 'number_transferred'")
    assert {row["account_id"] for row in told} == {top, middle}
    assert {row["data"]["number"] for row in told} == {NUMBER}
    last = (await list_history(database, middle, number.id))[0]
    assert (last.what, last.actor.id, last.account_id) == ("transferred", top, middle)
    assert [(c.field, c.old, c.new) for c in last.changes] == [("customer_id", str(top), str(middle))]


async def test_only_who_stands_above_both_moves_a_number(database: PostgresDatabase) -> None:
    top, middle, low, number = await family(database)
    stranger = await buyer(database)

    for acting, to, reason in [
        (top, stranger, "ACCOUNT_NOT_FOUND"),
        (stranger, stranger, "NUMBER_NOT_FOUND"),
        (middle, low, "NUMBER_NOT_FOUND"),
        (low, top, "ACCOUNT_NOT_FOUND"),
    ]:
        with pytest.raises(NotFound) as refusal:
            await transfer_number(database, acting, number.id, to, NOW)
        assert refusal.value.reason == reason
    assert (await get_number(database, top, number.id)) == number


async def test_account_that_may_use_nothing_gets_no_number(database: PostgresDatabase) -> None:
    top, _, _, number = await family(database)
    frozen = await sub_account(database, top, status="frozen")

    with pytest.raises(Conflict) as refusal:
        await transfer_number(database, top, number.id, frozen, NOW)
    assert refusal.value.field == "customer_id"


async def test_virtual_number_counts_against_the_plan_of_who_gets_it(database: PostgresDatabase) -> None:
    top = await buyer(database, plan="basic")
    below = await sub_account(database, top)
    numbers = [await bought(database, top, f"+89910000000{n}") for n in range(6)]
    for number in numbers[:5]:
        await transfer_number(database, top, number.id, below, NOW)

    with pytest.raises(LimitExceeded):
        await transfer_number(database, top, numbers[5].id, below, NOW)


async def test_next_renewal_is_the_new_holders(database: PostgresDatabase) -> None:
    """LED-11: the month is charged once, whoever pays it."""
    top, middle, _, number = await family(database)
    await add_credit(database, middle, 5_000_000, NOW)
    before = await credit_of(database, top)
    await transfer_number(database, top, number.id, middle, NOW)

    await renew_numbers(database, DUE)
    await transfer_number(database, top, number.id, top, DUE)
    await renew_numbers(database, DUE)

    assert await credit_of(database, top) == before
    assert (await credit_of(database, middle))[0] == 4_000_000
    await assert_life_is_whole(database)


async def test_unpaid_number_is_looked_at_at_once_by_who_gets_it(database: PostgresDatabase) -> None:
    top = await buyer(database, 1_500_000)
    below = await sub_account(database, top)
    await stock(database, NUMBER)
    number = await bought(database, top, NUMBER)
    await renew_numbers(database, DUE)
    moment = DUE + timedelta(minutes=1)

    moved = await transfer_number(database, top, number.id, below, moment)

    assert (moved.status, moved.look_at) == (NumberStatus.ACTIVE, moment)


async def test_suspended_number_stays_suspended_through_transfer_release_and_undo(database: PostgresDatabase) -> None:
    """No way out of a suspension."""
    top, middle, _, number = await family(database)
    await suspend_number(database, number.id, NOW)

    await transfer_number(database, top, number.id, middle, NOW)
    await release_number(database, middle, number.id, NOW)
    back = await restore_number(database, middle, number.id, NOW)

    assert back.status is NumberStatus.SUSPENDED
    await assert_life_is_whole(database)


async def test_month_is_paid_once_by_one_of_them_while_the_number_moves(database: PostgresDatabase) -> None:
    """LED-11"""
    top, middle, _, number = await family(database)
    await add_credit(database, middle, 5_000_000, NOW)
    before = (await credit_of(database, top))[0] + (await credit_of(database, middle))[0]

    moves = [transfer_number(database, top, number.id, to, DUE) for to in (middle, top) * 5]
    await asyncio.gather(*moves, *(renew_numbers(database, DUE) for _ in range(8)))
    await renew_numbers(database, DUE)

    after = (await credit_of(database, top))[0] + (await credit_of(database, middle))[0]
    assert before - after == 1_000_000
    await assert_life_is_whole(database)


async def test_transfers_and_releases_at_once_leave_one_holder(database: PostgresDatabase) -> None:
    """NUM-1"""
    top, middle, low, number = await family(database)

    moves = [transfer_number(database, top, number.id, to, NOW) for to in (middle, low, top) * 5]
    await asyncio.gather(*moves, release_number(database, top, number.id, NOW), return_exceptions=True)

    held = [await list_numbers(database, account) for account in (top, middle, low)]
    assert sum(map(len, held)) <= 1
    await assert_life_is_whole(database)
