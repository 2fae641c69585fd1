"""A call as both dialects show it (reference 4.4)."""

from datetime import datetime

from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.ids import to_sid
from dialplane.domain.rcml.parameters import call_status, direction_of, instance_sid, party_text
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.number_shapes import formatted
from dialplane.faces.restcomm.prices import show_price


def show_call(asked: Asked, call: Call, price: int | None) -> dict[str, object]:
    """`price` is what was charged, in micros. Restcomm leaves out what has no value, Twilio never does."""
    dialect, details = asked.dialect, call.details
    account_sid, sid = to_sid("AC", call.account_id), to_sid("CA", call.id)
    uri = f"/Accounts/{account_sid}/Calls/{sid}"
    source, destination = (party_text(each, dialect.api_version) for each in (call.source, call.destination))
    members: dict[str, object] = {
        "sid": sid,
        "date_created": dialect.show_time(call.created_at),
        "date_updated": dialect.show_time(call.updated_at or call.created_at),
        "parent_call_sid": None if call.master_call_id is None else to_sid("CA", call.master_call_id),
        "account_sid": account_sid,
        "to": destination,
        "from": source,
        "phone_number_sid": None if call.number_id is None else to_sid("PN", call.number_id),
        "status": call_status(call),
        "start_time": dialect.show_moment(_start(call)),
        "end_time": dialect.show_moment(call.ended_at),
        "duration": _duration(asked, call),
        "price": show_price(dialect, price),
        "price_unit": "USD",
        "direction": direction_of(call),
        "answered_by": details.answered_by or None,
        "api_version": details.api_version or dialect.api_version,
        "forwarded_from": details.forwarded_from or None,
        "caller_name": details.caller_name or None,
        "uri": asked.uri(uri),
    }
    if dialect.is_twilio:
        return members | _twilios_own(asked, call, uri)
    members |= {
        "InstanceId": instance_sid(call.node) or None,
        "ring_duration": _ring_duration(call),
        "subresource_uris": {name.lower(): asked.uri(f"{uri}/{name}") for name in ("Notifications", "Recordings")},
    }
    return {name: value for name, value in members.items() if value is not None}


_SUBRESOURCES = ("Notifications", "Recordings", "Streams", "Transcriptions")


def _twilios_own(asked: Asked, call: Call, uri: str) -> dict[str, object]:
    return {
        "to_formatted": formatted(party_text(call.destination, asked.dialect.api_version)),
        "from_formatted": formatted(party_text(call.source, asked.dialect.api_version)),
        "group_sid": None,
        "trunk_sid": None,
        "queue_time": "0",
        "annotation": None,
        "subresource_uris": {name.lower(): asked.uri(f"{uri}/{name}") for name in _SUBRESOURCES},
    }


def _start(call: Call) -> datetime | None:
    """When it began to ring somewhere, None while it waits to be dialled."""
    return None if call.status is CallStatus.DIALING else call.created_at


def _duration(asked: Asked, call: Call) -> int | str | None:
    """Seconds of talk, once it is over: text in Twilio's dialect. As the status callback has told it."""
    if call.ended_at is None:
        return None
    seconds = round((call.ended_at - call.progressing_at).total_seconds()) if call.progressing_at else 0
    return str(seconds) if asked.dialect.is_twilio else seconds


def _ring_duration(call: Call) -> int | None:
    end = call.progressing_at or call.ended_at
    begin = call.ringing_at or call.created_at
    return None if end is None else max(int((end - begin).total_seconds()), 0)
