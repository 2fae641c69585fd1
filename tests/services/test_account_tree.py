"""Accounts below accounts: who makes them, what suspending and closing reach, credit that moves (NUM-4, LED-1)."""

import asyncio
from dataclasses import replace

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import (
    AlreadyExists,
    Conflict,
    InsufficientBalance,
    Invalid,
    NotAuthenticated,
    NotFound,
    NotPermitted,
)
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberStatus
from dialplane.domain.numbering.porting import PortStatus
from dialplane.domain.supply.inventory import ItemState
from dialplane.domain.tenancy.account_tree import AccountChange, AccountQuery, SubAccountDraft
from dialplane.domain.tenancy.accounts import Account, AccountStatus, Role
from dialplane.services.calling.extensions import create_extension
from dialplane.services.identity.access_keys import create_key
from dialplane.services.identity.authentication import authenticate_key
from dialplane.services.numbering.numbers import NumberChange, update_number
from dialplane.services.numbering.port_progress import advance_port
from dialplane.services.numbering.porting import cancel_port
from dialplane.services.tenancy.account_tree import (
    change_account,
    create_sub_account,
    move_credit,
    query_accounts,
    rotate_auth_token,
)
from dialplane.services.tenancy.accounts import get_account
from dialplane.services.tenancy.administration import set_status
from tests.faces.conftest import CheapHasher
from tests.services.buying import NOW, assert_balanced, bought, buyer, credit_of, stock
from tests.services.porting import submitted_port

NUMBER = "+12025550143"
HASHER = CheapHasher()


async def sub_account(database: PostgresDatabase, parent: AccountId, **facts: object) -> Account:
    draft = replace(SubAccountDraft(name="below"), **facts)  # type: ignore[arg-type]  # the draft's own fields
    return await create_sub_account(database, HASHER, parent, draft, now=NOW)


async def status_of(database: PostgresDatabase, *accounts: AccountId) -> list[AccountStatus]:
    async with database.reading() as tx:
        return [(await tx.accounts.get(each)).status for each in accounts]


async def change(database: PostgresDatabase, caller: AccountId, account: AccountId, status: AccountStatus) -> Account:
    return await change_account(database, HASHER, caller, account, AccountChange(status=status), now=NOW)


async def test_sub_account_has_credentials_of_its_own_and_no_money(database: PostgresDatabase) -> None:
    top = await buyer(database)

    child = await sub_account(database, top, name="Branch", email="branch@example.org")

    parent = await get_account(database, top)
    assert (child.parent_id, child.organization_id, child.plan) == (top, parent.organization_id, parent.plan)
    assert len({child.auth_token, child.project_token, parent.auth_token, parent.project_token}) == 4
    assert await credit_of(database, child.id) == (0, 0)
    assert (await query_accounts(database, AccountQuery(top)))[0] == [child]


async def test_fourth_level_is_refused(database: PostgresDatabase) -> None:
    top = await buyer(database)
    second = await sub_account(database, top)
    third = await sub_account(database, second.id)

    with pytest.raises(Invalid) as refusal:
        await sub_account(database, third.id)

    assert refusal.value.reason == "ACCOUNT_TOO_DEEP"
    found, total = await query_accounts(database, AccountQuery(top, with_root=True, whole_tree=True))
    assert ([each.id for each in found], total) == ([top, second.id, third.id], 3)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (SubAccountDraft(), "name"),
        (SubAccountDraft(name="x" * 65), "name"),
        (SubAccountDraft(email="nobody"), "email"),
        (SubAccountDraft(email="a?b@example.org"), "email"),
        (SubAccountDraft(email="a@example.org", password="short1"), "password"),
        (SubAccountDraft(email="a@example.org", password="allofoneclass"), "password"),
        (SubAccountDraft(name="x", status=AccountStatus.DELETED), "status"),
    ],
)
async def test_bad_sub_account_names_its_field(database: PostgresDatabase, draft: SubAccountDraft, field: str) -> None:
    top = await buyer(database)

    with pytest.raises(Invalid) as refusal:
        await create_sub_account(database, HASHER, top, draft, now=NOW)

    assert refusal.value.field == field
    assert (await query_accounts(database, AccountQuery(top)))[1] == 0


async def test_address_signs_in_to_one_account_only(database: PostgresDatabase) -> None:
    top = await buyer(database)
    await sub_account(database, top, email="a@example.org")

    with pytest.raises(AlreadyExists):
        await sub_account(database, top, email="A@example.org")


async def test_suspending_reaches_all_below_and_is_taken_back_with_them(database: PostgresDatabase) -> None:
    top = await buyer(database)
    second = await sub_account(database, top)
    third = await sub_account(database, second.id)
    key = (await create_key(database, third.id, now=NOW)).token

    await change(database, top, second.id, AccountStatus.SUSPENDED)

    suspended = AccountStatus.SUSPENDED
    assert await status_of(database, top, second.id, third.id) == [AccountStatus.ACTIVE, suspended, suspended]
    with pytest.raises(NotPermitted) as refusal:
        await authenticate_key(database, key, NOW)
    assert refusal.value.reason == "ACCOUNT_NOT_ACTIVE"

    await change(database, top, second.id, AccountStatus.ACTIVE)

    assert await status_of(database, second.id, third.id) == [AccountStatus.ACTIVE, AccountStatus.ACTIVE]
    assert (await authenticate_key(database, key, NOW)).account_id == third.id


async def test_who_was_suspended_before_stays_suspended(database: PostgresDatabase) -> None:
    top = await buyer(database)
    second = await sub_account(database, top)
    third = await sub_account(database, second.id)
    await change(database, top, third.id, AccountStatus.SUSPENDED)

    await change(database, top, second.id, AccountStatus.SUSPENDED)
    await change(database, top, second.id, AccountStatus.ACTIVE)

    assert await status_of(database, second.id, third.id) == [AccountStatus.ACTIVE, AccountStatus.SUSPENDED]


async def test_nobody_comes_back_while_an_account_above_is_suspended(database: PostgresDatabase) -> None:
    top = await buyer(database)
    second = await sub_account(database, top)
    third = await sub_account(database, second.id)
    await set_status(database, top, AccountStatus.SUSPENDED, now=NOW)

    with pytest.raises(Conflict):
        await set_status(database, third.id, AccountStatus.ACTIVE, now=NOW)

    # suspended for itself now, it does not come back with the top
    await set_status(database, second.id, AccountStatus.INACTIVE, now=NOW)
    await set_status(database, top, AccountStatus.ACTIVE, now=NOW)
    inactive, suspended = AccountStatus.INACTIVE, AccountStatus.SUSPENDED
    assert await status_of(database, top, second.id, third.id) == [AccountStatus.ACTIVE, inactive, suspended]


async def test_closing_ends_everything_below_but_history_and_ledger(database: PostgresDatabase) -> None:
    """NUM-4, LED-1: the number rests, the money goes up, and everything still adds up."""
    top = await buyer(database, 10_000_000)
    second = await sub_account(database, top)
    third = await sub_account(database, second.id)
    await move_credit(database, top, third.id, Micros(5_000_000), key="1", now=NOW)
    await stock(database, NUMBER)
    number = await bought(database, third.id, NUMBER)
    key = (await create_key(database, third.id, now=NOW)).token
    await create_extension(database, third.id, extension="alice", password="secret", name="", detail="", now=NOW)

    await change(database, top, second.id, AccountStatus.DELETED)

    closed = AccountStatus.DELETED
    assert await status_of(database, top, second.id, third.id) == [AccountStatus.ACTIVE, closed, closed]
    async with database.transaction() as tx:
        released = await tx.numbers.find(third.id, number.id)
        item = await tx.inventory.lock_by_number(NUMBER)
    assert released is not None
    assert released.status is NumberStatus.RELEASED
    assert item is not None
    assert item.state is ItemState.QUARANTINED
    assert await database.pool.fetchval("select count(*) from extensions where deleted_at is null") == 0
    with pytest.raises(NotAuthenticated):
        await authenticate_key(database, key, NOW)
    assert await credit_of(database, top) == (10_000_000 - 1_500_000, 0)
    assert await credit_of(database, third.id) == (0, 0)
    await assert_balanced(database)


async def test_purchases_that_race_with_closing_leave_no_number_behind(database: PostgresDatabase) -> None:
    """NUM-2, LED-1: each either comes too late, or its number is released with the others."""
    top = await buyer(database, 100_000_000)
    child = await sub_account(database, top)
    await move_credit(database, top, child.id, Micros(50_000_000), key="1", now=NOW)
    numbers = [f"+120255501{index:02}" for index in range(12)]
    await stock(database, *numbers)

    outcomes = await asyncio.gather(
        *(bought(database, child.id, number) for number in numbers[:6]),
        change(database, top, child.id, AccountStatus.DELETED),
        *(bought(database, child.id, number) for number in numbers[6:]),
        return_exceptions=True,
    )

    refused = [each for each in outcomes if isinstance(each, BaseException)]
    assert all(isinstance(each, InsufficientBalance | NotPermitted) for each in refused), refused
    assert await status_of(database, child.id) == [AccountStatus.DELETED]
    live = "select count(*) from numbers where status <> 'released'"
    assert await database.pool.fetchval(live) == 0
    assert await credit_of(database, child.id) == (0, 0)
    await assert_balanced(database)


async def test_suspended_account_takes_no_virtual_number(database: PostgresDatabase) -> None:
    top = await buyer(database)
    child = await sub_account(database, top)
    await change(database, top, child.id, AccountStatus.SUSPENDED)

    with pytest.raises(NotPermitted):
        await bought(database, child.id, "+899100000001")


async def test_closing_is_final(database: PostgresDatabase) -> None:
    top = await buyer(database)
    child = await sub_account(database, top)
    await change(database, top, child.id, AccountStatus.DELETED)

    with pytest.raises(Invalid) as again:
        await change(database, top, child.id, AccountStatus.ACTIVE)
    with pytest.raises(Invalid):
        await change_account(database, HASHER, top, child.id, AccountChange(name="new"), now=NOW)

    assert again.value.reason == "ACCOUNT_CLOSED"


async def test_protected_number_keeps_its_account_open(database: PostgresDatabase) -> None:
    top = await buyer(database)
    child = await sub_account(database, top)
    await move_credit(database, top, child.id, Micros(5_000_000), key="1", now=NOW)
    await stock(database, NUMBER)
    number = await bought(database, child.id, NUMBER)
    await update_number(database, child.id, number.id, NumberChange(protected=True), NOW)

    with pytest.raises(Conflict) as refusal:
        await change(database, top, child.id, AccountStatus.DELETED)

    assert refusal.value.reason == "NUMBER_PROTECTED"
    assert await status_of(database, child.id) == [AccountStatus.ACTIVE]


async def test_numbers_on_their_way_keep_their_account_open(database: PostgresDatabase) -> None:
    top = await buyer(database)
    child = await sub_account(database, top)
    port = await submitted_port(database, child.id, NUMBER)

    with pytest.raises(Conflict) as refusal:
        await change(database, top, child.id, AccountStatus.DELETED)

    assert refusal.value.reason == "PORT_OPEN"
    await cancel_port(database, child.id, port.id, NOW)
    await advance_port(database, port.id, PortStatus.CANCELLED, NOW)
    assert (await change(database, top, child.id, AccountStatus.DELETED)).status is AccountStatus.DELETED


async def test_top_account_cannot_close_itself_and_siblings_have_no_authority(database: PostgresDatabase) -> None:
    top = await buyer(database)
    one, two = await sub_account(database, top), await sub_account(database, top)

    with pytest.raises(Invalid):
        await change(database, top, top, AccountStatus.DELETED)
    for caller, account in ((one.id, two.id), (one.id, top)):
        with pytest.raises(NotFound):
            await change(database, caller, account, AccountStatus.SUSPENDED)


async def test_developer_gives_no_role_and_no_token(database: PostgresDatabase) -> None:
    top = await buyer(database)
    child = await sub_account(database, top, role=Role.DEVELOPER)

    with pytest.raises(NotPermitted):
        await change_account(database, HASHER, child.id, child.id, AccountChange(role=Role.ADMINISTRATOR), now=NOW)
    with pytest.raises(NotPermitted):
        await sub_account(database, child.id, role=Role.ADMINISTRATOR)
    with pytest.raises(NotPermitted):
        await rotate_auth_token(database, child.id, child.id, NOW)


async def test_new_auth_token_ends_the_old_one(database: PostgresDatabase) -> None:
    top = await buyer(database)
    child = await sub_account(database, top, email="a@example.org")

    rotated = await rotate_auth_token(database, top, child.id, NOW)
    after_password = await change_account(
        database, HASHER, top, child.id, AccountChange(password="correct horse 1"), now=NOW
    )

    assert len({child.auth_token, rotated.auth_token, after_password.auth_token}) == 3
    assert (await get_account(database, child.id)).auth_token == after_password.auth_token
    async with database.reading() as tx:
        agent = await tx.agents.find_by_username("a@example.org")
    assert agent is not None
    assert await HASHER.verify(agent.password_hash, "correct horse 1")


async def test_credit_moves_down_and_up_never_below_zero_and_once_for_a_key(database: PostgresDatabase) -> None:
    """LED-1, LED-5."""
    top = await buyer(database, 1_000_000)
    child = await sub_account(database, top)

    for _ in range(2):
        await move_credit(database, top, child.id, Micros(600_000), key="a", now=NOW)
    await move_credit(database, top, child.id, Micros(-100_000), key="b", now=NOW)
    with pytest.raises(InsufficientBalance):
        await move_credit(database, top, child.id, Micros(600_000), key="c", now=NOW)
    with pytest.raises(InsufficientBalance):
        await move_credit(database, top, child.id, Micros(-600_000), key="d", now=NOW)

    assert await credit_of(database, top) == (500_000, 0)
    assert await credit_of(database, child.id) == (500_000, 0)
    await assert_balanced(database)


async def test_credit_does_not_leave_the_tree(database: PostgresDatabase) -> None:
    top, stranger = await buyer(database), await buyer(database)

    with pytest.raises(NotFound):
        await move_credit(database, top, stranger, Micros(1), key="a", now=NOW)
