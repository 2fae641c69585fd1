"""What a number does with calls before its target runs, written part by part; and the end of a share that fails."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from dialplane.domain.calling.screening import Screening, check_screening
from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.handling import (
    NO_HANDLING,
    EmergencyAddress,
    Handling,
    Hours,
    Split,
    check_address,
    check_split,
)
from dialplane.domain.numbering.history import SYSTEM, the_account
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import Targets, VoiceTarget
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.schedules import require_schedule
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.numbers import check_targets, get_number, require_live, save_number
from dialplane.services.shapes.handling import split_shape
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database, Transaction

Part = Literal["screening", "hours", "split", "emergency"]
ROLLED_BACK = "number_split_rolled_back"
PAGE = 200


@dataclass(frozen=True, slots=True)
class SplitCalls:
    """What came of the share so far."""

    ended: int
    failed: int


async def get_handling(database: Database, account_id: AccountId, number_id: NumberId) -> Handling:
    """Raises NotFound."""
    return (await get_number(database, account_id, number_id)).handling or NO_HANDLING


async def set_handling(
    database: Database,
    account_id: AccountId,
    number_id: NumberId,
    part: Screening | Hours | Split | EmergencyAddress | Part,
    now: datetime,
) -> Handling:
    """Write one part; its name takes it away. It holds for the next call.

    Raises NotFound, Invalid naming the field.
    """
    async with database.transaction() as tx:
        number = require_live(await tx.numbers.find_locked(account_id, number_id))
        await _check(tx, account_id, number, part)
        handling = _with(number.handling or NO_HANDLING, part)
        changed = replace(number, handling=None if handling == NO_HANDLING else handling, updated_at=now)
        await save_number(tx, number, changed, "updated", the_account(account_id), now, events=("number_updated",))
    return handling


async def set_account_screening(
    database: Database, account_id: AccountId, screening: Screening | None, now: datetime
) -> Account:
    """Who may call any number of the account. Raises Invalid naming the field."""
    async with database.transaction() as tx:
        if screening is not None:
            await _check_screening(tx, account_id, screening)
        await tx.accounts.set_screening(account_id, screening, now)
        return await tx.accounts.get(account_id)


async def get_account_screening(database: Database, account_id: AccountId) -> Screening | None:
    async with database.reading() as tx:
        return (await tx.accounts.get(account_id)).screening


async def split_calls(database: Database, number: NumberId, split: Split) -> SplitCalls:
    async with database.reading() as tx:
        return SplitCalls(*await tx.split_calls.count(number, split.started_at))


async def roll_back_splits(database: Database, now: datetime) -> int:
    """End the shares of which too many calls failed; how many those were. Told to their accounts."""
    ended, after = 0, None
    while True:
        async with database.reading() as tx:
            page = await tx.split_calls.numbers_with_split(after=after, limit=PAGE)
        for number_id in page:
            ended += await _roll_back(database, number_id, now)
        if len(page) < PAGE:
            return ended
        after = page[-1]


async def _roll_back(database: Database, number_id: NumberId, now: datetime) -> bool:
    """Whether the number's share was ended. It is looked at again under its lock: it may be another one by now."""
    async with database.transaction() as tx:
        number = await tx.numbers.find_locked(None, number_id)
        split = number.handling.split if number and number.handling else None
        if number is None or split is None:
            return False
        ended, failed = await tx.split_calls.count(number_id, split.started_at)
        if not split.has_failed(ended, failed):
            return False
        handling = replace(number.handling or NO_HANDLING, split=None)
        changed = replace(number, handling=None if handling == NO_HANDLING else handling, updated_at=now)
        await save_number(tx, number, changed, "split_rolled_back", SYSTEM, now, events=("number_updated",))
        data = {**show_number(changed), "split": {**split_shape(split), "ended": ended, "failed": failed}}
        await publish(tx, Event(number.account_id, ROLLED_BACK, number.id, data, now))
    return True


def _with(handling: Handling, part: Screening | Hours | Split | EmergencyAddress | Part) -> Handling:
    match part:
        case Screening():
            return replace(handling, screening=part)
        case Hours():
            return replace(handling, hours=part)
        case Split():
            return replace(handling, split=part)
        case EmergencyAddress():
            return replace(handling, emergency=part)
        case "screening":
            return replace(handling, screening=None)
        case "hours":
            return replace(handling, hours=None)
        case "split":
            return replace(handling, split=None)
        case "emergency":
            return replace(handling, emergency=None)


async def _check(
    tx: Transaction,
    account_id: AccountId,
    number: Number,
    part: Screening | Hours | Split | EmergencyAddress | Part,
) -> None:
    match part:
        case Screening():
            await _check_screening(tx, account_id, part)
        case Hours(schedule_id, closed):
            await require_schedule(tx, account_id, schedule_id)
            await _check_target(tx, account_id, closed)
        case Split():
            check_split(part)
            await _check_target(tx, account_id, part.target)
        case EmergencyAddress():
            check_address(part)
            if not number.kind.is_ordinary:
                raise Invalid("Only a number of the public network can be called back by rescuers", field="number_id")


async def _check_screening(tx: Transaction, account_id: AccountId, screening: Screening) -> None:
    check_screening(screening)
    for consequence in (screening.denied, screening.spam):
        await _check_target(tx, account_id, consequence.target)


async def _check_target(tx: Transaction, account_id: AccountId, target: VoiceTarget) -> None:
    await check_targets(tx, account_id, Targets(voice=target))
