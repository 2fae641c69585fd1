"""How our numbers stand at their carriers: looked at, repaired, put back; and what we pay for and nobody here has.

What a carrier had of a number before ours was first written is kept, and can be put back. It is written down before
the carrier is told, so that no crash between the two loses it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from dialplane.domain.errors import Conflict, NotFound, Unavailable
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.supply.carrier_accounts import CarrierNumber, CarrierNumberState
from dialplane.services.numbering.numbers import get_number
from dialplane.services.supply.carriers import CarrierFailed, Carriers, CarrierSettings, CarrierTimeout
from dialplane.services.transaction import Database

log = structlog.get_logger()

LOOK_EVERY = timedelta(hours=6)
"""A setting that somebody changed at the carrier is found within a working day, at four requests a day and number."""


async def look(database: Database, carriers: Carriers, carrier: str, number: str, now: datetime) -> CarrierNumber:
    """Ask the carrier how the number stands, and remember it. Raises NotFound where the carrier has no settings."""
    settings = await _settings(carriers, carrier)
    wanted = settings.wanted_settings
    seen = CarrierNumber(carrier, number, CarrierNumberState.UNKNOWN, now, wanted)
    try:
        there = await settings.find_number(number)
    except (CarrierTimeout, CarrierFailed) as fault:
        seen = replace(seen, fault=str(fault)[:512])
    else:
        if there is None:
            seen = replace(seen, state=CarrierNumberState.MISSING)
        else:
            seen = _compared(replace(seen, found={name: there.settings.get(name, "") for name in wanted}))
    async with database.transaction() as tx:
        earlier = await tx.carriers.find_number(carrier, number, lock=True)
        if earlier is not None:
            seen = replace(seen, saved=earlier.saved, written_at=earlier.written_at)
        await tx.carriers.save_number(seen)
    return seen


async def repair(database: Database, carriers: Carriers, carrier: str, number: str, now: datetime) -> CarrierNumber:
    """Write our settings where they differ; what stood there before the first time is kept.

    Raises NotFound, Conflict where the carrier does not have the number or refuses, Unavailable where it is silent.
    """
    seen = _known(await look(database, carriers, carrier, number, now))
    if not seen.drift:
        return seen
    async with database.transaction() as tx:
        earlier = await tx.carriers.find_number(carrier, number, lock=True)
        kept = seen.found if earlier is None or earlier.saved is None else earlier.saved
        await tx.carriers.save_number(replace(seen, saved=kept, written_at=now))
    wrong = {name: seen.wanted[name] for name in seen.drift}
    await _write(await _settings(carriers, carrier), number, wrong)
    return _known(await look(database, carriers, carrier, number, now))


async def restore(database: Database, carriers: Carriers, carrier: str, number: str, now: datetime) -> CarrierNumber:
    """Put back what the carrier had before ours was first written. Raises as `repair` does, and Conflict where nothing
    is kept."""
    async with database.reading() as tx:
        kept = await tx.carriers.find_number(carrier, number)
    if kept is None or kept.saved is None:
        raise Conflict(f"Nothing of {number} was written over at the carrier", reason="STATE_INVALID")
    await _write(await _settings(carriers, carrier), number, kept.saved)
    async with database.transaction() as tx:
        locked = await tx.carriers.find_number(carrier, number, lock=True)
        if locked is not None:
            await tx.carriers.save_number(replace(locked, saved=None, written_at=None))
    return _known(await look(database, carriers, carrier, number, now))


async def list_carrier_numbers(
    database: Database,
    *,
    carrier: str = "",
    state: CarrierNumberState | None = None,
    account_id: AccountId | None = None,
    after: str = "",
    limit: int = 100,
) -> list[CarrierNumber]:
    """As they were last seen, in the order of the numbers."""
    async with database.reading() as tx:
        return await tx.carriers.list_numbers(
            carrier=carrier, state=state, account_id=account_id, after=after, limit=limit
        )


# --- the holder's own number -----------------------------------------------------------------------------------------


async def look_at_own(
    database: Database, carriers: Carriers, account_id: AccountId, number_id: NumberId, now: datetime
) -> CarrierNumber:
    """`look`, for who holds the number. Raises NotFound, Conflict where no carrier outside has it."""
    number = await _own(database, carriers, account_id, number_id)
    return await look(database, carriers, number.carrier, number.number, now)


async def repair_own(
    database: Database, carriers: Carriers, account_id: AccountId, number_id: NumberId, now: datetime
) -> CarrierNumber:
    """`repair`, for who holds the number."""
    number = await _own(database, carriers, account_id, number_id)
    return await repair(database, carriers, number.carrier, number.number, now)


async def _own(database: Database, carriers: Carriers, account_id: AccountId, number_id: NumberId) -> Number:
    number = await get_number(database, account_id, number_id)
    if await carriers.find_settings(number.carrier) is None:
        raise Conflict(f"{number.number} has no settings at a carrier", reason="STATE_INVALID")
    return number


# --- the clock -------------------------------------------------------------------------------------------------------


async def look_at_numbers(database: Database, carriers: Carriers, now: datetime, *, limit: int = 20) -> int:
    """Look at numbers of every carrier that were not looked at for a while; how many they were.

    One that is looked at for the first time was just bought: where the carrier has not taken the settings that came
    with the order, they are written. A later difference is only shown: somebody may have wanted it.
    """
    looked = 0
    for carrier in await carriers.names():
        if await carriers.find_settings(carrier) is None:
            continue
        async with database.reading() as tx:
            due = await tx.carriers.due_numbers(carrier, looked_before=now - LOOK_EVERY, limit=limit)
            new = {number for number in due if await tx.carriers.find_number(carrier, number) is None}
        for number in due:
            seen = await look(database, carriers, carrier, number, now)
            looked += 1
            if seen.drift:
                log.warning("carrier_settings_differ", carrier=carrier, number=number, settings=list(seen.drift))
            if seen.drift and number in new:
                await _repair_new(database, carriers, carrier, number, now)
    return looked


async def _repair_new(database: Database, carriers: Carriers, carrier: str, number: str, now: datetime) -> None:
    try:
        await repair(database, carriers, carrier, number, now)
    except (Conflict, Unavailable) as fault:
        log.warning("carrier_settings_not_written", carrier=carrier, number=number, fault=str(fault))


async def look_for_strays(database: Database, carriers: Carriers, now: datetime) -> int:
    """Find the numbers that stand in our accounts at carriers and that nobody here has; how many they are."""
    found = 0
    for carrier in await carriers.names():
        settings = await carriers.find_settings(carrier)
        if settings is None:
            continue
        try:
            there = [each.number for each in await settings.list_numbers()]
        except (CarrierTimeout, CarrierFailed) as fault:
            log.warning("carrier_inventory_not_read", carrier=carrier, fault=str(fault))
            continue
        async with database.transaction() as tx:
            ours = await tx.carriers.live_numbers(there)
            strays = {number for number in there if ours.get(number) != carrier}
            for gone in set(await tx.carriers.strays(carrier)) - strays:
                await tx.carriers.drop_number(carrier, gone)
            for number in sorted(strays):
                await tx.carriers.save_number(CarrierNumber(carrier, number, CarrierNumberState.STRAY, now))
        found += len(strays)
    return found


def _compared(seen: CarrierNumber) -> CarrierNumber:
    return replace(seen, state=CarrierNumberState.DRIFTED if seen.drift else CarrierNumberState.IN_STEP)


def _known(seen: CarrierNumber) -> CarrierNumber:
    """Raises Conflict, Unavailable."""
    if seen.state is CarrierNumberState.UNKNOWN:
        raise Unavailable(seen.fault)
    if seen.state is CarrierNumberState.MISSING:
        raise Conflict(f"{seen.number} is not in our account at {seen.carrier}", reason="NUMBER_MISSING_AT_CARRIER")
    return seen


async def _settings(carriers: Carriers, carrier: str) -> CarrierSettings:
    settings = await carriers.find_settings(carrier)
    if settings is None:
        raise NotFound(f"There is no carrier account {carrier}", reason="CARRIER_NOT_FOUND")
    return settings


async def _write(settings: CarrierSettings, number: str, wanted: Mapping[str, str]) -> None:
    """Raises Conflict, Unavailable."""
    try:
        await settings.write_settings(number, wanted)
    except CarrierFailed as fault:
        raise Conflict(str(fault), reason="CARRIER_REFUSED") from fault
    except CarrierTimeout as fault:
        raise Unavailable(str(fault)) from fault
