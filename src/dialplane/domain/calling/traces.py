"""What a voice node saw of one call: its signalling, the keys with their times, and what its program was answered."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from dialplane.domain.ids import AccountId, CallId
from dialplane.domain.programs.commands import (
    Command,
    ConferenceLeft,
    Conversed,
    Dial,
    Dialled,
    Digits,
    Failed,
    FetchDocument,
    Fetched,
    Heard,
    MachineDetected,
    QueueLeft,
    Recorded,
    Referred,
    Result,
    SendWebhook,
)
from dialplane.domain.times import rfc3339
from dialplane.domain.values import dataclass

MAX_FACTS = 500
"""Of one call; a call that has more loses the later ones."""
MAX_BODY = 16_384
"""Characters of a server's answer that are kept."""

Fact = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CallTrace:
    """`signalling` is what `signalling.pack` made; `facts` are in order."""

    call_id: CallId
    account_id: AccountId
    created_at: datetime
    signalling: bytes = b""
    facts: tuple[Fact, ...] = field(default=())


def key_fact(digit: str, at: datetime) -> Fact:
    return {"at": rfc3339(at), "kind": "key", "digit": digit}


def result_fact(command: Command, result: Result, at: datetime) -> Fact | None:
    """What the world answered to a command, as far as it decides where a program goes on; None for the rest."""
    told = _told(command, result)
    return None if told is None else {"at": rfc3339(at), **told}


def _told(command: Command, result: Result) -> dict[str, object] | None:
    match result:
        case Digits(digits, ended_by):
            return {"kind": "digits", "digits": digits, "ended_by": ended_by}
        case Heard(text, confidence):
            return {"kind": "speech", "text": text, "confidence": confidence}
        case Fetched(status, body, content_type):
            url = command.url if isinstance(command, FetchDocument | SendWebhook) else result.url
            return {"kind": "http", "url": url, "status": status, "body": body[:MAX_BODY], "content_type": content_type}
        case Dialled():
            to = [party.address.target for party in command.parties] if isinstance(command, Dial) else []
            return {
                "kind": "dial", "to": to, "status": result.status, "talk_s": result.duration_s,
                "ring_s": result.ring_s, "sip_code": result.sip_code, "reason": result.reason,
                "call_id": str(result.call_id) if result.call_id else None,
            }  # fmt: skip
        case MachineDetected(answered_by, duration_ms):
            return {"kind": "machine", "answered_by": answered_by, "duration_ms": duration_ms}
        case Recorded():
            return {"kind": "recorded", "duration_ms": result.duration_ms, "ended_by": result.ended_by}
        case ConferenceLeft():
            return {"kind": "conference", "why": result.why, "duration_s": result.duration_s}
        case QueueLeft():
            return {"kind": "queue", "how": result.how, "waited_s": result.waited_s, "talked_s": result.talked_s}
        case Referred(sip_code, notified_code):
            return {"kind": "refer", "sip_code": sip_code, "notified_code": notified_code}
        case Conversed(text=text, model=model):
            return {"kind": "assistant", "text": text[:MAX_BODY], "model": model}
        case Failed(reason):
            fact: dict[str, object] = {"kind": "failed", "command": type(command).__name__, "reason": reason[:1000]}
            if isinstance(command, FetchDocument | SendWebhook):
                fact["url"] = command.url
            return fact
        case _:
            return None
