"""The action catalogue (reference 3.5): for each type its medium, its options, and what its failure does.

A type is options here and a step in `steps/`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dialplane.domain.addresses import PHONE, AddressType
from dialplane.domain.calling.calls import CallStatus, HangupReason
from dialplane.domain.flows.options import (
    Actions,
    Attachment,
    Choice,
    Flag,
    Id,
    Jump,
    Kind,
    Many,
    Number,
    Party,
    Table,
    Text,
    Url,
    Whole,
    Zone,
)  # fmt: skip
from dialplane.domain.flows.speech_options import check_talk
from dialplane.domain.programs.commands import Medium
from dialplane.domain.speech.providers import PROVIDERS


class Suits(StrEnum):
    """The media kinds of reference 3.4: what a run must have for the action to be run."""

    CALL = "call"
    """Real-time media of a live call."""
    NON_RTC = "non-rtc"
    """Not on a call."""
    ANY = "any"

    def allows(self, medium: Medium) -> bool:
        if self is Suits.ANY:
            return True
        return (medium is Medium.CALL) == (self is Suits.CALL)


@dataclass(frozen=True, slots=True)
class Option:
    """One option; `default` is what a left-out one counts as."""

    kind: Kind
    default: object = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class ActionType:
    """What is known of one type."""

    suits: Suits
    options: Mapping[str, Option] = field(default_factory=dict)
    check: Callable[[Mapping[str, object]], None] | None = None
    """Judges, while the action is written, options that only make sense together. Raises OptionFault."""
    ends_run_on_failure: bool = False
    """Reference 3.4, *Errors*. False: the failure is noted and the run goes on."""


LONGEST_WAIT_MS = 3_600_000
"""One hour, the longest call."""

_OPERATORS = ("==", "!=", ">", ">=", "<", "<=")
_METHODS = ("", "POST", "GET", "PUT", "DELETE")
_REASONS = tuple(reason.value for reason in HangupReason)
_STATUSES = tuple(status.value for status in CallStatus)
_LANGUAGE = r"([A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3})?"

_ANONYMOUS = Option(Choice(("", "yes", "no", "auto"), reason="INVALID_ANONYMOUS_VALUE"), "")
_SOURCE = Option(Party(may_be_nobody=True))
_DESTINATIONS = Option(Many(Party(), limit=20, least=1), required=True)
_MAIL: tuple[AddressType, ...] = ("email",)
_TEXTED: tuple[AddressType, ...] = ("tel", PHONE)
"""Who sends and gets messages: numbers, and phones of the account."""
_FALSE_TARGET = Option(Jump())
_ANY = -(2**31)
"""A part of the time that is below 0 is not compared, however far below (reference 3.5)."""

_ONLY_CALL = ActionType(Suits.CALL)
_KEYS = Text(16, r"[0-9A-D#*]*", "must be of 0-9 A-D # *")
_SPOKEN = Option(Text(35, _LANGUAGE, "must be a language tag, such as en-US"), "en-US")
_HEARING = Option(Choice(("", "both", "in", "out")), "both")
_ASSISTANCE = {
    "assistance_type": Option(Choice(("", "ai", "team")), ""),
    "assistance_id": Option(Id()),
    "ai_id": Option(Id()),
}
_TRANSCRIBING = {
    "language": _SPOKEN,
    "on_end_flow_id": Option(Id()),
    "provider": Option(Choice(PROVIDERS), ""),
    "direction": _HEARING,
}

CATALOGUE: dict[str, ActionType] = {
    "ai_summary": ActionType(
        Suits.NON_RTC,
        {
            "on_end_flow_id": Option(Id()),
            "reference_type": Option(Choice(("", "call", "conference", "transcribe", "recording")), ""),
            "reference_id": Option(Id()),
            "language": Option(Text(35, _LANGUAGE, "must be a language tag, such as en-US"), ""),
        },
        ends_run_on_failure=True,
    ),
    "ai_talk": ActionType(
        Suits.ANY,
        _ASSISTANCE | {"duration": Option(Whole(0, 3600), 0), "aicall_id": Option(Id())},
        ends_run_on_failure=True,
    ),
    "ai_task": ActionType(Suits.NON_RTC, _ASSISTANCE, ends_run_on_failure=True),
    "amd": ActionType(
        Suits.CALL,
        {"machine_handle": Option(Choice(("", "hangup", "continue")), ""), "async": Option(Flag(), False)},
    ),
    "answer": _ONLY_CALL,
    "beep": _ONLY_CALL,
    "block": ActionType(Suits.NON_RTC),
    "branch": ActionType(
        Suits.ANY,
        {
            "variable": Option(Text(255), "voipbin.call.digits"),
            "target_ids": Option(Table(Jump(), limit=1000), {}),
            "default_target_id": Option(Jump()),
        },
        ends_run_on_failure=True,
    ),
    "call": ActionType(
        Suits.ANY,
        {
            "source": _SOURCE,
            "destinations": _DESTINATIONS,
            "flow_id": Option(Id()),
            "actions": Option(Actions(), ()),
            "chained": Option(Flag(), False),
            "early_execution": Option(Flag(), False),
            "anonymous": _ANONYMOUS,
        },
        ends_run_on_failure=True,
    ),
    "case_create": ActionType(
        Suits.ANY,
        {
            "name": Option(Text(255), ""),
            "detail": Option(Text(4096), ""),
            "note": Option(Text(4096), ""),
            "sync": Option(Flag(), False),
        },
    ),
    "condition_call_digits": ActionType(
        Suits.CALL,
        {"length": Option(Whole(0, 1000), 0), "key": Option(_KEYS, ""), "false_target_id": _FALSE_TARGET},
        ends_run_on_failure=True,
    ),
    "condition_call_status": ActionType(
        Suits.CALL,
        {"status": Option(Choice(_STATUSES), required=True), "false_target_id": _FALSE_TARGET},
        ends_run_on_failure=True,
    ),
    "condition_datetime": ActionType(
        Suits.ANY,
        {
            "condition": Option(Choice(_OPERATORS), required=True),
            "minute": Option(Whole(_ANY, 59), 0),
            "hour": Option(Whole(_ANY, 23), 0),
            "day": Option(Whole(_ANY, 31), 0),
            "month": Option(Whole(_ANY, 12), 0),
            "weekdays": Option(Many(Whole(0, 6), limit=7), ()),
            "timezone": Option(Zone(), "UTC"),
            "false_target_id": _FALSE_TARGET,
        },
        ends_run_on_failure=True,
    ),
    "condition_variable": ActionType(
        Suits.ANY,
        {
            "condition": Option(Choice(_OPERATORS), required=True),
            "variable": Option(Text(), required=True),
            "value_type": Option(Choice(("string", "number", "length")), "string"),
            "value_string": Option(Text(32_768), ""),
            "value_number": Option(Number(), 0.0),
            "value_length": Option(Whole(0, 1_000_000), 0),
            "false_target_id": _FALSE_TARGET,
        },
        ends_run_on_failure=True,
    ),
    "confbridge_join": ActionType(Suits.CALL, {"confbridge_id": Option(Id(), required=True)}),
    "conference_join": ActionType(
        Suits.CALL, {"conference_id": Option(Id(), required=True)}, ends_run_on_failure=True
    ),
    "connect": ActionType(
        Suits.CALL,
        {
            "source": _SOURCE,
            "destinations": _DESTINATIONS,
            "early_media": Option(Flag(), False),
            "relay_reason": Option(Flag(), False),
            "anonymous": _ANONYMOUS,
        },
        ends_run_on_failure=True,
    ),
    "conversation_send": ActionType(
        Suits.ANY,
        {
            "conversation_id": Option(Id()),
            "text": Option(Text(16_384), required=True),
            "sync": Option(Flag(), False),
        },
    ),
    "digits_receive": ActionType(
        Suits.CALL,
        {
            "duration": Option(Whole(0, LONGEST_WAIT_MS), 5000),
            "key": Option(_KEYS, ""),
            "length": Option(Whole(0, 1000), 0),
        },
    ),
    "digits_send": ActionType(
        Suits.CALL,
        {
            "digits": Option(Text(100, r"[0-9A-D#*]+", "must be 1 to 100 of 0-9 A-D # *"), required=True),
            "duration": Option(Whole(100, 1000), 100),
            "interval": Option(Whole(0, 5000), 100),
        },
    ),
    "echo": ActionType(Suits.CALL, {"duration": Option(Whole(0, LONGEST_WAIT_MS), 180_000)}),
    "email_send": ActionType(
        Suits.ANY,
        {
            "destinations": Option(Many(Party(types=_MAIL), limit=20, least=1), required=True),
            "subject": Option(Text(998, r"[^\r\n]*", "must be one line"), ""),
            "content": Option(Text(65_536), ""),
            "attachments": Option(Many(Attachment(), limit=10), ()),
        },
    ),
    "empty": ActionType(Suits.ANY),
    "external_media_start": ActionType(
        Suits.CALL,
        {
            "external_host": Option(Text(2048), required=True),
            "encapsulation": Option(Choice(("", "rtp", "audiosocket", "none")), "rtp"),
            "transport": Option(Choice(("", "udp", "tcp", "websocket")), "udp"),
            "transport_data": Option(Text(4096), ""),
            "connection_type": Option(Choice(("", "client")), "client"),
            "format": Option(Choice(("", "ulaw", "alaw", "slin")), ""),
            "direction_listen": Option(Choice(("", "both", "in", "out")), "in"),
            "direction_speak": Option(Choice(("", "both", "in", "out")), "out"),
            "data": Option(Text(4096), ""),
        },
    ),
    "external_media_stop": _ONLY_CALL,
    "fetch": ActionType(
        Suits.ANY,
        {"event_url": Option(Url(), required=True), "event_method": Option(Choice(_METHODS), "")},
        ends_run_on_failure=True,
    ),
    "fetch_flow": ActionType(Suits.ANY, {"flow_id": Option(Id(), required=True)}, ends_run_on_failure=True),
    "goto": ActionType(
        Suits.ANY,
        {"target_id": Option(Jump(), required=True), "loop_count": Option(Whole(-1_000_000, 1_000_000), 0)},
        ends_run_on_failure=True,
    ),
    "hangup": ActionType(Suits.CALL, {"reason": Option(Choice(_REASONS), ""), "reference_id": Option(Id())}),
    "message_send": ActionType(
        Suits.ANY,
        {
            "source": Option(Party(may_be_nobody=True, types=_TEXTED)),
            "destinations": Option(Many(Party(types=_TEXTED), limit=20, least=1), required=True),
            "text": Option(Text(16_384), required=True),
        },
        ends_run_on_failure=True,
    ),
    "mute": ActionType(Suits.CALL, {"direction": Option(Choice(("", "both", "in", "out")), "both")}),
    "play": ActionType(Suits.CALL, {"stream_urls": Option(Many(Url(), limit=100, least=1), required=True)}),
    "queue_join": ActionType(Suits.CALL, {"queue_id": Option(Id(), required=True)}, ends_run_on_failure=True),
    "recording_start": ActionType(
        Suits.CALL,
        {
            "format": Option(Choice(("", "wav", "mp3", "ogg")), "wav"),
            "end_of_silence": Option(Whole(0, 3600), 0),
            "end_of_key": Option(Choice(("", "none", "any", "*", "#")), ""),
            "duration": Option(Whole(0, 3600), 0),
            "beep_start": Option(Flag(), False),
            "on_end_flow_id": Option(Id()),
        },
    ),
    "recording_stop": _ONLY_CALL,
    "sleep": ActionType(Suits.CALL, {"duration": Option(Whole(0, LONGEST_WAIT_MS), 0)}),
    "stop": ActionType(Suits.ANY),
    "stream_echo": ActionType(Suits.CALL, {"duration": Option(Whole(0, LONGEST_WAIT_MS), 180_000)}),
    "talk": ActionType(
        Suits.CALL,
        {
            "text": Option(Text(10_000), required=True),
            "language": _SPOKEN,
            "gender": Option(Choice(("", "male", "female", "neutral")), ""),
            "provider": Option(Choice(PROVIDERS), ""),
            "voice_id": Option(Text(255), ""),
            "digits_handle": Option(Choice(("", "next")), ""),
            "async": Option(Flag(), False),
        },
        check=check_talk,
    ),
    "transcribe_recording": ActionType(Suits.ANY, _TRANSCRIBING),
    "transcribe_start": ActionType(Suits.CALL, _TRANSCRIBING),
    "transcribe_stop": _ONLY_CALL,
    "variable_set": ActionType(
        Suits.ANY, {"key": Option(Text(255), required=True), "value": Option(Text(32_768), "")}
    ),
    "webhook_send": ActionType(
        Suits.ANY,
        {
            "sync": Option(Flag(), False),
            "uri": Option(Url(), required=True),
            "method": Option(Choice(_METHODS), "POST"),
            "data_type": Option(Text(255, r"[ -~]*", "must be a MIME type"), "application/json"),
            "data": Option(Text(65_536), ""),
        },
    ),
}  # fmt: skip

LAST = frozenset({"hangup", "stop"})
"""No action of their list follows these, however they end."""
