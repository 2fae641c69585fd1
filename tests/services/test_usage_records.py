"""Usage records are views: counts and minutes of calls and messages, prices of the ledger."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.usage_records import Category, Granularity, Range, UsageRecord, last_month
from dialplane.domain.ids import AccountId, CallId, NumberId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.tenancy.account_tree import SubAccountDraft
from dialplane.services.charging.ledger import charge
from dialplane.services.charging.usage_records import UsageQuery, query_usage
from dialplane.services.tenancy.account_tree import create_sub_account
from tests.faces.conftest import CheapHasher
from tests.fakes.numbers import add_number
from tests.services.buying import NOW, bought, buyer, stock

NUMBER = "+12025550143"
MESSAGES = (("inbound", "received", 1), ("outbound", "delivered", 3), ("outbound", "failed", 9))
MARCH = Range(date(2026, 3, 1), date(2026, 3, 31))
_US, _THEM = Address("tel", NUMBER), Address("tel", "+14155550100")


async def answered_call(
    database: PostgresDatabase,
    account_id: AccountId,
    ended_at: datetime,
    *,
    seconds: int,
    number_id: NumberId | None = None,
    cost_type: CostType = CostType.CALL_PSTN_INCOMING,
    minutes: int = 0,
) -> None:
    """An incoming call that is over, with a charge for its minutes at a cent each."""
    began = ended_at - timedelta(seconds=seconds)
    call = Call(
        CallId(uuid4()), account_id, Direction.INCOMING, CallStatus.HANGUP, _THEM, _US, began, number_id=number_id,
        cost_type=cost_type, progressing_at=began, ended_at=ended_at,
    )  # fmt: skip
    rate = Rate(cost_type, Micros(10_000))
    async with database.transaction() as tx:
        await tx.calls.save_many([call])
        if minutes:
            wanted = Charge(f"call:{call.id}", rate, minutes, ReferenceType.CALL, call.id, began, ended_at)
            await charge(tx, account_id, wanted, ended_at)


async def usage(
    database: PostgresDatabase, account_id: AccountId, days: Range = MARCH, **facts: object
) -> dict[Category, tuple[int, int, int]]:
    """`(count, amount, micros)` of every category that is not at zero."""
    query = UsageQuery(days, Granularity.ALL, **facts)  # type: ignore[arg-type]  # the query's own fields
    found = await query_usage(database, account_id, query)
    return {each.category: (each.count, each.amount, each.micros) for each in found if each.count or each.micros}


async def test_calls_count_by_category_in_minutes_begun_at_the_ledgers_price(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    local = await add_number(database, account_id, NUMBER, NOW)
    toll_free = await add_number(database, account_id, "+18005550143", NOW, kind=NumberKind.TOLL_FREE)
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    await answered_call(database, account_id, at, seconds=61, number_id=local.id, minutes=2)
    await answered_call(database, account_id, at, seconds=10, number_id=toll_free.id, minutes=1)
    await answered_call(database, account_id, at, seconds=10, cost_type=CostType.CALL_EXTENSION)

    assert await usage(database, account_id) == {
        Category.CALLS: (3, 4, 30_000),
        Category.CALLS_INBOUND: (2, 3, 30_000),
        Category.CALLS_INBOUND_LOCAL: (1, 2, 20_000),
        Category.CALLS_INBOUND_TOLLFREE: (1, 1, 10_000),
        Category.CALLS_CLIENT: (1, 1, 0),
        Category.TOTALPRICE: (0, 0, 30_000),
    }


async def test_numbers_count_with_set_up_and_month(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    await bought(database, account_id, NUMBER)

    assert await usage(database, account_id) == {
        Category.PHONENUMBERS: (1, 1, 1_500_000),
        Category.PHONENUMBERS_LOCAL: (1, 1, 1_500_000),
        Category.TOTALPRICE: (0, 0, 1_500_000),
    }
    assert await usage(database, account_id, last_month(NOW.date())) == {}


async def test_messages_count_segments_and_only_those_that_went_out(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    async with database.transaction() as tx:
        for direction, status, parts in (
            ("inbound", "received", 1),
            ("outbound", "delivered", 3),
            ("outbound", "failed", 9),
        ):
            message_id = uuid4()
            await tx.connection.execute(
                "insert into messages (id, account_id, direction, source, text, created_at)"
                " values ($1, $2, $3, '{}', 'x', $4)",
                message_id, account_id, direction, NOW,
            )  # fmt: skip
            await tx.connection.execute(
                "insert into message_targets (message_id, position, conversation_id, destination, status, parts,"
                " due_at, created_at, updated_at) values ($1, 0, $1, '{}', $2, $3, $4, $4, $4)",
                message_id, status, parts, NOW,
            )  # fmt: skip

    assert await usage(database, account_id) == {
        Category.SMS: (2, 4, 0),
        Category.SMS_INBOUND: (1, 1, 0),
        Category.SMS_INBOUND_LONGCODE: (1, 1, 0),
        Category.SMS_OUTBOUND: (1, 3, 0),
        Category.SMS_OUTBOUND_LONGCODE: (1, 3, 0),
    }


async def test_call_over_midnight_belongs_to_the_day_that_it_ended(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    ends = (datetime(2026, 3, 10, 0, 0, 30, tzinfo=UTC), datetime(2026, 3, 12, 12, tzinfo=UTC))
    for end in ends:
        await answered_call(database, account_id, end, seconds=60)

    query = UsageQuery(MARCH, Granularity.DAY, Category.CALLS)
    found = await query_usage(database, account_id, query)
    by_month = await query_usage(database, account_id, UsageQuery(MARCH, Granularity.MONTH, Category.CALLS))
    by_year = await query_usage(database, account_id, UsageQuery(MARCH, Granularity.YEAR, Category.CALLS))

    days = (date(2026, 3, 12), date(2026, 3, 10))
    assert found == [UsageRecord(Category.CALLS, day, day, 1, 1, 0) for day in days]
    assert by_month == by_year == [UsageRecord(Category.CALLS, MARCH.first, MARCH.last, 2, 2, 0)]


async def test_usage_below_is_counted_only_where_it_is_wanted(database: PostgresDatabase) -> None:
    top = await buyer(database)
    child = await create_sub_account(database, CheapHasher(), top, SubAccountDraft(name="below"), now=NOW)
    await answered_call(database, child.id, NOW, seconds=60)

    assert await usage(database, top) == {}
    assert (await usage(database, top, with_sub_accounts=True))[Category.CALLS] == (1, 1, 0)


async def test_transcriptions_and_look_ups_of_names_show_what_they_cost(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    async with database.transaction() as tx:
        for kind, cost_type in (
            (ReferenceType.TRANSCRIBE, CostType.TRANSCRIBE),
            (ReferenceType.CALLER_ID_LOOKUP, CostType.CALLER_ID_LOOKUP),
        ):
            rate, at = Rate(cost_type, Micros(20_000)), datetime(2026, 3, 4, tzinfo=UTC)
            await charge(tx, account_id, Charge(kind.value, rate, 1, kind, uuid4(), at, at), at)

    found = await usage(database, account_id)

    assert found[Category.TRANSCRIPTIONS] == (0, 0, 20_000)
    assert found[Category.CALLERIDLOOKUPS] == (1, 1, 20_000)
