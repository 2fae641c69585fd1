"""The history of numbers: every change with who, when, and what from and to."""

from datetime import datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccessKeyId, AccountId, AgentId, NumberId, new_id
from dialplane.domain.numbering.history import OPERATOR, SYSTEM, Actor, ActorKind, NumberEvent, actor_of, the_account
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.tenancy.accounts import Permission, Principal
from dialplane.services.numbering.history import list_history
from dialplane.services.numbering.number_life import reactivate_number, release_number, restore_number, suspend_number
from dialplane.services.numbering.numbers import NumberChange, update_number
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.numbering.renewal import renew_numbers
from dialplane.services.programs.flows import FlowChange, create_flow, delete_flow
from tests.services.buying import NOW, bought, buyer, carriers, stock
from tests.services.life import assert_life_is_whole

NUMBER = "+14155550100"
DUE = datetime(2026, 4, 30, 12, 0, tzinfo=NOW.tzinfo)


async def history(database: PostgresDatabase, account_id: AccountId, number_id: NumberId) -> list[NumberEvent]:
    """Oldest first."""
    return (await list_history(database, account_id, number_id))[::-1]


async def test_life_of_a_number_is_told_with_who_did_what(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    key = Actor(ActorKind.ACCESS_KEY, new_id(NOW))
    number = await bought(database, account_id, NUMBER)

    await update_number(database, account_id, number.id, NumberChange(name="desk"), NOW, by=key)
    await suspend_number(database, number.id, NOW)
    await reactivate_number(database, number.id, NOW)
    await renew_numbers(database, DUE)
    await release_number(database, account_id, number.id, DUE, by=key)
    await restore_number(database, account_id, number.id, DUE)

    told = await history(database, account_id, number.id)
    account = the_account(account_id)
    assert [(each.what, each.actor) for each in told] == [
        ("created", account), ("updated", key), ("suspended", OPERATOR), ("reactivated", OPERATOR),
        ("renewed", SYSTEM), ("released", key), ("restored", account),
    ]  # fmt: skip
    assert [(c.field, c.old, c.new) for c in told[1].changes] == [("name", "", "desk")]
    assert [(c.field, c.old, c.new) for c in told[5].changes] == [("status", "active", "released")]
    assert [c.field for c in told[4].changes] == ["tm_renew"]
    await assert_life_is_whole(database)


async def test_history_of_a_released_number_is_still_its_last_holders(database: PostgresDatabase) -> None:
    account_id, stranger = await buyer(database), await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    await release_number(database, account_id, number.id, NOW)

    assert [each.what for each in await history(database, account_id, number.id)] == ["created", "released"]
    with pytest.raises(NotFound):
        await list_history(database, stranger, number.id)


async def test_change_that_changes_nothing_leaves_no_trace(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)

    await update_number(database, account_id, number.id, NumberChange(name=""), NOW)

    assert len(await history(database, account_id, number.id)) == 1


async def test_deleted_flow_stands_in_the_history_of_its_numbers(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    flow = await create_flow(database, account_id, FlowChange(name="f", actions=[{"type": "answer"}]), NOW)
    change = NumberChange(call_flow_id=flow.id, message_flow_id=flow.id)
    await update_number(database, account_id, number.id, change, NOW)

    await delete_flow(database, account_id, flow.id, NOW)

    last = (await history(database, account_id, number.id))[-1]
    shown = {"type": "flow", "flow_id": str(flow.id)}
    assert last.what == "flow_deleted"
    assert [(c.field, c.old, c.new) for c in last.changes] == [("voice", shown, None), ("message", shown, None)]


async def test_months_that_are_paid_at_once_stand_in_order(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)

    await renew_numbers(database, DUE + timedelta(days=100))

    months = [event.changes[0] for event in (await history(database, account_id, number.id))[1:]]
    assert len(months) == 4
    assert [month.old for month in months[1:]] == [month.new for month in months[:-1]]


async def test_buyer_of_the_order_is_who_made_the_number(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER, carrier="sandbox")
    agent = Actor(ActorKind.AGENT, new_id(NOW))

    number = await buy_number(database, carriers(database), account_id, NumberOrder(NUMBER, by=agent), NOW)

    assert (await history(database, account_id, NumberId(number.id)))[0].actor == agent


@pytest.mark.parametrize("via", ["access_key", "agent", "project", "operator"])
def test_actor_is_the_credential_that_was_used(via: str) -> None:
    account_id, key, agent = AccountId(new_id(NOW)), AccessKeyId(new_id(NOW)), AgentId(new_id(NOW))
    principal = Principal(
        account_id,
        Permission.CUSTOMER_ADMIN,
        agent_id=agent if via == "agent" else None,
        via=via,
        key_id=key if via == "access_key" else None,
    )

    assert (
        actor_of(principal)
        == {
            "access_key": Actor(ActorKind.ACCESS_KEY, key),
            "agent": Actor(ActorKind.AGENT, agent),
            "project": Actor(ActorKind.ACCOUNT, account_id),
            "operator": OPERATOR,
        }[via]
    )
