"""The progress of a call as its status callback is told of it (Restcomm reference 5.5; the seed's statusCallback).

Pure: a call and what happened to it give the parameters, or nothing where nobody asked. The names, values and sequence
numbers are those of the dialect that asked.
"""

from datetime import datetime
from enum import StrEnum

from dialplane.domain.calling.calls import Call, Direction
from dialplane.domain.ids import to_sid
from dialplane.domain.programs.sources import TWILIO_VERSION, StatusCallback
from dialplane.domain.rcml.parameters import (
    Form,
    Subject,
    call_status,
    direction_of,
    subject_of,
    timestamp,
    voice_parameters,
)

SOURCE = "call-progress-events"


class Progress(StrEnum):
    """What happens to a call, in this order; not all of it happens to every call."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"


_ORDER = tuple(Progress)
_ALL = frozenset(Progress)
_SPELLINGS = {
    "ringing": Progress.RINGING,
    "in_progress": Progress.ANSWERED,
    "in-progress": Progress.ANSWERED,
    "completed": Progress.COMPLETED,
    "initiated": Progress.INITIATED,
    "answered": Progress.ANSWERED,
}


def wanted_events(call: Call, callback: StatusCallback) -> frozenset[Progress]:
    """What is told of: the events that were asked for, in either spelling, else those told by default.

    By default a number tells of ringing, in progress and completed and a call of the API of everything, in Restcomm's
    dialect; a party of Dial, and everything in Twilio's, of the end alone.
    """
    asked = {_SPELLINGS[name.lower()] for name in callback.events if name.lower() in _SPELLINGS}
    if asked:
        return frozenset(asked)
    if callback.api_version == TWILIO_VERSION or direction_of(call) == "outbound-dial":
        return frozenset({Progress.COMPLETED})
    return _ALL - {Progress.INITIATED} if call.direction is Direction.INCOMING else _ALL


def progress_form(
    call: Call, event: Progress, callback: StatusCallback, now: datetime, *, instance: str = "", recording: Form = ()
) -> Form | None:
    """The parameters of one callback; None where this event is not told of.

    `call` is as it was when it happened. `recording` are the fields of a recording of the whole call, told at the end.
    """
    wanted = wanted_events(call, callback)
    if event not in wanted:
        return None
    subject = subject_of(call, instance=instance)
    is_number = call.direction is Direction.INCOMING
    is_twilio = callback.api_version == TWILIO_VERSION
    is_leg = not (is_number or is_twilio)
    shown_as_event = event is Progress.INITIATED or is_leg  # Twilio has a status of that name too
    status = event.value if shown_as_event else call_status(call)
    outbound_id = call.details.outbound_call_id
    fields = _leg(subject, status) if is_leg else voice_parameters(subject, status, now, outbound_call_id=outbound_id)
    if event is Progress.COMPLETED:
        fields += _outcome(call, is_twilio) + (() if is_leg else recording)
    number = _sequence(call, event, wanted, fixed=is_leg)
    fields += (("Timestamp", timestamp(now)), ("CallbackSource", SOURCE), ("SequenceNumber", str(number)))
    if not is_leg:
        return fields
    return (*fields, *((("InstanceId", instance),) if instance else ()), *recording)


def _leg(subject: Subject, status: str) -> Form:
    """The documented order of Restcomm's leg callbacks."""
    optional = (
        ("CallerName", subject.caller_name),
        ("ForwardedFrom", subject.forwarded_from),
    )
    parent = (("ParentCallSid", to_sid("CA", subject.parent_id)),) if subject.parent_id else ()
    return (
        ("CallSid", to_sid("CA", subject.id)),
        *parent,
        ("AccountSid", to_sid("AC", subject.account_id)),
        ("From", subject.source),
        ("To", subject.destination),
        ("Direction", subject.direction),
        *(field for field in optional if field[1]),
        ("CallStatus", status),
    )


def _outcome(call: Call, is_twilio: bool) -> Form:
    """Seconds of talk; Twilio tells the minutes that it would charge beside, and how the called party answered."""
    seconds = 0
    if call.progressing_at is not None and call.ended_at is not None:
        seconds = max(round((call.ended_at - call.progressing_at).total_seconds()), 0)
    fields: Form = (("CallDuration", str(seconds)),)
    if not is_twilio:
        return fields
    fields += (("Duration", str(-(-seconds // 60))),)
    answered = call.direction is Direction.OUTGOING and call.sip_code
    return (*fields, ("SipResponseCode", str(call.sip_code))) if answered else fields


def _sequence(call: Call, event: Progress, wanted: frozenset[Progress], *, fixed: bool) -> int:
    """Restcomm numbers the events of a leg once for all; else they are counted as they are told, from 0."""
    if fixed:
        return _ORDER.index(event)
    happened = {
        Progress.INITIATED: call.direction is Direction.OUTGOING,
        Progress.RINGING: call.ringing_at is not None,
        Progress.ANSWERED: call.progressing_at is not None,
    }
    earlier = _ORDER[: _ORDER.index(event)]
    return sum(each in wanted and happened[each] for each in earlier)
