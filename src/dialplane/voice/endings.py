"""How the end of a call is kept: by whom, for which reason, in whose words (VoIPBIN reference sections 4.4 and 4.5)."""

from datetime import datetime

from dialplane.domain.calling.calls import (
    Call,
    CallStatus,
    Direction,
    HangupBy,
    HangupReason,
    unanswered_reason,
)
from dialplane.voice.useragent.events import CallEnd, EndKind

TOLD_AFTER_ANSWER = (HangupReason.TIMEOUT, HangupReason.AMD)
"""Reasons of an answered call's end other than `normal` (reference section 4.5)."""
_SILENT_ENDS = {EndKind.TIMEOUT: "nothing came back", EndKind.FAILED: "it could not be carried on"}
"""Of ends for which the peer had no words."""


def hung_up(
    call: Call,
    end: CallEnd | None,
    *,
    wanted: HangupReason,
    text: str,
    is_answered: bool,
    action: dict[str, object] | None,
    now: datetime,
) -> Call:
    """The call after its end. `wanted` and `text`: why we hung up, if we did; `end`: what the wire said, if it did."""
    was = call.status
    status = end.status if end else 0
    heard_nothing = end is not None and end.kind is EndKind.TIMEOUT
    told = text or call.cause_text or _words(end)
    return call.after(
        status=CallStatus.HANGUP,
        action=action,
        hangup_by=HangupBy.LOCAL if was in (CallStatus.TERMINATING, CallStatus.CANCELING) else HangupBy.REMOTE,
        hangup_reason=_reason(call, wanted, 0 if heard_nothing else status, is_answered=is_answered),
        sip_code=status,
        cause=(end.cause if end else 0) or 0,
        cause_text=told[:255].replace("\x00", ""),
        ended_at=now,
        updated_at=now,
    )


def _reason(call: Call, wanted: HangupReason, status: int, *, is_answered: bool) -> HangupReason:
    if is_answered:
        return wanted if wanted in TOLD_AFTER_ANSWER else HangupReason.NORMAL
    if wanted and call.direction is Direction.INCOMING:
        return wanted
    if wanted and (call.status is not CallStatus.CANCELING or wanted in (HangupReason.NOANSWER, HangupReason.FAILED)):
        return wanted
    return unanswered_reason(call.direction, call.status, status)


def _words(end: CallEnd | None) -> str:
    return "" if end is None else end.text or _SILENT_ENDS.get(end.kind, "")
