"""The carrier's side of outgoing messages: what a worker claims, what the carrier says, what that costs (LED-5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from dialplane.domain.addresses import Address
from dialplane.domain.charging.ledger import Charge, ReferenceType, Settlement
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import MessageId
from dialplane.domain.messaging.messages import ConversationMessage, Message, Target, TargetStatus
from dialplane.domain.rcml.message_callbacks import message_form
from dialplane.services.charging.ledger import release_many, settle_many
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.messaging.messages import LEASE, QueuedTarget, hold_key
from dialplane.services.shapes.messages import conversation_message_shape, message_shape
from dialplane.services.transaction import Database, Transaction

ATTEMPTS = 5
PAUSE = timedelta(seconds=5)
"""Times the number of attempts made: a carrier that is away for a minute loses nothing."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One message to one receiver, for a carrier. `reference` is the same at every attempt."""

    reference: UUID
    source: Address
    destination: Address
    text: str
    medias: tuple[str, ...]
    parts: int
    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers, for a carrier that speaks SIP."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has it; `carrier_id` names it in receipts."""

    carrier_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The carrier will not take it, whenever it is tried."""

    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an accepted message."""

    carrier_id: str
    status: TargetStatus
    reason: str = ""


class MessageCarrier(Protocol):
    """Port: one carrier of messages."""

    async def submit(self, submission: Submission, now: datetime) -> Accepted | Rejected:
        """Hand over. A second submission of a reference has no second effect.

        Raises Unavailable where it is not known to have arrived.
        """
        ...

    async def receipts(self, now: datetime) -> Sequence[Receipt]:
        """Receipts that have come in since the last time; none for a carrier that calls us instead."""
        ...


async def claim_targets(
    database: Database, worker: int, *, limit: int, sweep: bool, now: datetime
) -> Sequence[QueuedTarget]:
    """Lease queued targets, the oldest first. With `sweep`, leases of dead workers are given back before."""
    async with database.transaction() as tx:
        if sweep:
            await tx.messages.free_target_leases()
        return await tx.messages.claim_targets(worker, now=now, until=now + LEASE, limit=limit)


def submission_of(queued: QueuedTarget) -> Submission:
    reference = uuid5(queued.message_id, str(queued.position))
    return Submission(
        reference, queued.source, queued.destination, queued.text, queued.medias, queued.parts, queued.headers
    )


async def record_answer(database: Database, queued: QueuedTarget, answer: Accepted | Rejected, now: datetime) -> None:
    """Charge what the carrier took, give back what it refused, and tell. Recording again has no second effect."""
    async with database.transaction() as tx:
        if isinstance(answer, Accepted):
            await _change(tx, queued, TargetStatus.SENT, "", answer.carrier_id, now)
        else:
            await _change(tx, queued, TargetStatus.FAILED, answer.reason, None, now)


async def record_no_answer(database: Database, queued: QueuedTarget, reason: str, now: datetime) -> None:
    """Try again later, or give up after the last attempt."""
    async with database.transaction() as tx:
        if queued.attempts + 1 < ATTEMPTS:
            await tx.messages.postpone_target(queued, due_at=now + PAUSE * (queued.attempts + 1))
        else:
            await _change(tx, queued, TargetStatus.GW_TIMEOUT, reason, None, now)


async def record_receipt(database: Database, receipt: Receipt, now: datetime) -> None:
    """Note what the carrier says became of a message. Late, repeated and unknown receipts change nothing."""
    async with database.transaction() as tx:
        found = await tx.messages.find_by_carrier_id(receipt.carrier_id)
        if found is None:
            return
        account_id, message_id, position = found
        message = await tx.messages.find(account_id, message_id, lock=True)
        if message is None or message.targets[position].status.is_final:
            return
        target = replace(message.targets[position], status=receipt.status, reason=receipt.reason, updated_at=now)
        await _tell(tx, message, position, target, receipt.carrier_id, now)


async def _change(
    tx: Transaction, queued: QueuedTarget, status: TargetStatus, reason: str, carrier_id: str | None, now: datetime
) -> None:
    message = await tx.messages.find(queued.account_id, queued.message_id, lock=True)
    key = hold_key(queued.message_id, queued.position)
    if message is None:  # deleted while it was under way: it is paid all the same
        await _settle(tx, queued, key, status, now)
        return
    if message.targets[queued.position].status is not TargetStatus.QUEUED:
        return
    await _settle(tx, queued, key, status, now)
    target = replace(message.targets[queued.position], status=status, reason=reason, updated_at=now)
    await _tell(tx, message, queued.position, target, carrier_id, now)


async def _settle(tx: Transaction, queued: QueuedTarget, key: str, status: TargetStatus, now: datetime) -> None:
    """FRD-9: what was not sent is not charged."""
    if status is TargetStatus.SENT:
        rate = (await tx.ledger.find_holds([key]))[key].rate  # as it was when the message was queued (LED-9)
        paid = Charge(key, rate, queued.parts, ReferenceType.SMS, queued.message_id, now, now)
        await settle_many(tx, [Settlement(queued.account_id, key, paid)], now)
    else:
        await release_many(tx, [key], now)


async def _tell(
    tx: Transaction, message: Message, position: int, target: Target, carrier_id: str | None, now: datetime
) -> None:
    await tx.messages.set_target(MessageId(message.id), position, target, carrier_id=carrier_id)
    targets = tuple(target if n == position else other for n, other in enumerate(message.targets))
    changed = replace(message, targets=targets, updated_at=now)
    if message.extras is not None and message.extras.status is not None:
        form = message_form(changed, target, message.extras.status)
        await tell(tx, [Told(message.account_id, message.id, message.extras.status, form)], now)
    conversation = (await tx.messages.conversations_of(message.id))[position]
    shown = conversation_message_shape(ConversationMessage(conversation, changed, target.status))
    await publish(
        tx,
        Event(message.account_id, "message_updated", message.id, message_shape(changed), now, run_id=message.run_id),
        Event(
            message.account_id,
            "conversation_message_updated",
            conversation.id,
            shown,
            now,
            run_id=message.run_id,
        ),
    )
