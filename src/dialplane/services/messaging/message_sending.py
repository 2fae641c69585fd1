"""The carrier's side of outgoing messages: what a worker claims, what the carrier says, what that costs (LED-5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from dialplane.domain.addresses import Address
from dialplane.domain.charging.ledger import Charge, ReferenceType, Settlement
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, MessageId
from dialplane.domain.messaging.messages import ConversationMessage, Direction, Message, Target, TargetStatus
from dialplane.domain.rcml.message_callbacks import SENDING, message_form
from dialplane.services.charging.ledger import release_many, settle_many
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.messaging.message_store import QueuedTarget
from dialplane.services.messaging.messages import LEASE, hold_key, tell_statuses
from dialplane.services.messaging.screening import OPT_OUT_REASON, OPTED_OUT
from dialplane.services.messaging.smpp_deliveries import owe_receipts
from dialplane.services.shapes.messages import conversation_message_shape, message_shape
from dialplane.services.transaction import Database, Transaction

QUEUE_OVERFLOW = 30001
ATTEMPTS = 5
PAUSE = timedelta(seconds=5)
"""Times the number of attempts made: a carrier that is away for a minute loses nothing."""
ANSWER_WITHIN = timedelta(minutes=5)
"""After that a message that was handed on is handed on again, which has no effect unless the first time was lost."""


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
    queued: QueuedTarget | None = None
    """The target that it is for: with it a carrier may give its answer later (`HandedOn`)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has it; `carrier_id` names it in receipts."""

    carrier_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The carrier will not take it, whenever it is tried. `error_code` is of Twilio's catalogue; 0: none fits."""

    reason: str
    error_code: int = 0


@dataclass(frozen=True, slots=True)
class HandedOn:
    """It is with another process of ours, which records the carrier's answer when it comes."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """It is not known whether the carrier has it, and it is not tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an accepted message."""

    carrier_id: str
    status: TargetStatus
    reason: str = ""
    error_code: int = 0
    """Of Twilio's catalogue."""


class Handed(Protocol):
    """The target that an answer is about."""

    @property
    def message_id(self) -> MessageId: ...
    @property
    def account_id(self) -> AccountId: ...
    @property
    def position(self) -> int: ...
    @property
    def parts(self) -> int: ...


class MessageCarrier(Protocol):
    """Port: one carrier of messages."""

    async def submit(self, submission: Submission, now: datetime) -> Accepted | Rejected | HandedOn:
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
        claimed = await tx.messages.claim_targets(worker, now=now, until=now + LEASE, limit=limit)
        await _tell_sending(tx, claimed, now)
        return claimed


async def _tell_sending(tx: Transaction, claimed: Sequence[QueuedTarget], now: datetime) -> None:
    """Tell those who asked that the carrier is being asked; a second attempt is not told."""
    told = []
    for queued in claimed:
        callback = queued.extras.status if queued.extras else None
        if callback is not None and not queued.attempts:
            form = message_form(*_as_sent(queued, now), callback, status=SENDING)
            told.append(Told(queued.account_id, queued.message_id, callback, form))
    if told:
        await tell(tx, told, now)


def _as_sent(queued: QueuedTarget, now: datetime) -> tuple[Message, Target]:
    """What a callback needs to know of a message on its way to the carrier."""
    target = Target(queued.destination, TargetStatus.QUEUED, queued.parts, now)
    message = Message(
        queued.message_id,
        queued.account_id,
        Direction.OUTBOUND,
        queued.source,
        (target,),
        queued.text,
        now,
        medias=queued.medias,
    )
    return message, target


def why_not(queued: QueuedTarget, now: datetime) -> Rejected | None:
    """Why it must not go to a carrier any more; None where it may."""
    if queued.opted_out:
        return Rejected(OPT_OUT_REASON, OPTED_OUT)
    if queued.extras is not None and queued.extras.expires_at is not None and now >= queued.extras.expires_at:
        return Rejected("its validity period was over before a carrier took it", QUEUE_OVERFLOW)
    return None


def submission_of(queued: QueuedTarget) -> Submission:
    reference = uuid5(queued.message_id, str(queued.position))
    headers = queued.extras.headers if queued.extras else ()
    return Submission(
        reference, queued.source, queued.destination, queued.text, queued.medias, queued.parts, headers, queued
    )


async def record_answer(
    database: Database, queued: QueuedTarget, answer: Accepted | Rejected | HandedOn, now: datetime
) -> None:
    """Charge what the carrier took, give back what it refused, and tell. Recording again has no second effect."""
    async with database.transaction() as tx:
        if isinstance(answer, HandedOn):
            await tx.messages.leave_target(queued, due_at=now + ANSWER_WITHIN)
        else:
            await answer_in(tx, queued, answer, now)


async def answer_in(tx: Transaction, queued: Handed, answer: Accepted | Rejected | NoAnswer, now: datetime) -> None:
    """As `record_answer`, inside the caller's transaction."""
    match answer:
        case Accepted(carrier_id):
            await _change(tx, queued, _Outcome(TargetStatus.SENT), carrier_id, now)
        case Rejected(reason, error_code):
            await _change(tx, queued, _Outcome(TargetStatus.FAILED, reason, error_code), None, now)
        case NoAnswer(reason):
            await _change(tx, queued, _Outcome(TargetStatus.GW_TIMEOUT, reason), None, now)


async def record_no_answer(database: Database, queued: QueuedTarget, reason: str, now: datetime) -> None:
    """Try again later, or give up after the last attempt."""
    async with database.transaction() as tx:
        if queued.attempts + 1 < ATTEMPTS:
            await tx.messages.postpone_target(queued, due_at=now + PAUSE * (queued.attempts + 1))
        else:
            await answer_in(tx, queued, NoAnswer(reason), now)


async def record_receipt(database: Database, receipt: Receipt, now: datetime) -> None:
    """Note what the carrier says became of a message. Late, repeated and unknown receipts change nothing."""
    async with database.transaction() as tx:
        await note_receipt_in(tx, receipt, now)


async def note_receipt_in(tx: Transaction, receipt: Receipt, now: datetime) -> None:
    """As `record_receipt`, inside the caller's transaction."""
    found = await tx.messages.find_by_carrier_id(receipt.carrier_id)
    if found is None:
        return
    account_id, message_id, position = found
    message = await tx.messages.find(account_id, message_id, lock=True)
    if message is None or not message.targets[position].status.may_become(receipt.status):
        return
    target = replace(
        message.targets[position],
        status=receipt.status,
        reason=receipt.reason,
        error_code=receipt.error_code,
        updated_at=now,
    )
    await tell_of_target(tx, message, position, target, receipt.carrier_id, now)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of handing a message over."""

    status: TargetStatus
    reason: str = ""
    error_code: int = 0


async def _change(tx: Transaction, queued: Handed, outcome: _Outcome, carrier_id: str | None, now: datetime) -> None:
    message = await tx.messages.find(queued.account_id, queued.message_id, lock=True)
    key = hold_key(queued.message_id, queued.position)
    if message is None:  # deleted while it was under way: it is paid all the same
        await _settle(tx, queued, key, outcome.status, now)
        return
    if message.targets[queued.position].status is not TargetStatus.QUEUED:
        return
    await _settle(tx, queued, key, outcome.status, now)
    target = replace(
        message.targets[queued.position],
        status=outcome.status,
        reason=outcome.reason,
        error_code=outcome.error_code,
        updated_at=now,
        sent_at=now if outcome.status is TargetStatus.SENT else None,
    )
    await tell_of_target(tx, message, queued.position, target, carrier_id, now)


async def _settle(tx: Transaction, queued: Handed, key: str, status: TargetStatus, now: datetime) -> None:
    """FRD-9: what was not sent is not charged."""
    if status is TargetStatus.SENT:
        hold = (await tx.ledger.find_holds([key])).get(key)
        if hold is None:  # to a phone of the account: free
            return
        # The rate as it was when the message was queued (LED-9).
        paid = Charge(key, hold.rate, queued.parts, ReferenceType.SMS, queued.message_id, now, now)
        await settle_many(tx, [Settlement(queued.account_id, key, paid)], now)
    else:
        await release_many(tx, [key], now)


async def tell_of_target(
    tx: Transaction, message: Message, position: int, target: Target, carrier_id: str | None, now: datetime
) -> Message:
    """Write where a target stands now, and tell everybody who wants to know; the message after it."""
    await tx.messages.set_target(MessageId(message.id), position, target, carrier_id=carrier_id)
    targets = tuple(target if n == position else other for n, other in enumerate(message.targets))
    changed = replace(message, targets=targets, updated_at=now)
    if message.extras is not None and message.extras.owes_receipts:
        await owe_receipts(tx, changed, [position], now)
    await tell_statuses(tx, [(changed, target)], now)
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
    return changed
