"""The cut-over: once, whoever comes by and whatever else has happened to its numbers and flows."""

import asyncio
from datetime import timedelta

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.numbering.history import SYSTEM
from dialplane.domain.numbering.numbers import NumberStatus
from dialplane.domain.numbering.port_outs import PortOutStatus
from dialplane.domain.numbering.porting import PortStatus
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.services.numbering.history import list_history
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.port_outs import (
    approve_port_out,
    finish_port_outs,
    list_port_outs,
    request_port_out,
    set_port_out_pin,
)
from dialplane.services.numbering.port_progress import cut_over_ports
from dialplane.services.numbering.porting import get_port
from dialplane.services.programs.flows import FlowChange, create_flow, delete_flow
from tests.services.buying import NOW, assert_balanced, bought, buyer, credit_of, stock
from tests.services.dying import Attempt, Play, die_at_every_step
from tests.services.porting import confirmed_port

NUMBERS = [f"+1415555{n:04}" for n in range(100, 120)]
DAY = NOW + timedelta(days=7)


async def test_many_workers_at_once_bring_every_number_once_and_charge_its_month_once(
    database: PostgresDatabase,
) -> None:
    """NUM-1, LED-11."""
    account_id = await buyer(database)
    for n in range(0, 20, 2):
        await confirmed_port(database, account_id, *NUMBERS[n : n + 2], day=DAY)

    done = await asyncio.gather(*(cut_over_ports(database, DAY) for _ in range(8)))

    assert sum(map(len, done)) == 10
    numbers = await list_numbers(database, account_id)
    assert sorted(each.number for each in numbers) == NUMBERS
    assert await credit_of(database, account_id) == (80_000_000, 0)
    assert await cut_over_ports(database, DAY) == []
    await assert_balanced(database)


async def test_number_that_arrived_has_a_history_that_begins_with_its_port(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await confirmed_port(database, account_id, NUMBERS[0], day=DAY)

    await cut_over_ports(database, DAY)

    (number,) = await list_numbers(database, account_id)
    entries = await list_history(database, account_id, number.id)
    assert [(entry.what, entry.actor) for entry in entries] == [("renewed", SYSTEM), ("ported_in", SYSTEM)]


async def test_number_comes_without_money_too_and_has_its_grace(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 0)
    await confirmed_port(database, account_id, NUMBERS[0], day=DAY)

    await cut_over_ports(database, DAY)

    (number,) = await list_numbers(database, account_id)
    assert (number.status, number.grace_until) == (NumberStatus.ACTIVE, DAY + timedelta(days=7))


async def test_number_comes_without_a_flow_that_was_deleted_since(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    flow = await create_flow(database, account_id, FlowChange(name="menu", detail="", actions=[]), NOW)
    targets = Targets(voice=FlowTarget(flow.id), message=FlowTarget(flow.id))
    await confirmed_port(database, account_id, NUMBERS[0], day=DAY, targets=targets)
    await delete_flow(database, account_id, flow.id, NOW)

    await cut_over_ports(database, DAY)

    (number,) = await list_numbers(database, account_id)
    assert number.targets == Targets()


async def test_order_for_a_number_that_somebody_got_meanwhile_becomes_an_exception(database: PostgresDatabase) -> None:
    """NUM-1."""
    account_id, other = await buyer(database), await buyer(database)
    port = await confirmed_port(database, account_id, *NUMBERS[:2], day=DAY)
    await stock(database, NUMBERS[1])
    await bought(database, other, NUMBERS[1])

    await cut_over_ports(database, DAY)

    stopped = await get_port(database, account_id, port.id)
    assert stopped.status is PortStatus.EXCEPTION
    assert stopped.exception is not None
    assert NUMBERS[1] in stopped.exception.reason
    assert await list_numbers(database, account_id) == []


async def test_death_at_any_step_of_the_cut_over_leaves_every_number_once_and_paid_once(
    database: PostgresDatabase, attempt: Attempt
) -> None:
    """NUM-3, LED-7, LED-11"""
    account_id = await buyer(database, 1_000_000_000)

    async def begin(number: str) -> Play:
        await confirmed_port(database, account_id, number, day=DAY)
        return lambda db: cut_over_ports(db, DAY)

    deaths = await die_at_every_step(database, begin, attempt)

    assert deaths > 3
    assert len(await list_numbers(database, account_id)) == deaths + 1
    assert await credit_of(database, account_id) == (1_000_000_000 - (deaths + 1) * 1_000_000, 0)


async def test_death_at_any_step_of_a_port_out_lets_the_number_go_once(
    database: PostgresDatabase, attempt: Attempt
) -> None:
    """NUM-3"""
    account_id = await buyer(database, 1_000_000_000)
    await set_port_out_pin(database, account_id, "4711", NOW)

    async def begin(number: str) -> Play:
        await stock(database, number)
        await bought(database, account_id, number)
        asked = await request_port_out(database, number, "4711", "New Telephone Co.", NOW)
        await approve_port_out(database, account_id, asked.id, NOW)
        return lambda db: finish_port_outs(db, NOW)

    deaths = await die_at_every_step(database, begin, attempt)

    assert deaths > 3
    assert await list_numbers(database, account_id) == []
    gone = await list_port_outs(database, account_id, status=PortOutStatus.PORTED)
    assert len(gone) == deaths + 1
