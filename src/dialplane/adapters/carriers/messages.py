"""Messages go out by the carrier of the number that sends them; what no real carrier has, by the simulated one.

No carrier promises to take a message once only. So it is noted before it is handed over: where the answer is lost, it
is not sent again; the carrier's own report of it, which bears our reference, is waited for instead.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dialplane.domain.addresses import PHONE
from dialplane.domain.errors import Unavailable
from dialplane.domain.messaging.smpp_carriers import SmppCarrier
from dialplane.services.messaging.client_messages import hand_to_phone
from dialplane.services.messaging.message_sending import (
    Accepted,
    HandedOn,
    MessageCarrier,
    Receipt,
    Rejected,
    Submission,
)
from dialplane.services.messaging.smpp_handover import smpp_submission
from dialplane.services.supply.carrier_accounts import HandedOver
from dialplane.services.supply.carriers import CarrierBusy, CarrierFailed, CarrierTimeout
from dialplane.services.transaction import Database

REQUESTS_AT_ONCE = 32
"""Of one process to carriers' web APIs, which refuse whoever asks too often."""
_BATCH = 200


class Sends(Protocol):
    """One account at a carrier, as far as texts go."""

    async def send(self, submission: Submission) -> Accepted | Rejected:
        """Hand over, once. Raises CarrierBusy, CarrierTimeout, CarrierFailed."""
        ...


class MessageCarriers(Protocol):
    async def find_messages(self, name: str) -> Sends | None:
        """None where no account of the name is set up."""
        ...


class RoutedMessages:
    """Fulfils `services.messaging.message_sending.MessageCarrier`."""

    def __init__(self, database: Database, carriers: MessageCarriers, otherwise: MessageCarrier) -> None:
        self._database = database
        self._carriers = carriers
        self._otherwise = otherwise
        self._requests = asyncio.Semaphore(REQUESTS_AT_ONCE)

    async def submit(self, submission: Submission, now: datetime) -> Accepted | Rejected | HandedOn:
        if submission.destination.type == PHONE and submission.queued is not None:
            return await hand_to_phone(self._database, submission, submission.queued, now)
        name, bound = await self._ways(submission.source.target)
        if bound is not None and submission.queued is not None:
            async with self._database.transaction() as tx:
                await tx.smpp_carriers.add_submission(smpp_submission(bound, submission, submission.queued, now))
            return HandedOn()
        carrier = await self._carriers.find_messages(name) if name else None
        if carrier is None:
            return await self._otherwise.submit(submission, now)
        async with self._requests:  # before it is noted: what is noted and not sent is lost
            async with self._database.transaction() as tx:
                known = await tx.carriers.hand_over(submission.reference, name, now)
            return await self._send(carrier, submission) if known is None else _known(known)

    async def _ways(self, number: str) -> tuple[str, SmppCarrier | None]:
        """The number's carrier, and the one that takes its messages by SMPP."""
        async with self._database.reading() as tx:
            name = next((each.carrier for each in await tx.numbers.find_live([number])), "")
            return name, await tx.smpp_carriers.find_for(name) if name else None

    async def _send(self, carrier: Sends, submission: Submission) -> Accepted | Rejected:
        try:
            answer = await carrier.send(submission)
        except (CarrierBusy, CarrierFailed) as fault:
            async with self._database.transaction() as tx:
                await tx.carriers.forget_message(submission.reference)
            raise Unavailable(str(fault)) from fault
        except CarrierTimeout as fault:
            raise Unavailable(str(fault)) from fault
        async with self._database.transaction() as tx:
            if isinstance(answer, Accepted):
                await tx.carriers.note_message(submission.reference, carrier_id=answer.carrier_id)
            else:
                await tx.carriers.note_message(submission.reference, reason=answer.reason[:255])
        return answer

    async def receipts(self, now: datetime) -> Sequence[Receipt]:
        async with self._database.transaction() as tx:
            taken = await tx.carriers.take_receipts(limit=_BATCH)
        return [*taken, *await self._otherwise.receipts(now)]


def _known(known: HandedOver) -> Accepted | Rejected:
    """Raises Unavailable where it is not known what became of it."""
    if known.carrier_id:
        return Accepted(known.carrier_id)
    if known.reason:
        return Rejected(known.reason)
    raise Unavailable("the carrier's answer was lost, and it has not reported the message yet")
