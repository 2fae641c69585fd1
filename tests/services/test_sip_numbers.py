"""SIP numbers, patterns and channels: who may have them, what is refused, and how readers learn of a change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import AlreadyExists, Invalid, Mismatch, NotFound, NotPermitted
from dialplane.domain.ids import AccountId, NumberId, OrganizationId, new_id
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.services.numbering.number_life import release_number, restore_number
from dialplane.services.numbering.numbers import get_number
from dialplane.services.numbering.patterns import PatternChanges
from dialplane.services.numbering.sip_numbers import create_pattern, create_sip_number
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_number

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def sip(database: PostgresDatabase, account_id: AccountId, text: str) -> Number:
    return await create_sip_number(database, account_id, NumberOrder(number=text), NOW)


async def changes(database: PostgresDatabase, account_id: AccountId, since: int) -> PatternChanges:
    """Organization and account have one id here."""
    async with database.reading() as tx:
        return await tx.patterns.changes(OrganizationId(account_id), since=since)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1234", NumberKind.SIP),
        ("alice", NumberKind.SIP),
        ("alice.smith", NumberKind.SIP),
        ("mms:+12345678", NumberKind.CHANNEL),
        ("16.*", NumberKind.PATTERN),
        ("*777#", NumberKind.PATTERN),
        ("*", NumberKind.PATTERN),
        ("7777|8888", NumberKind.PATTERN),
        ("[45]234[23]", NumberKind.PATTERN),
    ],
)
async def test_number_is_kept_as_given_and_its_kind_follows_from_its_text(
    database: PostgresDatabase, text: str, kind: NumberKind
) -> None:
    account_id = await add_account(database)

    number = await sip(database, account_id, text)

    assert (number.number, number.kind, number.status) == (text, kind, NumberStatus.ACTIVE)
    assert (number.monthly_micros, number.renews_at, number.carrier) == (0, None, "")
    assert await get_number(database, account_id, number.id) == number


@pytest.mark.parametrize("text", ["1234", "16.*", "mms:+12345678"])
async def test_number_is_unique_in_its_organization_and_may_exist_in_another(
    database: PostgresDatabase, text: str
) -> None:
    """Reference 2.5: the same SIP number may exist in other organizations."""
    first, second = await add_account(database), await add_account(database)
    await sip(database, first, text)

    with pytest.raises(AlreadyExists) as refusal:
        await sip(database, first, text)

    assert refusal.value.field == "number"
    assert (await sip(database, second, text)).number == text


async def test_ordinary_number_of_the_organization_is_not_also_its_sip_number(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    await add_number(database, account_id, "+12025550143", NOW)

    with pytest.raises(AlreadyExists):
        await sip(database, account_id, "+12025550143")


@pytest.mark.parametrize("text", ["12 34", "a\x7f", "é", "1" * 129, "mms:" + "1" * 252, r"7777\8888", "[1", "(?=1)1"])
async def test_what_can_be_no_number_is_refused_by_name_and_changes_nothing(
    database: PostgresDatabase, text: str
) -> None:
    account_id = await add_account(database)

    with pytest.raises(Invalid) as refusal:
        await sip(database, account_id, text)

    assert refusal.value.field == "number"
    assert (await changes(database, account_id, 0)).live == []


async def test_account_that_is_frozen_takes_no_number(database: PostgresDatabase) -> None:
    account_id = await add_account(database, status="frozen")

    with pytest.raises(NotPermitted):
        await sip(database, account_id, "1234")


async def test_flow_of_somebody_else_is_refused(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    wanted = NumberOrder(number="1234", targets=Targets(voice=FlowTarget(new_id(NOW))))

    with pytest.raises(NotFound) as refusal:
        await create_sip_number(database, account_id, wanted, NOW)

    assert (refusal.value.reason, refusal.value.field) == ("FLOW_NOT_FOUND", "call_flow_id")


async def test_same_idempotency_key_finds_the_number_that_was_taken_with_it(database: PostgresDatabase) -> None:
    """API-1"""
    account_id = await add_account(database)
    wanted = NumberOrder(number="16.*", idempotency_key="once")

    first = await create_sip_number(database, account_id, wanted, NOW)

    assert await create_sip_number(database, account_id, wanted, NOW + timedelta(hours=1)) == first
    with pytest.raises(Mismatch):
        await create_sip_number(database, account_id, replace(wanted, number="17.*"), NOW + timedelta(days=2))


# --- what readers see ------------------------------------------------------------------------------------------------


async def test_reader_that_knows_a_version_is_told_only_what_changed_since(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    first = await sip(database, account_id, "16.*")
    second = await create_pattern(database, account_id, NumberOrder(number="1234"), NOW, anchored=True)
    known = await changes(database, account_id, 0)
    assert {(each.number_id, each.text, each.anchored) for each in known.live} == {
        (first.id, "16.*", False),
        (second.id, "1234", True),
    }
    assert known.is_complete

    await release_number(database, account_id, first.id, NOW)
    third = await sip(database, account_id, "17.*")

    told = await changes(database, account_id, known.version)
    assert not told.is_complete
    assert (told.gone, [each.number_id for each in told.live]) == ([first.id], [third.id])
    assert await changes(database, account_id, told.version) == PatternChanges(told.version, False, [], [])


async def test_pattern_that_is_taken_back_is_told_again(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    number = await sip(database, account_id, "16.*")
    await release_number(database, account_id, number.id, NOW)
    known = await changes(database, account_id, 0)
    assert known.live == []

    await restore_number(database, account_id, number.id, NOW)

    assert [each.number_id for each in (await changes(database, account_id, known.version)).live] == [number.id]


async def test_change_that_no_reader_needs_leaves_the_version_alone(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    number = await sip(database, account_id, "16.*")
    version = (await changes(database, account_id, 0)).version

    async with database.transaction() as tx:
        await tx.numbers.save(number)
        await tx.connection.execute("update numbers set name = 'x' where id = $1", number.id)

    assert (await changes(database, account_id, 0)).version == version


async def test_pattern_that_moves_to_another_organization_leaves_the_readers_of_the_first(
    database: PostgresDatabase,
) -> None:
    first, second = await add_account(database), await add_account(database)
    number, stays = await sip(database, first, "16.*"), await sip(database, first, "17.*")
    known = await changes(database, first, 0)

    async with database.transaction() as tx:
        await tx.connection.execute(
            "update numbers set account_id = $2, organization_id = $2 where id = $1", number.id, second
        )

    told = await changes(database, first, known.version)
    assert (told.is_complete, _ids(told)) == (True, [stays.id])
    assert _ids(await changes(database, second, 0)) == [number.id]


def _ids(told: PatternChanges) -> list[NumberId]:
    return [each.number_id for each in told.live]
