"""The Conference noun of Dial, and Enqueue: rooms in which a call stays for a while."""

from typing import cast
from uuid import UUID

from dialplane.domain.ids import from_sid, to_sid
from dialplane.domain.programs.commands import ConferenceLeft, Failed, JoinConference, JoinQueue, QueueLeft
from dialplane.domain.programs.dialling import RecordingWish
from dialplane.domain.programs.rooms import Beeps, Waiting
from dialplane.domain.programs.sources import ProgramSource, StatusCallback
from dialplane.domain.rcml.context import Steps
from dialplane.domain.rcml.parameters import Form
from dialplane.domain.rcml.verb import RECORDING_EVENTS, WRONG_VALUE, Verb
from dialplane.domain.rcml.verbs.nouns import note_video
from dialplane.domain.rcml.verbs.record import recording_fields, trims

METHOD, TIME_LIMIT, WAIT_METHOD, FAILED, QUEUE_FAILED = 13210, 13216, 13234, 13226, 13240
MOST_PARTICIPANTS, MOST_PARTICIPANTS_OF_TWILIO = 40, 250
LONGEST_S = 14_400
ROOM_EVENTS = frozenset({"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"})


def join(dial: Verb, noun: Verb, record: RecordingWish | None) -> Steps:
    """A full room lets the next verb run; else the action is asked when the call is out of it."""
    result = yield _wanted(dial, noun, record)
    if isinstance(result, ConferenceLeft) and result.why == "full":
        noun.context.note(FAILED, f"<Conference>: {noun.text[:64]} is full", is_error=False)
        return None
    if isinstance(result, Failed) and not noun.context.over:
        noun.context.note(FAILED, f"<Conference>: {result.reason}")
    joined = isinstance(result, ConferenceLeft)
    fields: Form = (("DialCallStatus", "completed" if joined or noun.context.over else "failed"),)
    if isinstance(result, ConferenceLeft):
        fields += recording_fields(dial.context, result.recording_id, result.duration_s * 1000)
    return dial.action(fields, default_is_document=False, code=METHOD)


def _wanted(dial: Verb, noun: Verb, record: RecordingWish | None) -> JoinConference:
    is_twilio = noun.context.is_twilio
    most = MOST_PARTICIPANTS_OF_TWILIO if is_twilio else MOST_PARTICIPANTS
    beep = noun.choice("beep", ("true", "false", "onEnter", "onExit"), "true")
    note_video(noun.children(("Video",)))
    return JoinConference(
        name=noun.text[:128],
        muted=noun.flag("muted"),
        beep=cast("Beeps", beep),
        starts=noun.flag("startConferenceOnEnter", True),
        ends=noun.flag("endConferenceOnExit"),
        waiting=waiting(noun),
        max_participants=noun.number("maxParticipants", most, least=1, most=MOST_PARTICIPANTS_OF_TWILIO),
        record=record is not None or _is_recorded(noun),
        trim=trims(noun) or (record is not None and record.trim),
        label=noun.option("participantLabel"),
        coached_call_id=_coached(noun),
        status=noun.status(events=ROOM_EVENTS),
        recording_status=_recording_status(noun) or (record.status if record else None),
        time_limit_s=dial.number("timeLimit", LONGEST_S, least=1, most=86_400, code=TIME_LIMIT),
        hangup_key="*" if dial.flag("hangupOnStar") else "",
    )


def _recording_status(noun: Verb) -> StatusCallback | None:
    """Twilio's older `eventCallbackUrl` is told of the recording too, where no other address is."""
    older = noun.url("eventCallbackUrl")
    version = noun.context.subject.api_version
    return noun.status("recordingStatusCallback", RECORDING_EVENTS) or (
        StatusCallback(older, api_version=version) if older else None
    )


def waiting(noun: Verb, method: str = "waitMethod") -> ProgramSource | Waiting:
    """`waitUrl`: a document or a file; empty is silence, none is music."""
    if not noun.option("waitUrl"):
        return Waiting.SILENCE if noun.has("waitUrl") else Waiting.MUSIC
    return noun.document("waitUrl", method, code=WAIT_METHOD) or Waiting.MUSIC


def enqueue(verb: Verb) -> Steps:
    """Twilio's: wait in a queue until somebody takes the call. Then the action, or the next verb."""
    if verb.has("workflowSid"):
        verb.context.note(QUEUE_FAILED, "<Enqueue>: workflowSid is of a task router, which this server is not")
    if not verb.text:
        verb.context.note(QUEUE_FAILED, "<Enqueue>: it names no queue")
        return None
    result = yield JoinQueue(name=verb.text[:64], waiting=waiting(verb, "waitUrlMethod"))
    if isinstance(result, Failed) and not verb.context.over:
        verb.context.note(QUEUE_FAILED, f"<Enqueue>: {result.reason}")
    elif isinstance(result, QueueLeft) and result.reason:
        verb.context.note(QUEUE_FAILED, f"<Enqueue>: {result.reason}", is_error=False)
    how: str = result.how if isinstance(result, QueueLeft) else "system-error"
    if verb.context.over and how != "bridged":
        how = "hangup"
    fields: Form = (("QueueResult", {"timeout": "leave", "error": "system-error"}.get(how, how)),)
    if isinstance(result, QueueLeft):
        if result.queue_id is not None:
            fields += (("QueueSid", to_sid("QU", result.queue_id)),)
        fields += (("QueueTime", str(result.waited_s)),)
    return verb.action(fields, default_is_document=False)


def _is_recorded(noun: Verb) -> bool:
    kinds = ("record-from-start", "do-not-record", "true", "false")
    return noun.choice("record", kinds, "do-not-record") in ("record-from-start", "true")


def _coached(noun: Verb) -> UUID | None:
    """`coach`: the sid of a call."""
    sid = noun.option("coach")
    try:
        return from_sid("CA", sid) if sid else None
    except ValueError:
        noun.context.note(WRONG_VALUE, f"<Conference>: coach is the sid of a call, not {sid[:40]!r}")
        return None
