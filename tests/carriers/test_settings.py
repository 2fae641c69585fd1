"""How numbers stand at their carriers: drift is seen, repaired, and what was there before can be put back."""

from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, Unavailable
from dialplane.domain.ids import AccountId
from dialplane.domain.supply.carrier_accounts import CarrierNumberState
from dialplane.domain.supply.inventory import ItemQuery
from dialplane.fakes.misbehaviour import How
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.supply.carrier_numbers import (
    LOOK_EVERY,
    list_carrier_numbers,
    look,
    look_at_numbers,
    look_for_strays,
    repair,
    restore,
)
from tests.fakes.carriers import Wired
from tests.services.buying import NOW, buy, buyer

SETTING = {"telnyx": "messaging_profile_id", "twilio": "sms_url"}


async def bought(database: PostgresDatabase, wire: Wired) -> AccountId:
    account_id = await buyer(database)
    await buy(database, account_id, wire.number, at=wire.carriers)
    return account_id


async def test_number_is_in_step_after_its_purchase(database: PostgresDatabase, wire: Wired) -> None:
    await bought(database, wire)

    assert await look_at_numbers(database, wire.carriers, NOW) == 1
    assert await look_at_numbers(database, wire.carriers, NOW + LOOK_EVERY / 2) == 0

    (seen,) = await list_carrier_numbers(database)
    assert (seen.number, seen.state, seen.drift, seen.saved) == (wire.number, CarrierNumberState.IN_STEP, (), None)


async def test_setting_that_somebody_changed_is_shown_repaired_and_put_back(
    database: PostgresDatabase, wire: Wired
) -> None:
    await bought(database, wire)
    await look_at_numbers(database, wire.carriers, NOW)
    name = SETTING[wire.account.name]
    ours = wire.settings[name]
    wire.settings[name] = "somebody-elses"

    await look_at_numbers(database, wire.carriers, NOW + 2 * LOOK_EVERY)
    (seen,) = await list_carrier_numbers(database, state=CarrierNumberState.DRIFTED)
    assert seen.drift == (name,)
    assert wire.settings[name] == "somebody-elses"  # it is shown, and not written over unasked

    repaired = await repair(database, wire.carriers, wire.account.name, wire.number, NOW)
    assert (repaired.state, wire.settings[name]) == (CarrierNumberState.IN_STEP, ours)
    assert repaired.saved is not None
    assert repaired.saved[name] == "somebody-elses"

    restored = await restore(database, wire.carriers, wire.account.name, wire.number, NOW)
    assert (restored.drift, restored.saved) == ((name,), None)
    assert wire.settings[name] == "somebody-elses"


async def test_second_repair_keeps_what_was_there_before_the_first(database: PostgresDatabase, wire: Wired) -> None:
    await bought(database, wire)
    name = SETTING[wire.account.name]
    wire.settings[name] = "first"
    await repair(database, wire.carriers, wire.account.name, wire.number, NOW)
    wire.settings[name] = "second"

    seen = await repair(database, wire.carriers, wire.account.name, wire.number, NOW)

    assert seen.saved is not None
    assert seen.saved[name] == "first"


async def test_old_settings_are_kept_though_the_write_is_never_answered(
    database: PostgresDatabase, wire: Wired
) -> None:
    await bought(database, wire)
    name = SETTING[wire.account.name]
    wire.settings[name] = "theirs"
    wire.goes_wrong(How.LOST, "PATCH" if wire.account.name == "telnyx" else "POST")

    with pytest.raises(Unavailable):
        await repair(database, wire.carriers, wire.account.name, wire.number, NOW)

    seen = await look(database, wire.carriers, wire.account.name, wire.number, NOW)
    assert seen.saved is not None
    assert seen.saved[name] == "theirs"
    assert seen.state is CarrierNumberState.IN_STEP


async def test_settings_that_the_order_did_not_bring_are_written_at_the_first_look(
    database: PostgresDatabase, wire: Wired
) -> None:
    await bought(database, wire)
    name = SETTING[wire.account.name]
    wire.settings[name] = ""

    await look_at_numbers(database, wire.carriers, NOW)

    (seen,) = await list_carrier_numbers(database)
    assert (seen.state, seen.written_at) == (CarrierNumberState.IN_STEP, NOW)
    assert wire.settings[name] == seen.wanted[name]


async def test_number_that_vanished_at_the_carrier_is_missing_and_can_be_let_go(
    database: PostgresDatabase, wire: Wired
) -> None:
    """User asks, 22."""
    account_id = await bought(database, wire)
    wire.fake.numbers.clear()

    seen = await look(database, wire.carriers, wire.account.name, wire.number, NOW)
    assert seen.state is CarrierNumberState.MISSING
    with pytest.raises(Conflict, match="is not in our account"):
        await repair(database, wire.carriers, wire.account.name, wire.number, NOW)

    (number,) = await list_numbers(database, account_id)
    await release_number(database, account_id, number.id, NOW)
    assert await list_numbers(database, account_id) == []


async def test_number_that_nobody_here_has_is_a_stray_until_it_is_gone(database: PostgresDatabase, wire: Wired) -> None:
    carrier = wire.carriers.carrier(wire.account.name)
    searches = await wire.carriers.searches()
    await searches[wire.account.name].search(ItemQuery(number=wire.number), 1)
    await carrier.order(wire.number, "lost-in-a-crash")

    assert await look_for_strays(database, wire.carriers, NOW) == 1
    (seen,) = await list_carrier_numbers(database, state=CarrierNumberState.STRAY)
    assert seen.number == wire.number

    await carrier.release(wire.number)
    assert await look_for_strays(database, wire.carriers, NOW + timedelta(hours=1)) == 0
    assert await list_carrier_numbers(database) == []


async def test_carrier_that_does_not_answer_leaves_the_state_unknown(database: PostgresDatabase, wire: Wired) -> None:
    await bought(database, wire)
    wire.goes_wrong(How.ERROR, "GET")

    seen = await look(database, wire.carriers, wire.account.name, wire.number, NOW)

    assert (seen.state, seen.fault) == (CarrierNumberState.UNKNOWN, "the carrier answered 500")
