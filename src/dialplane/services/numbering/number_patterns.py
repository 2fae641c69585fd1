"""Patterns as their account configures them. Taking one: `numbering/sip_numbers.py`; releasing: as every number."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from dialplane.domain.calling.routing import forms
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import NIL, AccountId, NumberId
from dialplane.domain.numbering.history import the_account
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.numbering.patterns import Matcher, is_dialled
from dialplane.domain.numbering.sip_numbers import variants
from dialplane.domain.numbering.targets import FlowTarget, Targets, TargetsChange
from dialplane.services.numbering.numbers import check_new_targets, save_number
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class PatternNumber:
    """A number of kind pattern, with its switch."""

    number: Number
    anchored: bool

    @property
    def created_at(self) -> datetime:
        return self.number.created_at


@dataclass(frozen=True, slots=True)
class PatternChange:
    """What a client writes; None leaves a field as it is."""

    text: str | None = None
    anchored: bool | None = None
    targets: TargetsChange = field(default_factory=TargetsChange)
    call_flow_id: UUID | None = None
    """The nil UUID takes the flow off, here as below. Goes before `targets`."""
    message_flow_id: UUID | None = None
    name: str | None = None
    detail: str | None = None
    tags: tuple[str, ...] | None = None
    protected: bool | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """Whether a pattern takes something dialled, and under which of its forms."""

    dialled: str
    matches: bool
    matched: str
    """The form that the pattern takes; "" where it takes none."""
    reason: str


async def get_pattern(database: Database, account_id: AccountId, number_id: NumberId) -> PatternNumber:
    """Raises NotFound (NUMBER_NOT_FOUND) for what is another account's, released, or no pattern."""
    async with database.reading() as tx:
        number = _pattern(await tx.numbers.find(account_id, number_id))
        return PatternNumber(number, number_id in await tx.patterns.anchored_among([number_id]))


async def list_patterns(
    database: Database, account_id: AccountId, *, before: datetime | None = None, limit: int = 100
) -> list[PatternNumber]:
    """Newest first."""
    async with database.reading() as tx:
        ids = await tx.patterns.list_for(account_id, before=before, limit=limit)
        numbers = {number.id: number for number in await tx.numbers.find_many(ids)}
        anchored = await tx.patterns.anchored_among(ids)
    return [PatternNumber(numbers[each], each in anchored) for each in ids if each in numbers]


async def list_patterns_in_order(
    database: Database, account_id: AccountId, *, after: NumberId | None = None, limit: int = 100
) -> list[PatternNumber]:
    """In the order in which calls try them; those behind the pattern `after`."""
    async with database.reading() as tx:
        found = await tx.patterns.list_in_order(account_id, after=after, limit=limit)
        numbers = {number.id: number for number in await tx.numbers.find_many([each for each, _ in found])}
    return [PatternNumber(numbers[each], anchored) for each, anchored in found if each in numbers]


async def update_pattern(
    database: Database, account_id: AccountId, number_id: NumberId, change: PatternChange, now: datetime
) -> PatternNumber:
    """The next call follows it.

    Raises NotFound as `get_pattern` does, or for a flow (FLOW_NOT_FOUND, naming the field); Invalid (PATTERN_INVALID);
    AlreadyExists where the organization has the new text already.
    """
    async with database.transaction() as tx:
        number = _pattern(await tx.numbers.find_locked(account_id, number_id))
        was_anchored = number_id in await tx.patterns.anchored_among([number_id])
        anchored = was_anchored if change.anchored is None else change.anchored
        if change.text is not None:
            Matcher(change.text, anchored=anchored)
        changed = replace(
            number,
            number=_or(change.text, number.number),
            targets=with_flows(change.targets.over(number.targets), change.call_flow_id, change.message_flow_id),
            name=_or(change.name, number.name),
            detail=_or(change.detail, number.detail),
            tags=_or(change.tags, number.tags),
            protected=_or(change.protected, number.protected),
            updated_at=now,
        )
        await check_new_targets(tx, number, changed.targets)
        await save_number(tx, number, changed, "updated", the_account(account_id), now, events=("number_updated",))
        if anchored != was_anchored:
            await tx.patterns.set_anchored(number_id, anchored)
    return PatternNumber(changed, anchored)


async def try_pattern(
    database: Database, account_id: AccountId, text: str, dialled: Sequence[str], *, anchored: bool = False
) -> list[Trial]:
    """What a pattern would take, without having it. Raises Invalid (PATTERN_INVALID)."""
    matcher = Matcher(text, anchored=anchored)
    async with database.reading() as tx:
        account = await load_account(tx, account_id)
    return [_try(matcher, each, account.home_country) for each in dialled]


def with_flows(targets: Targets, call_flow_id: UUID | None, message_flow_id: UUID | None) -> Targets:
    """The targets with these flows in the place of their own; None leaves one, the nil UUID takes it off."""
    if call_flow_id is not None:
        targets = replace(targets, voice=None if call_flow_id == NIL else FlowTarget(call_flow_id))
    if message_flow_id is not None:
        targets = replace(targets, message=None if message_flow_id == NIL else FlowTarget(message_flow_id))
    return targets


_T = TypeVar("_T")


def _or(given: _T | None, kept: _T) -> _T:
    return kept if given is None else given


def _try(matcher: Matcher, dialled: str, country: str) -> Trial:
    if not is_dialled(dialled):
        return Trial(dialled, False, "", "patterns apply to at most 64 digits, *, # and + only")
    texts = variants(dialled, forms(dialled, country))
    for text in texts:
        if matcher.matches(text):
            return Trial(dialled, True, text, f"it takes {text}")
    return Trial(dialled, False, "", f"it takes none of {', '.join(texts)}")


def _pattern(number: Number | None) -> Number:
    if number is None or number.status is NumberStatus.RELEASED or number.kind is not NumberKind.PATTERN:
        raise NotFound("There is no such pattern", reason="NUMBER_NOT_FOUND")
    return number
