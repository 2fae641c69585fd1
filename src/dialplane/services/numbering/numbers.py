"""Numbers that accounts hold: read and configured. Their end, and the way back, is in `number_life.py`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from dialplane.domain.errors import NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import NIL, AccountId, FlowId, NumberId
from dialplane.domain.labels import check_tags, merge_metadata
from dialplane.domain.numbering.history import Actor, the_account
from dialplane.domain.numbering.number_queries import NumberQuery
from dialplane.domain.numbering.number_settings import NumberSettings
from dialplane.domain.numbering.numbers import Number, NumberFilter, NumberStatus
from dialplane.domain.numbering.targets import FlowTarget, Targets, TargetsChange, VoiceTarget
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.applications import check_applications
from dialplane.services.numbering.history import record
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database, Transaction


class NumberStore(Protocol):
    """Port."""

    async def add(self, number: Number) -> None:
        """Raises AlreadyExists where somebody holds the number (NUM-1)."""
        ...

    async def add_many(self, numbers: Sequence[Number]) -> None:
        """The same for many, in one round trip."""
        ...

    async def save(self, number: Number) -> None:
        """Write over the row of the same id. Raises AlreadyExists as `add` does."""
        ...

    async def find(self, account_id: AccountId, number_id: NumberId) -> Number | None:
        """Whatever its status."""
        ...

    async def find_locked(self, account_id: AccountId | None, number_id: NumberId) -> Number | None:
        """The same, locked until the transaction ends; any account's where `account_id` is None."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Number]:
        """Live ones, newest first; made before `before`."""
        ...

    async def search(self, account_id: AccountId, query: NumberQuery) -> tuple[list[Number], int]:
        """One page of the live ones that fit, and how many fit in all."""
        ...

    async def list_fitting(
        self, account_id: AccountId, wanted: NumberFilter, *, before: datetime | None, limit: int
    ) -> list[Number]:
        """The same, those that fit `wanted`."""
        ...

    async def list_after(
        self, account_id: AccountId, wanted: NumberFilter, *, after: NumberId | None, limit: int
    ) -> list[Number]:
        """Live ones that fit, newest first; those behind the number `after`, which may be released meanwhile."""
        ...

    async def list_released(
        self, account_id: AccountId, *, since: datetime, before: datetime | None, limit: int
    ) -> list[Number]:
        """Those released after `since`, the last one first; released before `before`."""
        ...

    async def find_live(self, numbers: Sequence[str]) -> list[Number]:
        """The live ordinary and virtual numbers among `numbers`, in one query by the unique index."""
        ...

    async def find_many(self, number_ids: Collection[NumberId]) -> list[Number]:
        """Those of `number_ids` that are live, in no order."""
        ...

    async def taken(self, numbers: Sequence[str], *, since: datetime) -> set[str]:
        """Those of `numbers` that are live or were released after `since`."""
        ...

    async def find_by_key(self, account_id: AccountId, idempotency_key: str) -> Number | None:
        """The virtual number that the request of this key took."""
        ...

    async def find_with_address(self, account_id: AccountId) -> Number | None:
        """The oldest active one that emergency calls may show."""
        ...

    async def find_caller_id(self, account_id: AccountId) -> Number | None:
        """The account's oldest active ordinary number."""
        ...

    async def count_virtual(self, account_id: AccountId) -> int:
        """Live virtual numbers of the account."""
        ...

    async def using_flow(self, account_id: AccountId, flow_id: FlowId, *, limit: int) -> list[Number]:
        """Those that run the flow for calls or messages."""
        ...

    async def clear_flow(self, flow_id: FlowId, now: datetime) -> list[NumberId]:
        """Take the flow out of every target of every number, and write that into each one's history."""
        ...

    async def due(self, now: datetime, *, limit: int) -> list[Number]:
        """Live numbers whose `look_at` has come, locked; those that others have locked are left out."""
        ...

    async def renewable_before(self, moment: datetime, *, limit: int) -> list[Number]:
        """Live numbers whose due day is before `moment`, locked; those that others have locked are left out."""
        ...

    async def hasten_unpaid(self, account_id: AccountId) -> None:
        """Let the renewal look at once at the account's numbers that wait for money, by whatever clock it goes."""
        ...


@dataclass(frozen=True, slots=True)
class NumberChange:
    """What a client writes; None leaves a field as it is. The nil UUID takes a flow off.

    Metadata is laid over what is there; a key whose value is None goes.
    """

    name: str | None = None
    detail: str | None = None
    call_flow_id: UUID | None = None
    message_flow_id: UUID | None = None
    tags: tuple[str, ...] | None = None
    protected: bool | None = None
    metadata: Mapping[str, object] | None = None


# --- reading ---------------------------------------------------------------------------------------------------------


async def get_number(database: Database, account_id: AccountId, number_id: NumberId) -> Number:
    """Raises NotFound (NUMBER_NOT_FOUND) for another account's and for released numbers too."""
    async with database.reading() as tx:
        return require_live(await tx.numbers.find(account_id, number_id))


async def list_numbers(
    database: Database,
    account_id: AccountId,
    *,
    wanted: NumberFilter | None = None,
    before: datetime | None = None,
    limit: int = 100,
) -> list[Number]:
    """Newest first; those that fit `wanted`."""
    async with database.reading() as tx:
        if wanted is None:
            return await tx.numbers.list_for(account_id, before=before, limit=limit)
        return await tx.numbers.list_fitting(account_id, wanted, before=before, limit=limit)


async def list_numbers_after(
    database: Database, account_id: AccountId, wanted: NumberFilter, *, after: NumberId | None, limit: int
) -> list[Number]:
    """Newest first, those that fit; a page that begins behind the number `after`, however many were made at once."""
    async with database.reading() as tx:
        return await tx.numbers.list_after(account_id, wanted, after=after, limit=limit)


async def find_caller_id(database: Database, account_id: AccountId) -> Number | None:
    """What is shown to whom the account calls where nobody says another; None: it can call nobody outside yet."""
    async with database.reading() as tx:
        return await tx.numbers.find_caller_id(account_id)


async def search_numbers(database: Database, account_id: AccountId, query: NumberQuery) -> tuple[list[Number], int]:
    """One page of the account's numbers that fit, and how many fit in all."""
    async with database.reading() as tx:
        return await tx.numbers.search(account_id, query)


# --- configuration ---------------------------------------------------------------------------------------------------


async def update_number(
    database: Database,
    account_id: AccountId,
    number_id: NumberId,
    change: NumberChange,
    now: datetime,
    *,
    by: Actor | None = None,
) -> Number:
    """Raises NotFound for the number (NUMBER_NOT_FOUND) or a flow (FLOW_NOT_FOUND, naming the field), Invalid for
    tags and metadata beyond their limits. `by`, here as below: who does it; the account, where nothing more is known.
    """
    check_tags(change.tags or ())
    async with database.transaction() as tx:
        number = require_live(await tx.numbers.find_locked(account_id, number_id))
        changed = replace(
            number,
            name=_or(change.name, number.name),
            detail=_or(change.detail, number.detail),
            tags=_or(change.tags, number.tags),
            protected=_or(change.protected, number.protected),
            metadata=merge_metadata(number.metadata, change.metadata or {}),
            targets=replace(
                number.targets,
                voice=number.targets.voice if change.call_flow_id is None else _flow(change.call_flow_id),
                message=number.targets.message if change.message_flow_id is None else _flow(change.message_flow_id),
            ),
            updated_at=now,
        )
        await check_new_targets(tx, number, changed.targets)
        await save_number(
            tx, number, changed, "updated", by or the_account(account_id), now, events=("number_updated",)
        )
    return changed


async def set_targets(
    database: Database,
    account_id: AccountId,
    number_id: NumberId,
    wanted: Targets | TargetsChange,
    now: datetime,
    *,
    by: Actor | None = None,
) -> Number:
    """Write all three targets, or those of a change. Raises as `update_number` and `check_targets` do."""
    async with database.transaction() as tx:
        number = require_live(await tx.numbers.find_locked(account_id, number_id))
        targets = wanted if isinstance(wanted, Targets) else wanted.over(number.targets)
        await check_new_targets(tx, number, targets)
        changed = replace(number, targets=targets, updated_at=now)
        await save_number(
            tx, number, changed, "updated", by or the_account(account_id), now, events=("number_updated",)
        )
    return changed


async def set_voice_target(
    database: Database, account_id: AccountId, spellings: Sequence[str], target: VoiceTarget, now: datetime
) -> Number:
    """Write what calls to the account's number run, and leave its other targets. The number is the first of
    `spellings` that the account holds. Raises NotFound as `update_number` does."""
    async with database.transaction() as tx:
        held = {each.number: each.id for each in await tx.numbers.find_live(spellings) if each.account_id == account_id}
        number_id = next((held[spelling] for spelling in spellings if spelling in held), None)
        if number_id is None:
            raise number_not_found()
        number = require_live(await tx.numbers.find_locked(account_id, number_id))
        targets = replace(number.targets, voice=target)
        await check_new_targets(tx, number, targets)
        changed = replace(number, targets=targets, updated_at=now)
        await save_number(tx, number, changed, "updated", the_account(account_id), now, events=("number_updated",))
    return changed


async def check_targets(
    tx: Transaction, account_id: AccountId, targets: Targets, settings: NumberSettings | None = None
) -> None:
    """Raises NotFound (FLOW_NOT_FOUND, naming the field) where a target's flow is not one of the account's, and
    Invalid (APPLICATION_NOT_FOUND) for its application, or that of the settings' USSD, which is no target."""
    await check_applications(tx, account_id, targets, settings.ussd.application_id if settings else None)
    for field, target in (("call_flow_id", targets.voice), ("message_flow_id", targets.message)):
        if isinstance(target, FlowTarget) and await tx.flows.find(account_id, FlowId(target.flow_id)) is None:
            raise NotFound(f"{field}: there is no such flow", reason="FLOW_NOT_FOUND", field=field)


async def check_new_targets(
    tx: Transaction, number: Number, targets: Targets, settings: NumberSettings | None = None
) -> None:
    """Only what changes: a flow that was deleted since must not stand in the way of a new name."""
    is_new_ussd = settings is not None and settings.ussd.application_id != number.settings.ussd.application_id
    await check_targets(
        tx,
        number.account_id,
        Targets(
            voice=targets.voice if targets.voice != number.targets.voice else None,
            message=targets.message if targets.message != number.targets.message else None,
            refer=targets.refer if targets.refer != number.targets.refer else None,
        ),
        settings if is_new_ussd else None,
    )


# --- parts -----------------------------------------------------------------------------------------------------------


async def save_number(
    tx: Transaction, before: Number, after: Number, what: str, by: Actor, now: datetime, *, events: Sequence[str]
) -> None:
    """Write the change, its history, and what is told of it."""
    async with tx.together() as batch:
        await batch.numbers.save(after)
        await record(batch, before, after, what, by, now)
        await publish(batch, *(Event(after.account_id, event, after.id, show_number(after), now) for event in events))


_T = TypeVar("_T")


def _or(given: _T | None, kept: _T) -> _T:
    return kept if given is None else given


def _flow(flow_id: UUID) -> FlowTarget | None:
    return None if flow_id == NIL else FlowTarget(flow_id)


def require_live(number: Number | None) -> Number:
    """Raises NotFound (NUMBER_NOT_FOUND) for one that was released too."""
    if number is None or number.status is NumberStatus.RELEASED:
        raise number_not_found()
    return number


def number_not_found() -> NotFound:
    return NotFound("There is no such number", reason="NUMBER_NOT_FOUND")
