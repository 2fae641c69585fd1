"""Calls in words: where one stands, and what happened in its course."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from dialplane.domain.addresses import Address
from dialplane.domain.calling.call_queries import CallProgress
from dialplane.domain.calling.calls import Call, HangupReason
from dialplane.domain.calling.timelines import Happening
from dialplane.domain.money import Micros, show_usd
from dialplane.domain.rcml.parameters import call_status
from dialplane.faces.portal.moments_as_text import show_clock, show_span
from dialplane.faces.portal.numbers_as_text import show_number

STATES: Mapping[CallProgress, tuple[str, str]] = {
    CallProgress.QUEUED: ("Queued", "wait"),
    CallProgress.RINGING: ("Ringing", "wait"),
    CallProgress.IN_PROGRESS: ("In progress", "good"),
    CallProgress.COMPLETED: ("Completed", ""),
    CallProgress.BUSY: ("Busy", "wait"),
    CallProgress.FAILED: ("Failed", "bad"),
    CallProgress.NO_ANSWER: ("No answer", "wait"),
    CallProgress.CANCELED: ("Canceled", "wait"),
}
"""The words, and the colour of each."""

REASONS: Mapping[HangupReason, str] = {
    HangupReason.NORMAL: "normal end",
    HangupReason.FAILED: "failed",
    HangupReason.BUSY: "busy",
    HangupReason.CANCEL: "canceled by the caller",
    HangupReason.TIMEOUT: "time was over",
    HangupReason.NOANSWER: "not answered",
    HangupReason.DIALOUT: "nothing answered the dialling",
    HangupReason.AMD: "a machine answered",
}

KINDS: Mapping[str, str] = {
    "sip": "Signalling",
    "route": "Route",
    "program": "Program",
    "key": "Key",
    "answer": "Answer",
    "event": "Event",
    "webhook": "Webhook",
    "money": "Money",
    "recording": "Recording",
}
"""The sources of a timeline."""


def state_of(call: Call) -> tuple[str, str]:
    return STATES[CallProgress(call_status(call))]


def party(address: Address, raw: str = "") -> str:
    """A number as people read it, an extension or SIP address as it is."""
    return show_number(address.target or raw) or "anonymous"


def talked(call: Call, now: datetime) -> timedelta | None:
    """How long it lasts or lasted from its answer; None: it was never answered."""
    return None if call.progressing_at is None else (call.ended_at or now) - call.progressing_at


def line_of(happening: Happening) -> str:
    """What happened, in a line."""
    data = happening.data
    match happening.kind:
        case "money":
            return _money(happening.type, data)
        case "webhook":
            status = data.get("http_status") or data.get("error") or data.get("status")
            return f"{happening.type} to {data.get('url')}: {status}"
        case "program":
            return f"{happening.type} {data.get('error') or ''}".strip()
        case "key":
            return f"{data.get('digit')} was pressed"
        case "answer":
            return f"{happening.type} {data.get('digits') or data.get('text') or data.get('status') or ''}".strip()
        case "route":
            return str(data.get("reason") or happening.type)
        case "sip":
            way = "to" if data.get("direction") == "out" else "from"
            return f"{happening.type} {way} {data.get('peer')}"
    return happening.type


def _money(what: str, data: Mapping[str, object]) -> str:
    amount = data.get("amount_micros", data.get("micros", 0))
    micros = abs(amount) if isinstance(amount, int) else 0
    tokens = data.get("amount_tokens", data.get("tokens", 0))
    spent = f", {abs(tokens)} tokens" if isinstance(tokens, int) and tokens else ""
    return f"{what} ${show_usd(Micros(micros))}{spent} ({data.get('cost_type') or data.get('detail')})"


WORDS: Mapping[str, object] = {
    "state_of": state_of,
    "party": party,
    "talked": talked,
    "reasons": REASONS,
    "span": show_span,
    "clock": show_clock,
}
"""For every template."""
