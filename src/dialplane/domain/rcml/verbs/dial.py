"""Dial: parties that ring, a conference, or the caller who waits longest in a queue; then the action is asked."""

import re
from typing import Literal, cast, get_args

from dialplane.domain.calling.calls import is_refusal
from dialplane.domain.ids import to_sid
from dialplane.domain.programs.commands import Dial, Dialled, DialQueue, Failed, Medium, Result
from dialplane.domain.programs.dialling import RecordedTrack, RecordingWish
from dialplane.domain.programs.sources import DocumentSource
from dialplane.domain.rcml.context import Steps
from dialplane.domain.rcml.parameters import Form
from dialplane.domain.rcml.verb import RECORDING_EVENTS, Verb
from dialplane.domain.rcml.verbs.conference import join
from dialplane.domain.rcml.verbs.nouns import DIAL_NOUNS, PARTY_NOUNS, caller_address, parties_of
from dialplane.domain.rcml.verbs.record import recording_fields, trims

METHOD, TIMEOUT, CALLER_ID, TIME_LIMIT, FAILED = 13210, 13212, 13214, 13216, 13220
NOT_REGISTERED = 11008
NOBODY_THERE = 404
"""How the end of a phone reads that is registered nowhere."""
RING_S, TALK_S = 30, 14_400
LONGEST_RING_S = 600
_CALLER_ID = re.compile(r"(?=.*[A-Za-z0-9])[\w.+*#@:() -]{1,255}", re.ASCII)

_STATUS = {
    "answered": "completed",
    "busy": "busy",
    "noanswer": "no-answer",
    "failed": "failed",
    "cancel": "canceled",
}
"""`DialCallStatus`."""
RecordKind = Literal[
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
    "true",
    "false",
]


def dial(verb: Verb) -> Steps:
    """The action is asked however it ended, also when the caller hung up; without one the next verb runs."""
    nouns = list(verb.children(DIAL_NOUNS))
    conference = next((noun for noun in nouns if noun.name == "Conference"), None)
    if conference is not None and conference.text:
        return (yield from join(verb, conference, recording_of(verb)))
    queue = next((noun for noun in nouns if noun.name == "Queue"), None)
    if queue is not None and queue.text:
        result = yield _queue(verb, queue)
        return verb.action(_outcome(verb, result), default_is_document=False, code=METHOD)
    command = dial_command(verb, [noun for noun in nouns if noun.name in PARTY_NOUNS])
    if not command.parties:
        return None
    result = yield command
    if verb.option("callerId"):
        _note_replaced(verb, command, result)
    outcome = _outcome(verb, result, is_sip=_calls(command, "sip"), is_phone=_calls(command, "extension"))
    return verb.action(outcome, default_is_document=False, code=METHOD)


def dial_command(verb: Verb, nouns: list[Verb]) -> Dial:
    """Without `callerId` the callee sees who calls, as far as that is a number that we may show."""
    caller = _caller_id(verb) or verb.context.subject.source
    return Dial(
        source=caller_address(caller) if caller else None,
        parties=tuple(parties_of(verb, nouns)),
        timeout_s=verb.number("timeout", RING_S, least=1, most=LONGEST_RING_S, code=TIMEOUT),
        ring_method="linear" if verb.flag("sequential") else "ring_all",
        time_limit_s=verb.number("timeLimit", TALK_S, least=1, most=86_400, code=TIME_LIMIT),
        hangup_key="*" if verb.flag("hangupOnStar") else "",
        record=recording_of(verb),
        answer_on_bridge=answers_on_bridge(verb),
        refer=_refer(verb),
        ring_tone=verb.option("ringTone"),
    )


def _caller_id(verb: Verb) -> str:
    """A number or the name of a phone; what can be neither is noted and counts as none."""
    given = verb.option("callerId")
    if not given or _CALLER_ID.fullmatch(given):
        return given
    verb.context.note(CALLER_ID, f"<Dial>: callerId is a number or the name of a client, not {given[:40]!r}")
    return ""


def _note_replaced(verb: Verb, command: Dial, result: Result) -> None:
    """A caller ID that is neither the account's nor proved by a call is not shown (FRD-8): its author hears of it."""
    wanted = command.source.target if command.source is not None else ""
    if isinstance(result, Dialled) and result.shown and wanted and result.shown != wanted:
        text = (
            f"<Dial>: callerId {wanted} is no normal number of the account and not verified: {result.shown} was shown"
        )
        verb.context.note(CALLER_ID, text, is_error=False)


def _refer(verb: Verb) -> DocumentSource | None:
    url = verb.url("referUrl")
    return DocumentSource(url, verb.method("referMethod")) if url else None


def answers_on_bridge(verb: Verb) -> bool:
    """Whether the caller is answered only when a party answers; a conference answers at once."""
    return verb.context.medium is Medium.CALL and verb.flag("answerOnBridge")


def recording_of(verb: Verb) -> RecordingWish | None:
    kind = verb.choice("record", get_args(RecordKind), "false")
    if kind in ("false", "do-not-record"):
        return None
    return RecordingWish(
        begins="ringing" if "ringing" in kind else "answer",
        channels=2 if kind.endswith("dual") else 1,
        track=cast("RecordedTrack", verb.choice("recordingTrack", get_args(RecordedTrack), "both")),
        trim=trims(verb),
        status=verb.status("recordingStatusCallback", RECORDING_EVENTS),
    )


def _queue(verb: Verb, noun: Verb) -> DialQueue:
    return DialQueue(
        noun.text,
        before_joining=noun.document("url", "method"),
        timeout_s=verb.number("timeout", RING_S, most=LONGEST_RING_S, code=TIMEOUT),
        time_limit_s=verb.number("timeLimit", TALK_S, least=1, most=86_400, code=TIME_LIMIT),
        hangup_key="*" if verb.flag("hangupOnStar") else "",
        record=recording_of(verb),
    )


def _calls(command: Dial, kind: str) -> bool:
    return any(party.address.type == kind for party in command.parties)


def _outcome(verb: Verb, result: Result, *, is_sip: bool = False, is_phone: bool = False) -> Form:
    if not isinstance(result, Dialled):
        if isinstance(result, Failed) and not verb.context.over:
            verb.context.note(FAILED, f"<Dial>: {result.reason}")
        return (("DialCallStatus", "canceled" if verb.context.over else "failed"),)
    verb.context.outbound_call_id = result.call_id
    verb.context.refused_code = result.sip_code if result.sip_code >= 400 else 0
    if result.status == "failed" and result.reason:
        code = NOT_REGISTERED if is_phone and result.sip_code == NOBODY_THERE else FAILED
        verb.context.note(code, f"<Dial>: {result.reason}", is_error=False)
    status = "failed" if result.status == "noanswer" and is_refusal(result.sip_code) else _STATUS[result.status]
    fields: Form = (("DialCallStatus", status),)
    if result.call_id is not None:
        fields += (("DialCallSid", to_sid("CA", result.call_id)),)
    fields += (("DialCallDuration", str(result.duration_s)), ("DialRingDuration", str(result.ring_s)))
    fields += recording_fields(verb.context, result.recording_id, result.recording_ms)
    if is_sip and result.sip_call_id and result.sip_code:  # else nothing was sent, or nothing came back
        fields += (("DialSipCallId", result.sip_call_id), ("DialSipResponseCode", str(result.sip_code)))
        fields += tuple((f"DialSipHeader_{name}", value) for name, value in result.headers)
    return fields
