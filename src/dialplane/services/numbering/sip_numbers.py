"""Taking numbers that no carrier gives: SIP numbers, patterns and channels (Restcomm's `isSIP`). They cost nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dialplane.domain.errors import AlreadyExists, LimitExceeded
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, NumberId, OrganizationId, new_id
from dialplane.domain.numbering.history import the_account
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.sip_numbers import capabilities_of, check_sip_number, kind_of
from dialplane.services.eventing.events import publish
from dialplane.services.idempotency import key_reused
from dialplane.services.numbering.history import record
from dialplane.services.numbering.numbers import check_targets
from dialplane.services.shapes.numbers import show_number
from dialplane.services.tenancy.account_locks import hold_active_alone
from dialplane.services.transaction import Database, Transaction

MOST_PATTERNS = 100_000
"""Patterns of one organization: every voice node keeps them in memory."""


async def create_sip_number(
    database: Database,
    account_id: AccountId,
    wanted: NumberOrder,
    now: datetime,
    *,
    capabilities: Sequence[str] | None = None,
    anchored: bool = False,
) -> Number:
    """A number of the kind that `wanted.kind` says, or that its text is (`kind_of`), stored exactly as given.

    `capabilities` None: those of the kind. Raises Invalid (`number`; for patterns PATTERN_INVALID), AlreadyExists
    where the organization has it, NotFound (FLOW_NOT_FOUND), NotPermitted (ACCOUNT_FROZEN), LimitExceeded. The same
    `wanted.idempotency_key` finds what was taken with it; Mismatch where that was another number.
    """
    kind = wanted.kind or kind_of(wanted.number)
    check_sip_number(wanted.number, kind, anchored=anchored)
    async with database.transaction() as tx:
        account = await hold_active_alone(tx, account_id)
        if wanted.idempotency_key:
            earlier = await tx.numbers.find_by_key(account_id, wanted.idempotency_key)
            if earlier is not None:
                return number_of_same_key(earlier, wanted)
        await check_targets(tx, account_id, wanted.targets, wanted.settings)
        await _check_room(tx, account.organization_id, wanted.number, kind)
        number = Number(
            id=NumberId(new_id(now)),
            account_id=account_id,
            organization_id=account.organization_id,
            number=wanted.number,
            kind=kind,
            status=NumberStatus.ACTIVE,
            created_at=now,
            targets=wanted.targets,
            name=wanted.name,
            detail=wanted.detail,
            tags=wanted.tags,
            metadata=wanted.metadata,
            settings=wanted.settings,
            capabilities=capabilities_of(kind) if capabilities is None else tuple(capabilities),
            idempotency_key=wanted.idempotency_key,
        )
        await tx.numbers.add(number)
        if anchored:
            await tx.patterns.set_anchored(number.id, anchored)
        await record(tx, None, number, "created", wanted.by or the_account(account_id), now)
        await publish(tx, Event(account_id, "number_created", number.id, show_number(number), now))
    return number


def number_of_same_key(earlier: Number, wanted: NumberOrder) -> Number:
    """What the key took before. Raises Mismatch where that is another number."""
    if earlier.number != wanted.number:
        raise key_reused()
    return earlier


async def create_pattern(
    database: Database, account_id: AccountId, wanted: NumberOrder, now: datetime, *, anchored: bool = False
) -> Number:
    """`create_sip_number` for a text that is to be a pattern even where nothing in it says so (`1234`)."""
    as_pattern = replace(wanted, kind=NumberKind.PATTERN)
    return await create_sip_number(database, account_id, as_pattern, now, anchored=anchored)


async def _check_room(tx: Transaction, organization_id: OrganizationId, text: str, kind: NumberKind) -> None:
    """That the organization neither holds the text as an ordinary number nor has too many patterns."""
    if any(held.organization_id == organization_id for held in await tx.numbers.find_live([text])):
        raise AlreadyExists("The number is taken", reason="ALREADY_EXISTS", field="number")
    if kind is NumberKind.PATTERN and await tx.patterns.count(organization_id, at_most=MOST_PATTERNS) >= MOST_PATTERNS:
        raise LimitExceeded(
            f"An organization has at most {MOST_PATTERNS} patterns",
            reason="RESOURCE_LIMIT_EXCEEDED",
            details=({"resource": "number_patterns", "limit": MOST_PATTERNS},),
        )
