"""The carrier's side of outgoing messages: what a worker claims, what the carrier says, what that costs (LED-5)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from dialplane.domain.addresses import Address
from dialplane.domain.charging.ledger import Charge, Hold, ReferenceType, Settlement
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, MessageId
from dialplane.domain.messaging.messages import ConversationMessage, Direction, Message, Target, TargetStatus
from dialplane.domain.rcml.message_callbacks import SENDING, message_form
from dialplane.services.charging.ledger import release_many, settle_many
from dialplane.services.combining import Together
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
MOST_TOGETHER = 200
"""Answers, or receipts, of one transaction."""
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


@dataclass(frozen=True, slots=True)
class Answered:
    """What a carrier said of a target."""

    target: Handed
    answer: "Accepted | Rejected | NoAnswer"
    now: datetime


async def record_answer(
    database: Database, queued: QueuedTarget, answer: Accepted | Rejected | HandedOn, now: datetime
) -> None:
    """Charge what the carrier took, give back what it refused, and tell. Recording again has no second effect.

    Answers that come together are recorded by one transaction.
    """
    if isinstance(answer, HandedOn):
        async with database.transaction() as tx:
            await tx.messages.leave_target(queued, due_at=now + ANSWER_WITHIN)
    else:
        await _RECORDING.submit(database, Answered(queued, answer, now))


async def _record(database: Database, answers: Sequence[Answered]) -> list[None]:
    async with database.transaction() as tx:
        await answer_many(tx, answers)
    return [None] * len(answers)


_RECORDING: Together[Answered, None] = Together(_record, limit=MOST_TOGETHER)


async def answer_in(tx: Transaction, queued: Handed, answer: Accepted | Rejected | NoAnswer, now: datetime) -> None:
    """As `record_answer`, inside the caller's transaction."""
    await answer_many(tx, [Answered(queued, answer, now)])


async def answer_many(tx: Transaction, answers: Sequence[Answered]) -> None:
    """Record the answers in order. What a target that waits no more is answered has no effect."""
    messages = await tx.messages.find_many([each.target.message_id for each in answers], lock=True)
    counted, changes = list[Answered](), list[Change]()
    for each in answers:
        message, position = messages.get(each.target.message_id), each.target.position
        if message is None:  # deleted while it was under way: it is paid all the same
            counted.append(each)
        elif message.targets[position].status is TargetStatus.QUEUED:
            counted.append(each)
            target = _answered(message.targets[position], each)
            carrier_id = each.answer.carrier_id if isinstance(each.answer, Accepted) else None
            messages[message.id] = message.with_target(position, target, each.now)
            changes.append(Change(messages[message.id], position, carrier_id, each.now))
    await _settle(tx, counted)
    await tell_of_targets(tx, changes)


def _answered(target: Target, each: Answered) -> Target:
    status, reason, code, sent_at = TargetStatus.SENT, "", 0, None
    match each.answer:
        case Accepted():
            sent_at = each.now
        case Rejected(reason, code):
            status = TargetStatus.FAILED
        case NoAnswer(reason):
            status = TargetStatus.GW_TIMEOUT
    return replace(target, status=status, reason=reason, error_code=code, updated_at=each.now, sent_at=sent_at)


async def _settle(tx: Transaction, answers: Sequence[Answered]) -> None:
    """FRD-9: what was not sent is not charged."""
    if not answers:
        return
    now = max(each.now for each in answers)
    taken = {_key(each): each for each in answers if isinstance(each.answer, Accepted)}
    given_back = [_key(each) for each in answers if not isinstance(each.answer, Accepted)]
    if given_back:
        await release_many(tx, given_back, now)
    holds = await tx.ledger.find_holds(list(taken)) if taken else {}
    settlements = [_settlement(each, holds[key]) for key, each in taken.items() if key in holds]  # to a phone: free
    if settlements:
        await settle_many(tx, settlements, now)


def _key(each: Answered) -> str:
    return hold_key(each.target.message_id, each.target.position)


def _settlement(each: Answered, hold: Hold) -> Settlement:
    """At the rate as it was when the message was queued (LED-9)."""
    target = each.target
    paid = Charge(hold.key, hold.rate, target.parts, ReferenceType.SMS, target.message_id, each.now, each.now)
    return Settlement(target.account_id, hold.key, paid)


async def record_no_answer(database: Database, queued: QueuedTarget, reason: str, now: datetime) -> None:
    """Try again later, or give up after the last attempt."""
    async with database.transaction() as tx:
        if queued.attempts + 1 < ATTEMPTS:
            await tx.messages.postpone_target(queued, due_at=now + PAUSE * (queued.attempts + 1))
        else:
            await answer_in(tx, queued, NoAnswer(reason), now)


async def record_receipts(database: Database, receipts: Sequence[Receipt], now: datetime) -> None:
    """Note what the carrier says became of messages. Late, repeated and unknown receipts change nothing.

    Receipts that come together are noted by one transaction; the fault of one is no matter of the others.
    """
    await asyncio.gather(*(_NOTING.submit(database, (receipt, now)) for receipt in receipts))


async def record_receipt(database: Database, receipt: Receipt, now: datetime) -> None:
    """As `record_receipts`, of one."""
    await _NOTING.submit(database, (receipt, now))


async def _note(database: Database, receipts: Sequence[tuple[Receipt, datetime]]) -> list[None]:
    async with database.transaction() as tx:
        await note_receipts_in(tx, receipts)
    return [None] * len(receipts)


_NOTING: Together[tuple[Receipt, datetime], None] = Together(_note, limit=MOST_TOGETHER)


async def note_receipt_in(tx: Transaction, receipt: Receipt, now: datetime) -> None:
    """As `record_receipt`, inside the caller's transaction."""
    await note_receipts_in(tx, [(receipt, now)])


async def note_receipts_in(tx: Transaction, receipts: Sequence[tuple[Receipt, datetime]]) -> None:
    """In order, each with when it came."""
    found = await tx.messages.find_by_carrier_ids([receipt.carrier_id for receipt, _ in receipts])
    messages = await tx.messages.find_many([message_id for message_id, _ in found.values()], lock=True) if found else {}
    changes = []
    for receipt, now in receipts:
        message_id, position = found.get(receipt.carrier_id, (None, 0))
        message = None if message_id is None else messages.get(message_id)
        if message is None or not message.targets[position].status.may_become(receipt.status):
            continue
        target = replace(
            message.targets[position],
            status=receipt.status,
            reason=receipt.reason,
            error_code=receipt.error_code,
            updated_at=now,
        )
        messages[message.id] = message.with_target(position, target, now)
        changes.append(Change(messages[message.id], position, receipt.carrier_id, now))
    await tell_of_targets(tx, changes)


@dataclass(frozen=True, slots=True)
class Change:
    """Where one target of a message stands now; the message is as it is after it."""

    message: Message
    position: int
    carrier_id: str | None
    now: datetime

    @property
    def target(self) -> Target:
        return self.message.targets[self.position]


async def tell_of_target(
    tx: Transaction, message: Message, position: int, target: Target, carrier_id: str | None, now: datetime
) -> Message:
    """Write where a target stands now, and tell everybody who wants to know; the message after it."""
    change = Change(message.with_target(position, target, now), position, carrier_id, now)
    await tell_of_targets(tx, [change])
    return change.message


async def tell_of_targets(tx: Transaction, changes: Sequence[Change]) -> None:
    """As `tell_of_target`, of many targets in order."""
    if not changes:
        return
    await tx.messages.set_targets([(each.message.id, each.position, each.target, each.carrier_id) for each in changes])
    for each in changes:
        if each.message.extras is not None and each.message.extras.owes_receipts:
            await owe_receipts(tx, each.message, [each.position], each.now)
    await tell_statuses(tx, [(each.message, each.target) for each in changes], max(each.now for each in changes))
    conversations = await tx.messages.conversations_of_many({each.message.id for each in changes})
    events = []
    for each in changes:
        message, conversation = each.message, conversations[each.message.id][each.position]
        shown = conversation_message_shape(ConversationMessage(conversation, message, each.target.status))
        for name, resource_id, data in (
            ("message_updated", message.id, message_shape(message)),
            ("conversation_message_updated", conversation.id, shown),
        ):
            events.append(Event(message.account_id, name, resource_id, data, each.now, run_id=message.run_id))
    await publish(tx, *events)
