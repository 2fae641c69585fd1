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
    send_at, expires_at = times_of(message.schedule, message.validity, now)
    return Handed(
        session_id,
        pdu.sequence,
        None if reference is None else int.from_bytes(reference[:2], "big"),
        hashlib.sha256(bytes(replace(pdu, sequence=0))).digest()[:16],
        read_message(message, default=default),
        wanted=message.registered_delivery & 0x03,
        send_at=send_at,
        expires_at=expires_at,
        data_coding=message.data_coding,
        replaces=message.replace_if_present == 1,
    )


def times_of(schedule: str, validity: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When a message goes out and when it is given up. Raises PduFault."""
    try:
        send_at = read_time(schedule, now)
    except ValueError as fault:
        raise PduFault(Status.INVALID_SCHEDULE, str(fault)) from fault
    try:
        return send_at, read_time(validity, now)
    except ValueError as fault:
        raise PduFault(Status.INVALID_EXPIRY, str(fault)) from fault
