"""The parameters by which messages are sent and changed (reference 4.7). All of it raises Invalid naming them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import PHONE, Address, is_tel
from dialplane.domain.calling.routing import forms
from dialplane.domain.messaging.messages import MAX_MEDIA, MAX_TEXT, MessageExtras
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.rcml.verbs.nouns import CLIENT
from dialplane.faces.restcomm.call_forms import LONGEST_PARTY
from dialplane.faces.restcomm.callbacks import read_callback
from dialplane.faces.restcomm.credentials import read_sid
from dialplane.faces.restcomm.dialects import Dialect
from dialplane.faces.restcomm.forms import LONGEST_URL, Parameters, invalid, is_url
from dialplane.faces.restcomm.request import phone_text

LONGEST_VALIDITY_S = 36_000
SOONEST, LATEST = timedelta(minutes=15), timedelta(days=35)
"""Between which a message is scheduled, from now on."""
MOST_HEADERS, LONGEST_HEADER = 20, 512

NAMES: Mapping[str, str] = {"destinations": "To", "destinations[0]": "To", "source": "From", "text": "Body"}
"""What services call these parameters."""
REASONS: Mapping[str, str] = {"SOURCE_NOT_OWNED": "MESSAGE_SENDER_NOT_OWNED"}
"""What a call and a message have different codes for."""

_CHANNEL_SIGN = ":"


def read_to(parameters: Parameters, country: str, *, clients: bool) -> Address:
    """A number, in whatever form it is written at home; with `clients` also a phone of the account, `client:alice`, or
    `alice` where that is no number."""
    text = phone_text(parameters.text("To", longest=LONGEST_PARTY))
    if not text:
        raise invalid("To", "is needed", reason="MESSAGE_TO_MISSING")
    if clients and (client := _client(text)):
        return client
    number = text.rpartition(_CHANNEL_SIGN)[2]
    found = next((form for form in forms(number, country) if is_tel(form)), None)
    if found is None and clients and number == text:
        return Address(PHONE, text)
    if found is None:
        raise invalid("To", "is no phone number", reason="TO_INVALID")
    return Address("tel", found)


def read_from(parameters: Parameters, country: str, *, clients: bool) -> Address | None:
    """None where it is left out. One of the account's numbers, or of its channels (`mms:+1…`); with `clients` also one
    of its phones."""
    text = phone_text(parameters.text("From", longest=LONGEST_PARTY))
    if not text:
        return None
    if not text.isprintable():
        raise invalid("From", "has printable characters only", reason="FROM_INVALID")
    if clients and (client := _client(text)):
        return client
    if _CHANNEL_SIGN in text:
        return Address("tel", text)
    found = next((form for form in forms(text, country) if is_tel(form)), None)
    if found is None:
        raise invalid("From", "is no number of this account", reason="FROM_INVALID")
    return Address("tel", found)


def _client(text: str) -> Address | None:
    name = text.removeprefix(CLIENT)
    return Address(PHONE, name) if name and name != text else None


def read_body(parameters: Parameters, medias: tuple[str, ...]) -> str:
    body = parameters.text("Body", longest=10**7)
    if not body and not medias:
        raise invalid("Body", "is needed", reason="MESSAGE_BODY_MISSING")
    if len(body) > MAX_TEXT:
        raise invalid("Body", f"has more than {MAX_TEXT} characters", reason="MESSAGE_BODY_TOO_LONG")
    return body


def read_medias(parameters: Parameters) -> tuple[str, ...]:
    urls = tuple(url.strip() for url in parameters.all("MediaUrl"))
    if len(urls) > MAX_MEDIA:
        raise invalid("MediaUrl", f"stands {MAX_MEDIA} times at most")
    for url in urls:
        if len(url) > LONGEST_URL or url.startswith("/") or not is_url(url):
            raise invalid("MediaUrl", "is an http or https URL", reason="URL_INVALID")
    return urls


def read_pool(parameters: Parameters) -> UUID | None:
    """`MessagingServiceSid`: `MG` and the hex digits of a sender pool; None where it is left out."""
    sid = parameters.text("MessagingServiceSid", longest=64)
    if not sid:
        return None
    found = read_sid("MG", sid)
    if found is None:
        raise invalid("MessagingServiceSid", "is no sid of a sender pool", reason="POOL_NOT_FOUND")
    return found


_PRICE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)


def read_extras(
    parameters: Parameters, dialect: Dialect, status: StatusCallback | None, now: datetime
) -> MessageExtras:
    """Headers, callback, time and validity."""
    validity = parameters.number("ValidityPeriod", least=1, most=LONGEST_VALIDITY_S)
    send_at = _read_time(parameters, now) if dialect.is_twilio else None
    return MessageExtras(
        headers=() if dialect.is_twilio else _headers(parameters),
        status=status,
        send_at=send_at,
        max_price_micros=_read_max_price(parameters) if dialect.is_twilio else None,
        expires_at=None if validity is None else (send_at or now) + timedelta(seconds=validity),
        is_wide=not dialect.is_twilio and _is_wide(parameters),
    )


def _read_max_price(parameters: Parameters) -> int | None:
    """Twilio's `MaxPrice`, in US dollars."""
    text = parameters.text("MaxPrice").strip()
    if not text:
        return None
    if not _PRICE.fullmatch(text):
        raise invalid("MaxPrice", "is an amount of US dollars such as 0.05")
    return round(Decimal(text) * 1_000_000)


def read_status(parameters: Parameters, dialect: Dialect) -> StatusCallback | None:
    return read_callback(parameters, "StatusCallback", dialect, ())


def _is_wide(parameters: Parameters) -> bool:
    """Restcomm's `Encoding`: GSM, which is used where it suffices, or UCS-2 (`UTF-8` is that on the air)."""
    match parameters.text("Encoding").strip().upper():
        case "" | "GSM":
            return False
        case "UCS-2" | "UCS2" | "UTF-8":
            return True
    raise invalid("Encoding", "is GSM, UCS-2 or UTF-8")


def read_change(parameters: Parameters) -> Literal["redact", "cancel"]:
    """`Body` empty: redact; `Status=canceled`: cancel."""
    status, body = parameters.text("Status").lower(), parameters.find("Body")
    if status not in ("", "canceled"):
        raise invalid("Status", "can only be set to canceled")
    if status:
        return "cancel"
    if body is None:
        raise invalid("Body", "is needed, or Status")
    if body:
        raise invalid("Body", "can only be set to nothing, which takes it away")
    return "redact"


def _read_time(parameters: Parameters, now: datetime) -> datetime | None:
    """`SendAt`, where `ScheduleType` is `fixed`; from a sender pool only, as with Twilio."""
    kind, text = parameters.text("ScheduleType").lower(), parameters.text("SendAt", longest=64)
    if kind not in ("", "fixed"):
        raise invalid("ScheduleType", "is fixed", reason="SCHEDULE_TYPE_INVALID")
    if not kind:
        if text:
            raise invalid("ScheduleType", "is needed with SendAt", reason="SCHEDULE_TYPE_INVALID")
        return None
    if not text:
        raise invalid("SendAt", "is needed with ScheduleType", reason="SEND_AT_MISSING")
    if not parameters.text("MessagingServiceSid"):
        raise invalid("MessagingServiceSid", "is needed to schedule a message", reason="SCHEDULE_POOL_MISSING")
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise invalid("SendAt", "is a time such as 2026-03-01T12:00:00Z", reason="SEND_AT_INVALID") from fault
    if not now + SOONEST <= moment <= now + LATEST:
        raise invalid("SendAt", "is from 15 minutes to 35 days from now", reason="SEND_AT_INVALID")
    return moment


def _headers(parameters: Parameters) -> tuple[tuple[str, str], ...]:
    """Parameters that begin with `X-` become SIP headers."""
    found = [(name, value) for name, values in parameters.values.items() if name[:2] == "X-" for value in values]
    for name, value in found:
        if len(value) > LONGEST_HEADER or not value.isprintable() or not name.replace("-", "").isalnum():
            raise invalid(name[:64], f"has {LONGEST_HEADER} printable characters at most")
    if len(found) > MOST_HEADERS:
        raise invalid(found[MOST_HEADERS][0][:64], f"is one header too many: {MOST_HEADERS} at most")
    return tuple(found)
