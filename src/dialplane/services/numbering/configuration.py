"""A number's configuration in the fields of Restcomm's and Twilio's dialects, written as a whole or not at all."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from dialplane.domain.errors import NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.history import the_account
from dialplane.domain.numbering.number_settings import SettingsChange, apply
from dialplane.domain.numbering.numbers import Number, NumberStatus
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.history import record
from dialplane.services.numbering.numbers import check_new_targets
from dialplane.services.numbering.transfer import move_number
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a client writes; None leaves a field as it is."""

    name: str | None = None
    settings: SettingsChange = field(default_factory=SettingsChange)
    move_to: AccountId | None = None
    """The account that the number goes to."""


async def configure_number(
    database: Database,
    caller_id: AccountId,
    account_id: AccountId,
    number_id: NumberId,
    wanted: Configuration,
    now: datetime,
) -> Number:
    """Change a number; the next call follows it. `caller_id` is or stands above `account_id`, the holder.

    Raises NotFound (NUMBER_NOT_FOUND), and for the move what `transfer_number` does.
    """
    async with database.transaction() as tx:
        number = _live(await tx.numbers.find(account_id, number_id))
        if wanted.move_to is not None:
            await move_number(tx, caller_id, number_id, wanted.move_to, now)
        holder = wanted.move_to or account_id
        number = _live(await tx.numbers.find_locked(holder, number_id))
        settings, targets = apply(wanted.settings, number.settings, number.targets)
        await check_new_targets(tx, number, targets, settings)
        name = number.name if wanted.name is None else wanted.name
        changed = replace(number, name=name, settings=settings, targets=targets, updated_at=now)
        await tx.numbers.save(changed)
        await record(tx, number, changed, "updated", the_account(caller_id), now)
        await publish(tx, Event(holder, "number_updated", number.id, show_number(changed), now))
    return changed


def _live(number: Number | None) -> Number:
    if number is None or number.status is NumberStatus.RELEASED:
        raise NotFound("There is no such number", reason="NUMBER_NOT_FOUND")
    return number
