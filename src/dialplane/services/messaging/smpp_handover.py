"""Messages on their way to carriers by SMPP: handed on to the process that is bound, answered, reported on.

A segment is marked as sent before it leaves. Where its answer is lost it goes out once more, with the same
`user_message_reference`, by which a message centre knows that it is the same (SMS-4); after five times it is given up.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from dialplane.domain.ids import NIL, MessageId
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.domain.messaging.network_errors import UNKNOWN, code_of
from dialplane.domain.messaging.segments import count_segments
from dialplane.domain.messaging.smpp_carriers import SmppCarrier
from dialplane.services.messaging.inbound_messages import InboundMessage, MessageRefused, receive_in
from dialplane.services.messaging.message_sending import (
    ATTEMPTS,
    Accepted,
    NoAnswer,
    Receipt,
    Rejected,
    Submission,
    answer_in,
    note_receipt_in,
)
from dialplane.services.messaging.message_store import QueuedTarget
from dialplane.services.messaging.short_messages import write_pieces
from dialplane.services.messaging.smpp_carriers import (
    Queued,
    Segment,
    SegmentBody,
    SmppSubmission,
    SubmissionStanding,
)
from dialplane.services.messaging.smpp_submits import RESEND_WINDOW, Handed, keep_whole, whole_text
from dialplane.services.transaction import Database, Transaction
from dialplane.smpp.commands import PASSING, status_text
from dialplane.smpp.receipts import Receipt as SmppReceipt
from dialplane.smpp.receipts import State, spellings

LONGEST_QUEUE = timedelta(hours=24)
"""How long a message waits for a carrier that cannot be bound to, unless its own validity ends sooner."""
PAUSE = timedelta(seconds=1)
"""Before a segment is offered again that the carrier would not take just now."""
SUBMISSIONS_KEPT = timedelta(days=7)
_BATCH = 200

_FAILED = {
    State.UNDELIVERABLE: TargetStatus.UNDELIVERED,
    State.EXPIRED: TargetStatus.FAILED,
    State.DELETED: TargetStatus.FAILED,
    State.REJECTED: TargetStatus.FAILED,
}

log = structlog.get_logger()


def smpp_submission(
    carrier: SmppCarrier, submission: Submission, queued: QueuedTarget, now: datetime
) -> SmppSubmission:
    """The message as the carrier takes it."""
    expires_at = queued.extras.expires_at if queued.extras else None
    text = "\n".join((submission.text, *submission.medias)) if submission.medias else submission.text
    pieces = write_pieces(
        text,
        submission.reference.int,
        long_messages=carrier.long_messages,
        default=carrier.alphabet.value,
        wide=queued.extras is not None and queued.extras.is_wide,
        national=carrier.national_tables and queued.parts < count_segments(text).count,  # as it was priced
    )
    return SmppSubmission(
        submission.reference,
        carrier.id,
        Queued(queued.message_id, queued.account_id, queued.position, queued.parts),
        submission.source.target,
        submission.destination.target,
        tuple(
            SegmentBody(
                each.octets.hex(),
                each.data_coding,
                each.esm_class,
                tuple((int(tag), value.hex()) for tag, value in each.tlvs.items()),
            )
            for each in pieces
        ),
        min(now + LONGEST_QUEUE, expires_at or now + LONGEST_QUEUE),
        now,
    )


async def claim_segments(
    database: Database, carrier_id: UUID, node: int, *, limit: int, now: datetime
) -> Sequence[Segment]:
    """What waits for the carrier, marked as sent."""
    async with database.transaction() as tx:
        return await tx.smpp_carriers.claim_segments(carrier_id, node, now=now, limit=limit)


async def segment_answered(
    database: Database, segment: Segment, node: int, status: int, message_id: str, now: datetime
) -> None:
    """What the carrier said of a segment. The last one accepts the message, the first refusal rejects it."""
    async with database.transaction() as tx:
        store = tx.smpp_carriers
        if status in PASSING and segment.expires_at > now:
            await store.return_segment(segment, node, due_at=now + PAUSE, was_sent=False)
            return
        if status:
            await store.fail_segment(segment.reference, segment.number)
            await _conclude(tx, segment.reference, f"the carrier answers: {status_text(status)}", now)
        else:
            await store.accept_segment(segment.reference, segment.number, spellings(message_id)[0])
            await _conclude(tx, segment.reference, "", now)


async def segment_lost(database: Database, segment: Segment, node: int, now: datetime) -> None:
    """The session ended before the answer came. It goes out again, unless that has happened too often."""
    async with database.transaction() as tx:
        store = tx.smpp_carriers
        if segment.sends < ATTEMPTS:
            await store.return_segment(segment, node, due_at=now, was_sent=True)
            return
        await store.fail_segment(segment.reference, segment.number)
        standing = await store.find_standing(segment.reference)
        if standing is not None and not standing.is_ended:
            await store.end_submission(segment.reference, now)
            await answer_in(tx, standing.queued, NoAnswer("the carrier's answer was lost again and again"), now)


async def segment_unsendable(database: Database, segment: Segment, reason: str, now: datetime) -> None:
    """It cannot be written as a PDU."""
    async with database.transaction() as tx:
        await tx.smpp_carriers.fail_segment(segment.reference, segment.number)
        await _conclude(tx, segment.reference, reason, now)


async def _conclude(tx: Transaction, reference: UUID, refusal: str, now: datetime) -> None:
    standing = await tx.smpp_carriers.find_standing(reference)
    if standing is None or standing.is_ended:
        return
    if standing.failed:
        await tx.smpp_carriers.end_submission(reference, now)
        await answer_in(tx, standing.queued, Rejected(refusal, UNKNOWN), now)
    elif not standing.waiting:
        await tx.smpp_carriers.end_submission(reference, now)
        await answer_in(tx, standing.queued, Accepted(str(reference)), now)
        await _tell(tx, reference, standing, "", now)


async def take_receipt(
    database: Database, carrier: SmppCarrier, receipt: SmppReceipt, destination: str, now: datetime
) -> bool:
    """What the carrier says became of a segment; the message is delivered when all of it is. False: it is none of ours.

    `destination` is whom the message went to.
    """
    async with database.transaction() as tx:
        if receipt.state in (State.ENROUTE, State.ACCEPTED, State.UNKNOWN):
            return True
        reference = await tx.smpp_carriers.note_receipt(
            carrier.id,
            spellings(receipt.message_id),
            destination,
            delivered=receipt.state is State.DELIVERED,
        )
        if reference is None:
            return False
        standing = await tx.smpp_carriers.find_standing(reference)
        if standing is not None and standing.is_ended:
            failed = _FAILED.get(receipt.state, TargetStatus.UNDELIVERED)
            await _tell(tx, reference, standing, receipt.error, now, failed=failed)
    return True


async def _tell(
    tx: Transaction,
    reference: UUID,
    standing: SubmissionStanding,
    error: str,
    now: datetime,
    *,
    failed: TargetStatus = TargetStatus.UNDELIVERED,
) -> None:
    if standing.undelivered:
        code = code_of(error)
        reason = f"the carrier's network reports error {error}" if error else "the carrier could not deliver it"
        await note_receipt_in(tx, Receipt(str(reference), failed, reason, code), now)
    elif standing.delivered == standing.total:
        await note_receipt_in(tx, Receipt(str(reference), TargetStatus.DELIVERED), now)


async def take_carrier_message(database: Database, carrier: SmppCarrier, handed: Handed, now: datetime) -> UUID:
    """A message for one of our numbers, or a part of it, once. What nobody has here is put on the log.

    Raises Invalid for what is no message.
    """
    async with database.transaction() as tx:
        taken = handed.taken(carrier.id, now)
        known = await tx.smpp.claim_resent(taken, since=now - RESEND_WINDOW)
        if known is not None:
            return known
        text = await whole_text(tx, taken, handed.content, now)
        if text is None:
            return taken.id
        inbound = InboundMessage(
            handed.content.source,
            handed.content.destination,
            text,
            parts=handed.content.segments,
            carrier=carrier.name,
            carrier_id=taken.id.hex,
        )
        outcome = await receive_in(tx, inbound, now)
        if isinstance(outcome, MessageRefused):
            log.info("carrier_message_refused", carrier=carrier.name, reason=outcome.reason)
            await keep_whole(tx, taken, MessageId(NIL))
        else:
            await keep_whole(tx, taken, outcome.id)
    return taken.id


async def expire_submissions(database: Database, now: datetime) -> None:
    """Give up what no carrier took in time, and forget what is long over."""
    async with database.transaction() as tx:
        for reference in await tx.smpp_carriers.expired(now, limit=_BATCH):
            standing = await tx.smpp_carriers.find_standing(reference)
            if standing is not None and not standing.is_ended:
                await tx.smpp_carriers.end_submission(reference, now)
                await answer_in(tx, standing.queued, Rejected("no carrier took it in time", 30001), now)
        await tx.smpp_carriers.forget(before=now - SUBMISSIONS_KEPT)
