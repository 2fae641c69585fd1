"""The simulated carrier's messages: takes everything, remembers it, and gives receipts as a real one would.

A receiver that is a number of this platform gets the message back in through the front door; any other is simulated,
and its last digits say what happens, as they do for calls.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dialplane.domain.messaging.messages import TargetStatus
from dialplane.services.combining import Together
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.message_sending import Accepted, Receipt, Rejected, Submission
from dialplane.services.messaging.message_store import SandboxMessage
from dialplane.services.transaction import Database

REJECTED_ENDINGS = ("103", "107", "108")
"""Numbers that reject calls reject messages too."""
UNREACHABLE_ENDING = "102"
"""A number that rings out: its message is accepted, and then reported as failed."""
UNREACHABLE_HANDSET, UNKNOWN_HANDSET = 30003, 30005
RECEIPT_DELAY = timedelta(milliseconds=200)
BATCH = 200


class SandboxMessageCarrier:
    """Fulfils `services.messaging.message_sending.MessageCarrier`; the store is its memory, shared by all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def submit(self, submission: Submission, now: datetime) -> Accepted | Rejected:
        destination = submission.destination.target
        if destination.endswith(REJECTED_ENDINGS):
            return Rejected("the simulated carrier rejects messages to this number", UNKNOWN_HANDSET)
        failed = destination.endswith(UNREACHABLE_ENDING)
        sent = SandboxMessage(
            submission.reference,
            submission.source.target,
            destination,
            submission.text,
            submission.medias,
            submission.parts,
            TargetStatus.UNDELIVERED if failed else TargetStatus.DELIVERED,
            now + RECEIPT_DELAY,
            now,
        )
        if await _TAKING.submit(self._database, sent):
            inbound = InboundMessage(
                submission.source.target,
                destination,
                submission.text,
                submission.medias,
                carrier_id=str(submission.reference),
                headers=submission.headers,
            )
            await receive_message(self._database, inbound, now)
        return Accepted(str(submission.reference))

    async def receipts(self, now: datetime) -> Sequence[Receipt]:
        """Each is given once. One that the worker loses by dying stays `sent`, as with a real carrier."""
        async with self._database.transaction() as tx:
            taken = await tx.messages.take_sandbox_receipts(now=now, limit=BATCH)
        return [_receipt(sent) for sent in taken]


async def _take(database: Database, sent: Sequence[SandboxMessage]) -> list[bool]:
    """Keep them; whether each is for a number of this platform."""
    async with database.transaction() as tx:
        ours = {number.number for number in await tx.numbers.find_live([each.destination for each in sent])}
        await tx.messages.add_to_sandbox(sent)
    return [each.destination in ours for each in sent]


_TAKING: Together[SandboxMessage, bool] = Together(_take, limit=BATCH)


def _receipt(sent: SandboxMessage) -> Receipt:
    if sent.receipt is TargetStatus.DELIVERED:
        return Receipt(str(sent.id), sent.receipt)
    return Receipt(str(sent.id), sent.receipt, "the receiver was not reachable", UNREACHABLE_HANDSET)
