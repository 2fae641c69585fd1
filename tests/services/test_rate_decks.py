"""Decks of rates: who pays by which, prices by prefix and slice, imports (LED-5, LED-9)."""

import asyncio
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.charging.ledger import Charge, Entry, HoldRequest, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.tariffs import DeckLine
from dialplane.domain.errors import AlreadyExists, Conflict, Invalid, NotFound
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.simulation.script import Script
from dialplane.domain.simulation.world import TALK_MS
from dialplane.domain.tenancy.accounts import Plan
from dialplane.services.calling.call_records import CallEnded, close_orphans, write_changes
from dialplane.services.calling.dialling import Opened, OutgoingWish, open_calls
from dialplane.services.charging.billing import list_billings
from dialplane.services.charging.ledger import extend_many, hold_many, settle_hold
from dialplane.services.charging.prices import Enquiry, quote_for, quote_of_deck
from dialplane.services.charging.rate_files import export_deck, import_deck, preview_deck
from dialplane.services.charging.rates import (
    DEFAULT_DECK,
    assign_deck_to_account,
    assign_deck_to_plan,
    change_port_prices,
    change_rate_deck,
    create_rate_deck,
    get_rate_deck,
    list_rate_decks,
    port_prices,
)
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.numbering.porting import PortDraft, WantedNumber, create_port, update_port
from dialplane.services.programs.dry_run import Draft, dry_run
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_flow, add_number
from tests.services.buying import NOW, assert_balanced, credit_of

OUT, SMS = CostType.CALL_PSTN_OUTGOING, CostType.SMS
OWN, UK, UK_MOBILE, FR = "+12025550100", "+442071838750", "+447400123456", "+33142685300"
DECK = "prefix,description,per_minute,increment_s,setup\n44,United Kingdom,0.06,1,0.01\n447,UK mobile,0.12,6,\n"


async def caller(database: PostgresDatabase, *, credit: int = 10_000_000) -> AccountId:
    """An account with a number and credit that may call Great Britain and France."""
    account_id = await add_account(database)
    await database.pool.execute("update accounts set destination_whitelist = '{us,gb,fr}' where id = $1", account_id)
    await add_number(database, account_id, OWN, NOW)
    await add_credit(database, account_id, credit, NOW)
    return account_id


async def imported(database: PostgresDatabase, text: str = DECK, deck: str = DEFAULT_DECK) -> None:
    await import_deck(database, deck, text, NOW, replaces=False)


async def dial(database: PostgresDatabase, account_id: AccountId, number: str) -> Opened:
    wish = OutgoingWish(CallId(new_id(NOW)), account_id, tel(number), "node-1", source=tel(OWN))
    (opened,) = await open_calls(database, [wish], NOW)
    assert isinstance(opened, Opened), opened
    return opened


async def hang_up(database: PostgresDatabase, opened: Opened, seconds: float) -> None:
    ended = replace(
        opened.call,
        status=CallStatus.HANGUP,
        progressing_at=NOW,
        ended_at=NOW + timedelta(seconds=seconds),
    )
    await write_changes(database, [CallEnded(ended, opened.billing)], NOW)


async def charges(database: PostgresDatabase, account_id: AccountId) -> list[Entry]:
    return [entry for entry in await list_billings(database, account_id) if entry.amount_micros < 0]


async def test_call_is_charged_by_the_slices_of_its_longest_prefix_and_set_up_once(database: PostgresDatabase) -> None:
    account_id = await caller(database)
    await imported(database)

    for number, seconds in ((UK, 61.5), (UK_MOBILE, 61.5), (FR, 61.5)):
        await hang_up(database, await dial(database, account_id, number), seconds)

    charged = [(entry.units, entry.amount_micros) for entry in await charges(database, account_id)]
    assert sorted(charged) == sorted([(62, -(62 * 1_000 + 10_000)), (11, -11 * 12_000), (2, -20_000)])
    await assert_balanced(database)


async def test_unanswered_call_has_no_set_up(database: PostgresDatabase) -> None:
    account_id = await caller(database)
    await imported(database)
    opened = await dial(database, account_id, UK)

    await write_changes(database, [CallEnded(replace(opened.call, ended_at=NOW), opened.billing)], NOW)

    assert await credit_of(database, account_id) == (10_000_000, 0)


async def test_deck_that_is_imported_during_a_call_does_not_change_it(database: PostgresDatabase) -> None:
    """LED-9, also where the process that carried the call died."""
    account_id = await caller(database)
    await imported(database)
    first, second = await dial(database, account_id, UK), await dial(database, account_id, UK)
    async with database.transaction() as tx:
        answered = replace(second.call, status=CallStatus.PROGRESSING, progressing_at=NOW)
        await tx.calls.save_many([answered])

    await imported(database, "prefix,per_slice,increment_s\n44,9,60\n442,99,60\n")
    await hang_up(database, first, 10)
    await close_orphans(database, "node-1", NOW)

    assert sorted(entry.amount_micros for entry in await charges(database, account_id)) == [
        -(10 * 1_000 + 10_000),
        -(1_000 + 10_000),
    ]
    await assert_balanced(database)


async def test_text_costs_what_each_receiver_s_prefix_does(database: PostgresDatabase) -> None:
    account_id = await caller(database)
    await imported(database, "cost_type,prefix,per_slice\nsms,44,0.05\nsms,447,0.07\n")

    await send_message(database, account_id, MessageRequest(tel(OWN), (tel(UK_MOBILE), tel(UK), tel(FR)), "hello"), NOW)

    assert await credit_of(database, account_id) == (10_000_000, 70_000 + 50_000 + 10_000)


async def test_account_pays_by_its_own_deck_then_its_plans_then_the_default(database: PostgresDatabase) -> None:
    account_id = await caller(database)
    await imported(database)
    for deck, micros in (("gold", 7), ("silver", 8)):
        await create_rate_deck(database, deck, deck.title(), NOW)
        await imported(database, f"prefix,per_slice_micros\n44,{micros}\n", deck)

    async def price(number: str = UK) -> int:
        return (await quote_for(database, account_id, Enquiry(number))).line.rate.micros

    assert await price() == 1_000
    await assign_deck_to_plan(database, Plan.FREE, "silver")
    assert await price() == 8
    assert await assign_deck_to_account(database, account_id, "gold") == "gold"
    assert (await price(), await price(UK_MOBILE), await price(FR)) == (7, 7, 10_000)
    assert await assign_deck_to_account(database, account_id, None) == "silver"
    await assign_deck_to_plan(database, Plan.FREE, None)
    assert await price() == 1_000
    assert [deck.id for deck in await list_rate_decks(database)] == ["default", "gold", "silver"]


async def test_flat_rates_of_a_deck_stand_over_those_of_the_default_deck(database: PostgresDatabase) -> None:
    await create_rate_deck(database, "gold", "", NOW)
    await change_rate_deck(database, DEFAULT_DECK, [Rate(OUT, Micros(5)), Rate(SMS, Micros(6))], NOW)
    await change_rate_deck(database, "gold", [Rate(SMS, Micros(3))], NOW)

    rates = await get_rate_deck(database, "gold")

    assert (rates[OUT].micros, rates[SMS].micros) == (5, 3)
    with pytest.raises(AlreadyExists):
        await create_rate_deck(database, "gold", "", NOW)


async def test_quote_is_what_the_call_costs(database: PostgresDatabase) -> None:
    account_id = await caller(database)
    await imported(database)

    quote = await quote_for(database, account_id, Enquiry(UK, seconds=62))
    of_deck = await quote_of_deck(database, DEFAULT_DECK, Enquiry(UK, seconds=62))
    await hang_up(database, await dial(database, account_id, UK), 62)

    (entry,) = await charges(database, account_id)
    assert quote == of_deck
    assert (quote.units, quote.in_credit.micros) == (entry.units, -entry.amount_micros)
    assert (await quote_for(database, account_id, Enquiry("+899100000001"))).line.rate.cost_type is CostType.CALL_VN


async def test_dry_run_tells_the_price_of_the_numbers_that_the_flow_dials(database: PostgresDatabase) -> None:
    account_id = await caller(database)
    option = {"source": asdict(tel(OWN)), "destinations": [asdict(tel(UK))]}
    dial_out: dict[str, object] = {"type": "connect", "option": option}
    flow = await add_flow(database, account_id, [dial_out], NOW)
    wanted = Script(at=NOW, source=FR, destination=OWN)

    flat = await dry_run(database, account_id, Draft(flow.id), wanted)
    await imported(database)
    priced = await dry_run(database, account_id, Draft(flow.id), wanted)

    seconds = TALK_MS // 1000
    assert priced.price_micros - flat.price_micros == (seconds * 1_000 + 10_000) - -(-seconds // 60) * 10_000


async def test_import_merges_or_replaces_and_export_gives_it_back(database: PostgresDatabase) -> None:
    await imported(database)
    more = "prefix,per_slice_micros,increment_s,setup_micros,description\n44,1000,1,10000,United Kingdom\n33,5,60,,\n"

    merging = await preview_deck(database, DEFAULT_DECK, more, replaces=False)
    replacing = await preview_deck(database, DEFAULT_DECK, more, replaces=True)
    done = await import_deck(database, DEFAULT_DECK, more, NOW, replaces=True, version=replacing.version)

    assert ([line.prefix for line in merging.added], merging.unchanged, merging.removed) == (["33"], 1, ())
    assert [line.prefix for line in replacing.removed] == ["447"]
    exported = "".join(await export_deck(database, DEFAULT_DECK))
    again = await preview_deck(database, DEFAULT_DECK, exported, replaces=True)
    assert (again.added, again.changed, again.removed, again.unchanged, again.version) == ((), (), (), 2, done.version)
    assert done.added == (DeckLine("33", Rate(OUT, Micros(5))),)


async def test_faulty_or_outdated_import_changes_nothing(database: PostgresDatabase) -> None:
    await imported(database)
    before = "".join(await export_deck(database, DEFAULT_DECK))

    with pytest.raises(Invalid) as faulty:
        await import_deck(database, DEFAULT_DECK, "prefix,per_slice\n1,1\nx,1\n", NOW, replaces=True)
    with pytest.raises(Conflict):
        await import_deck(database, DEFAULT_DECK, "prefix,per_slice\n1,1\n", NOW, replaces=True, version=1)
    for work in (export_deck(database, "none"), preview_deck(database, "none", DECK, replaces=False)):
        with pytest.raises(NotFound):
            await work

    assert [(fault["line"], fault["field"]) for fault in faulty.value.details] == [(3, "prefix")]
    assert "".join(await export_deck(database, DEFAULT_DECK)) == before


async def test_imports_at_once_leave_one_of_the_files(database: PostgresDatabase) -> None:
    files = ["prefix,per_slice_micros\n" + "".join(f"{n},{price}\n" for n in range(10, 60)) for price in (1, 2, 3, 4)]

    await asyncio.gather(*(import_deck(database, DEFAULT_DECK, text, NOW, replaces=True) for text in files))

    async with database.reading() as tx:
        lines = await tx.rates.list_lines(DEFAULT_DECK)
    assert (len(lines), len({line.rate.micros for line in lines})) == (50, 1)


async def test_divisible_hold_takes_what_is_there(database: PostgresDatabase) -> None:
    """LED-4, LED-6: as many slices as are paid for, and none more."""
    account_id = await caller(database, credit=100_000)
    rate = Rate(OUT, Micros(1_000), increment_s=1, setup=Micros(10_000))
    request = HoldRequest(account_id, "k", rate, 60, None)

    async with database.transaction() as tx:
        assert await hold_many(tx, [request], NOW) == [True]
        assert await extend_many(tx, [replace(request, units=120, is_divisible=True)], NOW) == [90]
        assert await extend_many(tx, [replace(request, units=180, is_divisible=True)], NOW) == [0]
        charge = Charge("k", rate, 90, ReferenceType.CALL, None, NOW, NOW)
        assert (await settle_hold(tx, "k", charge, NOW)).amount_micros == -100_000

    assert await credit_of(database, account_id) == (0, 0)
    await assert_balanced(database)


async def test_port_keeps_the_month_s_price_that_it_was_ordered_at(database: PostgresDatabase) -> None:
    """LED-9."""
    account_id = await caller(database)
    await change_port_prices(database, DEFAULT_DECK, {NumberKind.LOCAL: Micros(700_000)}, NOW)
    draft = PortDraft(numbers=(WantedNumber("+14155550123"),))
    port = await create_port(database, account_id, draft, NOW)
    await change_port_prices(database, DEFAULT_DECK, {NumberKind.LOCAL: Micros(900_000)}, NOW)

    more = PortDraft(numbers=(WantedNumber("+14155550123"), WantedNumber("+14155550124")))
    changed = await update_port(database, account_id, port.id, more, NOW)

    assert [each.monthly_micros for each in changed.numbers] == [700_000, 900_000]
    async with database.reading() as tx:
        assert (await port_prices(tx, account_id))[NumberKind.TOLL_FREE] == 2_000_000
