"""What a tenant's server is told with each request: parameters in their order (Restcomm reference 5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal
from uuid import UUID

import phonenumbers

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, CallStatus, Direction, HangupReason, Place, is_refusal
from dialplane.domain.ids import to_sid
from dialplane.domain.messaging.messages import message_sid
from dialplane.domain.messaging.segments import count_segments
from dialplane.domain.programs.sources import RESTCOMM_VERSION, TWILIO_VERSION

Form = tuple[tuple[str, str], ...]
CallDirection = Literal["inbound", "outbound-api", "outbound-dial"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a program belongs to: a call, or a message that came in. Facts that do not change while it runs."""

    id: UUID
    account_id: UUID
    source: str
    """`From` as the dialect shows it."""
    destination: str
    """`To`."""
    api_version: str = RESTCOMM_VERSION
    direction: CallDirection = "inbound"
    caller_name: str = ""
    forwarded_from: str = ""
    verstat: str = ""
    """What the signed caller ID came to."""
    sip_headers: Form = ()
    """`X-` headers of the INVITE or MESSAGE."""
    parent_id: UUID | None = None
    refer_target: str = ""
    transferor: str = ""
    transferee: str = ""
    source_place: Place | None = None
    destination_place: Place | None = None
    answered_by: Form = ()
    """What machine detection found, where it is over."""
    instance: str = ""
    """Sid of the server that runs it."""
    text: str = ""
    """Of a message."""
    medias: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    """Of each of `medias`; none where only their addresses tell."""
    is_phone: bool = False
    """`source` is a phone of the account, by its name."""
    opt_out_type: str = ""
    """What a message says about consent: STOP, START or HELP; empty: nothing."""

    @property
    def is_twilio(self) -> bool:
        return self.api_version == TWILIO_VERSION


def subject_of(call: Call, *, instance: str = "") -> Subject:
    """The call as its application is told of it."""
    details = call.details
    version = details.api_version or RESTCOMM_VERSION
    return Subject(
        id=call.id,
        account_id=call.account_id,
        source=party_text(call.source, version),
        destination=party_text(call.destination, version),
        api_version=version,
        direction=direction_of(call),
        caller_name=details.caller_name,
        forwarded_from=details.forwarded_from,
        verstat=details.verstat,
        sip_headers=details.sip_headers,
        parent_id=call.master_call_id,
        refer_target=details.refer_target,
        transferor=details.transferor,
        transferee=details.transferee,
        source_place=details.source_place,
        destination_place=details.destination_place,
        answered_by=answered_by_fields(call),
        instance=instance,
    )


def answered_by_fields(call: Call) -> Form:
    """Twilio's words on who answered; nothing where nobody asked, or nobody knows yet."""
    details = call.details
    if not details.answered_by:
        return ()
    return (("AnsweredBy", details.answered_by), ("MachineDetectionDuration", str(details.machine_detection_ms)))


def direction_of(call: Call) -> CallDirection:
    if call.direction is Direction.INCOMING:
        return "inbound"
    return "outbound-dial" if call.master_call_id is not None else "outbound-api"


def party_text(address: Address, api_version: str) -> str:
    """A number as E.164, a phone of the account as `client:alice` (Restcomm: its name), a SIP address as `sip:…`."""
    if address.type in ("extension", "agent"):
        name = address.target_name or address.target
        return f"client:{name}" if api_version == TWILIO_VERSION else name
    if address.type == "sip" and "@" in address.target and not address.target.startswith("sip:"):
        return f"sip:{address.target}"
    return address.target


def call_status(call: Call) -> str:
    """`CallStatus` (reference 4.4) of a call."""
    match call.status:
        case CallStatus.DIALING:
            return "queued"
        case CallStatus.RINGING:
            return "ringing"
        case CallStatus.HANGUP if not call.progressing_at:
            if call.hangup_reason is not HangupReason.CANCEL and is_refusal(call.sip_code):
                return "failed"
            return _UNANSWERED.get(call.hangup_reason, "failed")
        case CallStatus.HANGUP:
            return "completed"
    return "in-progress" if call.progressing_at else "ringing"


_UNANSWERED: Mapping[HangupReason, str] = {
    HangupReason.BUSY: "busy",
    HangupReason.NOANSWER: "no-answer",
    HangupReason.TIMEOUT: "no-answer",
    HangupReason.DIALOUT: "no-answer",
    HangupReason.CANCEL: "canceled",
    HangupReason.NORMAL: "canceled",
}


def voice_parameters(subject: Subject, status: str, now: datetime, *, outbound_call_id: UUID | None = None) -> Form:
    """Those of every request of a call. What is not known is left out; Twilio's places are sent empty, as it does."""
    fields: list[tuple[str, str]] = [
        ("CallSid", to_sid("CA", subject.id)),
        ("AccountSid", to_sid("AC", subject.account_id)),
        ("From", subject.source),
        ("To", subject.destination),
        ("CallStatus", status),
        ("ApiVersion", subject.api_version),
        ("Direction", subject.direction),
    ]
    optional = [
        ("CallerName", subject.caller_name),
        ("ForwardedFrom", subject.forwarded_from),
        ("StirVerstat", subject.verstat),
        ("ParentCallSid", to_sid("CA", subject.parent_id) if subject.parent_id else ""),
        ("CallTimestamp", timestamp(now)),
        ("InstanceId", subject.instance),
        ("OutboundCallSid", to_sid("CA", outbound_call_id) if outbound_call_id else ""),
        ("ReferTarget", subject.refer_target),
        ("Transferor", subject.transferor),
        ("Transferee", subject.transferee),
    ]
    fields.extend((name, value) for name, value in optional if value)
    if subject.is_twilio:
        fields += [("Caller", subject.source), ("Called", subject.destination)]
        caller, called = (subject.source, subject.source_place), (subject.destination, subject.destination_place)
        fields += _places("From", *caller) + _places("To", *called)
        fields += _places("Caller", *caller) + _places("Called", *called)
    fields += subject.answered_by
    fields += [(f"SipHeader_{name}", value) for name, value in subject.sip_headers]
    return tuple(fields)


def message_parameters(subject: Subject) -> Form:
    """Those of every request of a message that came in."""
    sid = message_sid(subject.id, subject.medias, subject.api_version)
    fields: list[tuple[str, str]] = [
        ("SmsSid", sid),
        ("AccountSid", to_sid("AC", subject.account_id)),
        ("From", subject.source),
        ("To", subject.destination),
        ("Body", subject.text),
    ]
    fields += [(f"SipHeader_{name}", value) for name, value in subject.sip_headers]
    fields += [("MessageSid", sid), ("SmsMessageSid", sid), ("NumMedia", str(len(subject.medias)))]
    types = subject.media_types or tuple(map(media_type, subject.medias))
    for index, (url, kind) in enumerate(zip(subject.medias, types, strict=True)):
        fields += [(f"MediaUrl{index}", url), (f"MediaContentType{index}", kind)]
    fields += [
        ("NumSegments", str(count_segments(subject.text).count)),
        ("SmsStatus", "received"),
        ("ApiVersion", subject.api_version),
    ]
    if subject.opt_out_type:
        fields.append(("OptOutType", subject.opt_out_type))
    return tuple(fields + _places("From", subject.source) + _places("To", subject.destination))


def timestamp(moment: datetime) -> str:
    """RFC 2822 in UTC: `Mon, 04 Nov 2013 12:14:11 +0000`."""
    return format_datetime(moment.astimezone(UTC))


def instance_sid(node: str) -> str:
    """The sid of a server by the name of its node; empty where it has none."""
    return f"ID{node.encode().hex()[:32]:0<32}" if node else ""


def recordings_url(public_url: str, api_version: str, account_sid: str) -> str:
    """Where the account's recordings are, in the dialect that asks."""
    base = f"/{TWILIO_VERSION}" if api_version == TWILIO_VERSION else "/restcomm/2012-04-24"
    return f"{public_url}{base}/Accounts/{account_sid}/Recordings/"


def sound_url(folder: str, recording_sid: str, api_version: str) -> str:
    """Where a recording is heard, in its account's `recordings_url`; Restcomm's sid alone is the record."""
    return f"{folder}{recording_sid}{'' if api_version == TWILIO_VERSION else '.wav'}"


def _places(prefix: str, number: str, place: Place | None = None) -> list[tuple[str, str]]:
    """Twilio's four. Of these only the country can be read off a number; the others are empty where not known."""
    known = place or Place()
    return [
        (f"{prefix}City", known.city.upper()),
        (f"{prefix}State", known.region),
        (f"{prefix}Zip", known.postal_code),
        (f"{prefix}Country", country_of(number)),
    ]


def country_of(number: str) -> str:
    if not number.startswith("+"):
        return ""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number, None)) or ""
    except phonenumbers.NumberParseException:
        return ""


_MEDIA_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg", "mp4": "video/mp4", "3gp": "video/3gpp",
    "pdf": "application/pdf", "vcf": "text/vcard", "txt": "text/plain",
}  # fmt: skip


def media_type(url: str) -> str:
    """By the ending of its path: what a carrier hands over has no other word on its type."""
    path = url.partition("?")[0].partition("#")[0]
    return _MEDIA_TYPES.get(path.rpartition(".")[2].lower(), "application/octet-stream")
