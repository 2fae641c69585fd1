"""Messages as peers hand them over, read for the use cases."""

import hashlib
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.messaging.alphabets import Alphabet
from dialplane.services.messaging.short_messages import read_message
from dialplane.services.messaging.smpp_submits import Handed
from dialplane.smpp.commands import Status
from dialplane.smpp.fields import PduFault, Tag
from dialplane.smpp.pdu import Pdu, ShortMessage
from dialplane.smpp.times import read_time


def handed_of(
    pdu: Pdu, message: ShortMessage, session_id: UUID, now: datetime, *, default: Alphabet = "gsm7"
) -> Handed:
    """The message as it was handed over. Raises PduFault."""
    reference = message.tlvs.get(Tag.USER_MESSAGE_REFERENCE)
    try:
        send_at, expires_at = read_time(message.schedule, now), None
    except ValueError as fault:
        raise PduFault(Status.INVALID_SCHEDULE, str(fault)) from fault
    try:
        expires_at = read_time(message.validity, now)
    except ValueError as fault:
        raise PduFault(Status.INVALID_EXPIRY, str(fault)) from fault
    return Handed(
        session_id,
        pdu.sequence,
        None if reference is None else int.from_bytes(reference[:2], "big"),
        hashlib.sha256(bytes(replace(pdu, sequence=0))).digest()[:16],
        read_message(message, default=default),
        wanted=message.registered_delivery & 0x03,
        send_at=send_at,
        expires_at=expires_at,
    )
