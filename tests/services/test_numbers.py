"""Numbers that accounts hold: configuration, release and the way back, the operator's hand."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import AlreadyExists, Conflict, NotFound
from dialplane.domain.ids import NIL, AccountId, ApplicationId, FlowId
from dialplane.domain.numbering.applications import Application
from dialplane.domain.numbering.numbers import QUARANTINE, NumberStatus, SuspendedFor
from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    Targets,
)
from dialplane.domain.supply.inventory import SANDBOX, ItemQuery
from dialplane.services.numbering.number_life import reactivate_number, release_number, restore_number, suspend_number
from dialplane.services.numbering.numbers import NumberChange, get_number, list_numbers, set_targets, update_number
from dialplane.services.numbering.reconcile import reconcile_stock
from dialplane.services.programs.flows import FlowChange, create_flow, delete_flow
from dialplane.services.supply.inventory import search
from tests.services.buying import NOW, assert_balanced, bought, buy, buyer, carriers, credit_of, stock

NUMBER = "+14155550100"
APPLICATION = ApplicationId(UUID(int=7))


async def make_flow(database: PostgresDatabase, account_id: AccountId) -> FlowId:
    return (await create_flow(database, account_id, FlowChange(name="f", actions=[{"type": "answer"}]), NOW)).id


async def event_types(database: PostgresDatabase) -> list[str]:
    rows = await database.pool.fetch("select type from events where type like 'number%' order by resource_seq")
    return [row["type"] for row in rows]


@pytest.mark.parametrize(
    "targets",
    [
        Targets(
            ApplicationTarget(APPLICATION),
            HookTarget("https://a.test/sms", "GET", "t"),
            DocumentTarget("https://a.test"),
        ),
        Targets(DocumentTarget("https://a.test/x", "GET", "https://b.test", "GET", "https://c.test", "GET")),
        Targets(ForwardTarget(users=("ann", "bob")), None, ApplicationTarget(APPLICATION)),
        Targets(ForwardTarget(pstn="+14155550199"), ApplicationTarget(APPLICATION)),
        Targets(ForwardTarget(sip="sip:pbx.test")),
        Targets(),
    ],
)
async def test_targets_come_back_as_they_were_written(database: PostgresDatabase, targets: Targets) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    async with database.transaction() as tx:
        await tx.applications.save(Application(APPLICATION, account_id, "menu", NOW))

    await set_targets(database, account_id, number.id, targets, NOW)

    assert (await get_number(database, account_id, number.id)).targets == targets


async def test_update_changes_what_was_given_and_nothing_else(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    flow_id = await make_flow(database, account_id)

    await update_number(database, account_id, number.id, NumberChange(name="desk", call_flow_id=flow_id), NOW)
    changed = await update_number(database, account_id, number.id, NumberChange(tags=("a",)), NOW)

    assert changed == replace(
        number, name="desk", tags=("a",), targets=Targets(voice=FlowTarget(flow_id)), updated_at=NOW
    )
    assert await get_number(database, account_id, number.id) == changed
    assert await event_types(database) == ["number_created", "number_updated", "number_updated"]


async def test_nil_flow_takes_the_flow_off(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    flow_id = await make_flow(database, account_id)
    await update_number(database, account_id, number.id, NumberChange(message_flow_id=flow_id), NOW)

    changed = await update_number(database, account_id, number.id, NumberChange(message_flow_id=NIL), NOW)

    assert changed.targets == Targets()


async def test_foreign_flow_is_refused_like_an_unknown_one(database: PostgresDatabase) -> None:
    account_id, other = await buyer(database), await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)

    for flow_id in (await make_flow(database, other), uuid4()):
        with pytest.raises(NotFound) as refusal:
            await update_number(database, account_id, number.id, NumberChange(message_flow_id=flow_id), NOW)
        assert (refusal.value.reason, refusal.value.field) == ("FLOW_NOT_FOUND", "message_flow_id")


async def test_deleted_flow_is_cleared_from_numbers(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    flow_id = await make_flow(database, account_id)
    await update_number(database, account_id, number.id, NumberChange(call_flow_id=flow_id), NOW)

    await delete_flow(database, account_id, flow_id, NOW)

    assert (await get_number(database, account_id, number.id)).targets == Targets()


async def test_foreign_number_is_not_found(database: PostgresDatabase) -> None:
    account_id, stranger = await buyer(database), await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)

    for attempt in (
        get_number(database, stranger, number.id),
        update_number(database, stranger, number.id, NumberChange(name="x"), NOW),
        release_number(database, stranger, number.id, NOW),
        restore_number(database, stranger, number.id, NOW),
    ):
        with pytest.raises(NotFound) as refusal:
            await attempt
        assert refusal.value.reason == "NUMBER_NOT_FOUND"


@pytest.mark.parametrize("carrier", ["owned", SANDBOX])
async def test_released_number_rests_30_days_then_is_sold_to_another_without_a_trace(
    database: PostgresDatabase, carrier: str
) -> None:
    """NUM-4"""
    first, second = await buyer(database), await buyer(database)
    await stock(database, NUMBER, carrier=carrier)
    number = await bought(database, first, NUMBER)
    await set_targets(database, first, number.id, Targets(message=HookTarget("https://first.test")), NOW)

    released = await release_number(database, first, number.id, NOW)

    assert released.status is NumberStatus.RELEASED
    async with database.reading() as tx:
        assert await tx.numbers.find_live([NUMBER]) == []
    with pytest.raises(NotFound):
        await get_number(database, first, number.id)
    with pytest.raises(AlreadyExists):
        await buy(database, second, NUMBER)
    assert await reconcile_stock(database, carriers(database), NOW + QUARANTINE - timedelta(seconds=1)) == 0
    assert await search(database, ItemQuery(country="US"), NOW) == []

    assert await reconcile_stock(database, carriers(database), NOW + QUARANTINE) == 1
    again = await bought(database, second, NUMBER)
    assert again.id != number.id
    assert again.targets == Targets()
    with pytest.raises(Conflict):
        await restore_number(database, first, number.id, NOW + QUARANTINE)


async def test_restore_gives_the_same_number_back_at_no_charge(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    await update_number(database, account_id, number.id, NumberChange(name="desk", tags=("a",)), NOW)
    before = await credit_of(database, account_id)
    await release_number(database, account_id, number.id, NOW)

    restored = await restore_number(database, account_id, number.id, NOW + timedelta(days=29))

    assert (restored.id, restored.name, restored.tags, restored.status) == (
        number.id, "desk", ("a",), NumberStatus.ACTIVE,
    )  # fmt: skip
    assert await credit_of(database, account_id) == before
    assert await list_numbers(database, account_id) == [restored]
    assert await reconcile_stock(database, carriers(database), NOW + 2 * QUARANTINE) == 0
    assert (await event_types(database))[-2:] == ["number_deleted", "number_created"]
    await assert_balanced(database)


async def test_restoring_what_was_not_released_is_a_conflict(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)

    with pytest.raises(Conflict):
        await restore_number(database, account_id, number.id, NOW)


async def test_protected_number_is_not_released(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    await update_number(database, account_id, number.id, NumberChange(protected=True), NOW)

    with pytest.raises(Conflict):
        await release_number(database, account_id, number.id, NOW)


async def test_operator_suspends_and_reactivates(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)

    suspended = await suspend_number(database, number.id, NOW)
    assert (suspended.status, suspended.suspended_for) == (NumberStatus.SUSPENDED, SuspendedFor.OPERATOR)
    assert await suspend_number(database, number.id, NOW) == suspended

    active = await reactivate_number(database, number.id, NOW)
    assert active == replace(number, updated_at=NOW)
    assert await reactivate_number(database, number.id, NOW) == active
