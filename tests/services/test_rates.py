"""Rate decks: who pays the new rate, who keeps the old one (LED-9)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.calling.routing import Origin, Refused
from dialplane.domain.charging.ledger import Entry
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType, Rate
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import AccountId, CallId, new_id, utc_now
from dialplane.domain.money import Micros
from dialplane.services.calling.admission import Admitted, admit
from dialplane.services.calling.arrivals import Arrival
from dialplane.services.calling.call_records import CallEnded, close_orphans, write_changes
from dialplane.services.calling.routing import explain
from dialplane.services.charging.billing import check_ledger
from dialplane.services.charging.rates import DEFAULT_DECK, change_rate_deck, get_rate_deck
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.message_sending import Accepted, claim_targets, record_answer
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.outbound_messages import send_message
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number

NOW = utc_now()
OWN, PEER = "+12025550100", "+12025550199"
CALL, SMS = CostType.CALL_PSTN_INCOMING, CostType.SMS


async def _holder(database: PostgresDatabase, *, credit: int = 1_000_000) -> AccountId:
    account_id = await add_account(database)
    await add_number(database, account_id, OWN, NOW)
    await add_credit(database, account_id, credit, NOW)
    return account_id


async def _set(database: PostgresDatabase, *rates: Rate) -> None:
    await change_rate_deck(database, DEFAULT_DECK, rates, NOW)


async def _ring(database: PostgresDatabase) -> Admitted:
    """A call from outside, let in."""
    arrival = Arrival(CallId(new_id(NOW)), Origin.PSTN, PEER, "", OWN, "127.0.0.1", "127.0.0.1", "x@y", "node-1")
    outcome = (await admit(database, [arrival], NOW))[0]
    assert isinstance(outcome, Admitted)
    return outcome


def _answered(call: Call) -> Call:
    return replace(call, status=CallStatus.PROGRESSING, progressing_at=NOW)


async def _charges(database: PostgresDatabase, account_id: AccountId) -> list[Entry]:
    async with database.reading() as tx:
        entries = await tx.ledger.list_entries(account_id, before=None, limit=10)
    return [entry for entry in entries if entry.amount_micros < 0]


async def test_deck_has_the_built_in_rates_until_some_are_set(database: PostgresDatabase) -> None:
    assert await get_rate_deck(database, DEFAULT_DECK) == DEFAULT_RATES

    changed = await change_rate_deck(database, DEFAULT_DECK, [Rate(SMS, Micros(7))], NOW)

    assert changed == await get_rate_deck(database, DEFAULT_DECK) == {**DEFAULT_RATES, SMS: Rate(SMS, Micros(7))}


@pytest.mark.parametrize(
    "rates",
    [
        [Rate(CostType.NUMBER, Micros(1))],
        [Rate(CostType.NONE, Micros(1))],
        [Rate(SMS, Micros(1)), Rate(SMS, Micros(2))],
    ],
)
async def test_refused_change_leaves_the_deck(database: PostgresDatabase, rates: list[Rate]) -> None:
    with pytest.raises(Invalid) as refused:
        await change_rate_deck(database, DEFAULT_DECK, rates, NOW)

    assert refused.value.field == f"rates[{len(rates) - 1}].cost_type"
    assert await get_rate_deck(database, DEFAULT_DECK) == DEFAULT_RATES


async def test_other_decks_are_not_there(database: PostgresDatabase) -> None:
    with pytest.raises(NotFound):
        await get_rate_deck(database, "gold")
    with pytest.raises(NotFound):
        await change_rate_deck(database, "gold", [], NOW)


async def test_call_under_way_keeps_its_rate_and_the_next_one_has_the_new(database: PostgresDatabase) -> None:
    """LED-9: the rate changes between the first minute and the end."""
    account_id = await _holder(database)
    await _set(database, Rate(CALL, Micros(100)))
    first = await _ring(database)
    await _set(database, Rate(CALL, Micros(999)))
    second = await _ring(database)

    ended = [
        CallEnded(replace(_answered(each.call), ended_at=NOW + timedelta(seconds=61)), each.billing)
        for each in (first, second)
    ]
    await write_changes(database, ended, NOW)

    charges = {entry.reference_id: entry for entry in await _charges(database, account_id)}
    assert (charges[first.call.id].rate.micros, charges[first.call.id].amount_micros) == (100, -200)
    assert (charges[second.call.id].rate.micros, charges[second.call.id].amount_micros) == (999, -1998)
    assert (await check_ledger(database)).balanced


async def test_orphaned_call_is_billed_at_the_rate_of_its_hold(database: PostgresDatabase) -> None:
    """LED-9 and AV-2: nobody but the hold remembers what the call was to cost."""
    account_id = await _holder(database)
    await _set(database, Rate(CALL, Micros(100)))
    call = (await _ring(database)).call
    async with database.transaction() as tx:
        await tx.calls.save_many([_answered(call)])
    await _set(database, Rate(CALL, Micros(999)))

    assert len(await close_orphans(database, "node-1", NOW + timedelta(seconds=30))) == 1

    assert [(entry.rate, entry.amount_micros) for entry in await _charges(database, account_id)] == [
        (Rate(CALL, Micros(100)), -100)
    ]
    totals = await check_ledger(database)
    assert (totals.balanced, totals.holds_open) == (True, 0)


async def test_orphaned_free_call_stays_free_though_its_kind_costs_now(database: PostgresDatabase) -> None:
    """LED-9: a call that began for nothing has no hold."""
    account_id = await _holder(database)
    await _set(database, Rate(CALL, Micros(0)))
    call = (await _ring(database)).call
    async with database.transaction() as tx:
        await tx.calls.save_many([_answered(call)])
    await _set(database, Rate(CALL, Micros(999)))

    assert len(await close_orphans(database, "node-1", NOW)) == 1

    assert await _charges(database, account_id) == []


async def test_rate_in_tokens_is_kept_by_the_hold_too(database: PostgresDatabase) -> None:
    """LED-9: the hold of a minute paid in tokens still knows the price in credit."""
    account_id = await _holder(database)
    await _set(database, Rate(CALL, Micros(5), tokens=2))
    billing = (await _ring(database)).billing

    async with database.reading() as tx:
        hold = (await tx.ledger.find_holds([billing.key]))[billing.key]

    assert (hold.account_id, hold.rate) == (account_id, Rate(CALL, Micros(5), tokens=2))


async def test_queued_message_keeps_its_rate_and_the_next_one_has_the_new(database: PostgresDatabase) -> None:
    """LED-9."""
    account_id = await _holder(database)
    await _set(database, Rate(SMS, Micros(100)))
    await send_message(database, account_id, MessageRequest(tel(OWN), (tel(PEER),), "one"), NOW)
    await _set(database, Rate(SMS, Micros(999)))
    await send_message(database, account_id, MessageRequest(tel(OWN), (tel(PEER),), "two"), NOW)

    for queued in await claim_targets(database, 1, limit=2, sweep=False, now=NOW):
        await record_answer(database, queued, Accepted(queued.text), NOW)
    await receive_message(database, InboundMessage(PEER, OWN, "three"), NOW)

    assert sorted(entry.amount_micros for entry in await _charges(database, account_id)) == [-999, -999, -100]
    assert (await check_ledger(database)).balanced


async def test_price_that_nobody_can_pay_turns_calls_and_messages_away(database: PostgresDatabase) -> None:
    """The explanation is judged by the same rates as the traffic."""
    account_id = await _holder(database, credit=50)
    await _set(database, Rate(CALL, Micros(51)))

    explained = await explain(database, account_id, "call", PEER, OWN, NOW)

    assert explained.refused is Refused.INSUFFICIENT_BALANCE
    assert (await explain(database, account_id, "message", PEER, OWN, NOW)).refused is Refused.INSUFFICIENT_BALANCE
    await _set(database, Rate(CALL, Micros(50)))
    assert (await explain(database, account_id, "call", PEER, OWN, NOW)).refused is Refused.NONE
