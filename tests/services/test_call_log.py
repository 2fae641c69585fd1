"""The log of an account's calls: its filters, and that it is read by its key."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address
from dialplane.domain.calling.call_queries import CallLogQuery, CallProgress, Period
from dialplane.domain.calling.calls import Call, CallExtras, CallStatus, Direction, HangupReason
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.services.calling.calls import delete_call, list_live_calls, read_log
from tests.services.buying import NOW, buyer

OWN, ALICE, BOB = "+12025550150", "+12025550161", "+12025550162"


def call(account_id: AccountId, minutes: int, **facts: object) -> Call:
    """An ended call of Alice to us, `minutes` after the first."""
    at = NOW + timedelta(minutes=minutes)
    usual: dict[str, object] = {
        "direction": Direction.INCOMING,
        "status": CallStatus.HANGUP,
        "source": Address("tel", ALICE),
        "destination": Address("tel", OWN),
        "hangup_reason": HangupReason.NORMAL,
        "progressing_at": at,
        "ended_at": at + timedelta(seconds=30),
    }
    return Call(id=CallId(new_id(at)), account_id=account_id, created_at=at, **(usual | facts))  # type: ignore[arg-type]  # as `replace` would take it


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await buyer(database)


@pytest.fixture
async def calls(database: PostgresDatabase, account_id: AccountId) -> list[Call]:
    """The oldest first."""
    made = [
        call(account_id, 0),
        call(account_id, 1, source=Address("tel", BOB), extras=CallExtras(caller_name="Bob 100% Builder")),
        call(
            account_id, 2, direction=Direction.OUTGOING, source=Address("tel", OWN), destination=Address("tel", BOB),
            hangup_reason=HangupReason.BUSY, cause_text="Busy Here", progressing_at=None,
        ),
        call(account_id, 3, raw_source="anonymous", source=Address("tel", "anonymous")),
        call(account_id, 4, status=CallStatus.PROGRESSING, hangup_reason=HangupReason.NONE, ended_at=None),
    ]  # fmt: skip
    foreign = call(await buyer(database), 5)
    async with database.transaction() as tx:
        await tx.calls.save_many([*made, foreign])
    return made


def after(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (CallLogQuery(), [4, 3, 2, 1, 0]),
        (CallLogQuery(number=BOB), [2, 1]),
        (CallLogQuery(number="anonymous"), [3]),
        (CallLogQuery(direction=Direction.OUTGOING), [2]),
        (CallLogQuery(progress=CallProgress.BUSY), [2]),
        (CallLogQuery(progress=CallProgress.IN_PROGRESS), [4]),
        (CallLogQuery(progress=CallProgress.COMPLETED), [3, 1, 0]),
        (CallLogQuery(reason=HangupReason.NORMAL), [3, 1, 0]),
        (CallLogQuery(created=Period(after(1), after(3))), [2, 1]),
        (CallLogQuery(text="100% build"), [1]),
        (CallLogQuery(text="busy here"), [2]),
        (CallLogQuery(text="_"), []),
        (CallLogQuery(text="'; drop table calls; --"), []),
        (CallLogQuery(number=BOB, direction=Direction.INCOMING, text="bob"), [1]),
        (CallLogQuery(limit=2), [4, 3]),
    ],
)
async def test_log_shows_what_fits_newest_first(
    database: PostgresDatabase, account_id: AccountId, calls: list[Call], query: CallLogQuery, found: list[int]
) -> None:
    page = await read_log(database, account_id, query)

    assert [each.id for each in page.calls] == [calls[place].id for place in found]
    assert page.looked_to is None


async def test_log_goes_on_behind_a_call_though_others_came_at_the_same_moment(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    same = [call(account_id, 0) for _ in range(5)]
    async with database.transaction() as tx:
        await tx.calls.save_many(same)

    seen: list[CallId] = []
    query = CallLogQuery(limit=2)
    while page := (await read_log(database, account_id, query)).calls:
        seen += [each.id for each in page]
        query = CallLogQuery(limit=2, after=(page[-1].created_at, page[-1].id))

    assert sorted(seen) == sorted(each.id for each in same)


async def test_page_says_how_far_it_has_looked_where_it_found_too_few(
    database: PostgresDatabase, account_id: AccountId, calls: list[Call]
) -> None:
    """What is rare takes no longer than what is frequent: the next page goes on there."""
    first = await read_log(database, account_id, CallLogQuery(number=BOB, look_at=3))
    assert first.looked_to is not None
    second = await read_log(database, account_id, CallLogQuery(number=BOB, look_at=3, after=first.looked_to))

    assert [each.id for each in first.calls] == [calls[2].id]
    assert first.looked_to[1] == calls[2].id
    assert ([each.id for each in second.calls], second.looked_to) == ([calls[1].id], None)


async def test_live_calls_are_those_that_have_not_ended(
    database: PostgresDatabase, account_id: AccountId, calls: list[Call]
) -> None:
    assert [each.id for each in await list_live_calls(database, account_id, limit=10)] == [calls[4].id]


async def test_deleted_call_is_in_no_log(database: PostgresDatabase, account_id: AccountId, calls: list[Call]) -> None:
    await delete_call(database, account_id, calls[0].id, NOW)

    page = await read_log(database, account_id, CallLogQuery(text=str(calls[0].id)))

    assert page.calls == ()


async def test_longer_than_any_number_is_refused(database: PostgresDatabase) -> None:
    with pytest.raises(Invalid) as refused:
        await read_log(database, AccountId(uuid4()), CallLogQuery(number="1" * 129))

    assert refused.value.field == "number"
