"""Record: the party alone, until silence, a key, the length or the end of the call; then the action is asked."""

from uuid import UUID

from dialplane.domain.ids import to_sid
from dialplane.domain.programs.commands import Failed, Record, Recorded, TranscribeRecording
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.rcml.context import Context, Steps
from dialplane.domain.rcml.parameters import Form, sound_url
from dialplane.domain.rcml.verb import RECORDING_EVENTS, Verb

METHOD, LENGTH, FINISH_KEY, FAILED = 13610, 13612, 13613, 13600
LONGEST_S = 3600
SILENCE_S = 5
ANY_KEY = "1234567890*#"
HANG_UP = "hangup"


def record(verb: Verb) -> Steps:
    """Nothing recorded: the next verb. A caller who hangs up ends it too, and the action is still told."""
    result = yield _wanted(verb)
    if not isinstance(result, Recorded):
        if isinstance(result, Failed) and not verb.context.over:
            verb.context.note(FAILED, f"<Record>: {result.reason}")
        return None
    if result.recording_id is None and result.ended_by != "hangup":
        return None
    if result.recording_id is not None and (verb.flag("transcribe") or verb.option("transcribeCallback")):
        yield _transcription(verb, result.recording_id)
    fields = recording_fields(verb.context, result.recording_id, result.duration_ms)
    ended_by = HANG_UP if result.ended_by == "hangup" else result.key
    return verb.action((*fields, ("Digits", ended_by)), default_is_document=True, code=METHOD)


def _wanted(verb: Verb) -> Record:
    if verb.choice("media", ("audio_only", "video_only", "audio_video"), "audio_only", code=LENGTH) != "audio_only":
        verb.context.note(LENGTH, "<Record>: this server records audio only")
    end_keys = "" if verb.option("finishOnKey") == "-1" else verb.keys("finishOnKey", ANY_KEY, code=FINISH_KEY)
    return Record(
        longest_s=verb.number("maxLength", LONGEST_S, least=1, most=LONGEST_S * 4, code=LENGTH),
        silence_s=verb.number("timeout", SILENCE_S, most=LONGEST_S, code=LENGTH),
        end_keys=end_keys,
        beep=verb.flag("playBeep", True),
        trim=trims(verb),
        status=verb.status("recordingStatusCallback", RECORDING_EVENTS),
    )


def trims(verb: Verb) -> bool:
    """Whether silence at both ends is cut off: where it is asked for, so that nobody loses a quiet recording."""
    return verb.choice("trim", ("trim-silence", "do-not-trim"), "do-not-trim") == "trim-silence"


def _transcription(verb: Verb, recording_id: UUID) -> TranscribeRecording:
    told = verb.url("transcribeCallback")
    version = verb.context.subject.api_version
    return TranscribeRecording(
        recording_id,
        language=verb.option("language", "en-US"),
        direction="in",
        status=StatusCallback(told, api_version=version) if told else None,
    )


def recording_fields(context: Context, recording_id: UUID | None, duration_ms: int) -> Form:
    """How a recording is told to an action; nothing where there is none."""
    if recording_id is None:
        return ()
    sid = to_sid("RE", recording_id)
    url = sound_url(context.recordings_url, sid, context.subject.api_version)
    if context.is_twilio:
        return (
            ("RecordingUrl", url),
            ("RecordingSid", sid),
            ("RecordingDuration", str(round(duration_ms / 1000))),
        )
    return (
        ("RecordingUrl", url),
        ("RecordingDuration", str(duration_ms / 1000)),
        ("PublicRecordingUrl", url),
        ("RecordingSid", sid),
    )
