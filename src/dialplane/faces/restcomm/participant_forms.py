"""The parameters by which somebody is called into a conference or changed in it. All raise Invalid naming the one."""

from xml.sax.saxutils import escape, quoteattr

from dialplane.domain.programs.sources import DocumentText
from dialplane.domain.rooms.conferences import LONGEST_LABEL, MOST_PARTICIPANTS
from dialplane.faces.restcomm.callbacks import RECORDING_EVENTS, read_callback
from dialplane.faces.restcomm.credentials import read_sid
from dialplane.faces.restcomm.dialects import Dialect
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.services.rooms.participants import ParticipantChange

CONFERENCE_EVENTS = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
_BEEPS = {"true": "true", "false": "false", "onenter": "onEnter", "onexit": "onExit", "": "true"}


def read_invitation(parameters: Parameters, name: str, dialect: Dialect) -> DocumentText:
    """What the one who is called runs: the conference `name`, entered as the parameters say."""
    beep = parameters.text("Beep").lower()
    if beep not in _BEEPS:
        raise invalid("Beep", "is true, false, onEnter or onExit")
    options: dict[str, str | None] = {
        "muted": _flag(parameters, "Muted"),
        "beep": _BEEPS[beep],
        "startConferenceOnEnter": _flag(parameters, "StartConferenceOnEnter"),
        "endConferenceOnExit": _flag(parameters, "EndConferenceOnExit"),
        "waitUrl": parameters.url("WaitUrl"),
        "waitMethod": parameters.method("WaitMethod"),
        "maxParticipants": _number(parameters, "MaxParticipants", most=MOST_PARTICIPANTS),
        "record": _record(parameters),
        "trim": parameters.find("ConferenceTrim", longest=32),
        "participantLabel": parameters.find("Label", longest=LONGEST_LABEL),
        "coach": _coached(parameters),
    }
    told = read_callback(parameters, "ConferenceStatusCallback", dialect, CONFERENCE_EVENTS)
    if told is not None:
        options |= {
            "statusCallback": told.url,
            "statusCallbackMethod": told.method,
            "statusCallbackEvent": " ".join(sorted(told.events)) or None,
        }
    recorded = read_callback(parameters, "ConferenceRecordingStatusCallback", dialect, RECORDING_EVENTS)
    if recorded is not None:
        options |= {
            "recordingStatusCallback": recorded.url,
            "recordingStatusCallbackMethod": recorded.method,
        }
    attributes = "".join(f" {key}={quoteattr(value)}" for key, value in options.items() if value is not None)
    return DocumentText(f"<Response><Dial><Conference{attributes}>{escape(name)}</Conference></Dial></Response>")


def read_change(parameters: Parameters) -> ParticipantChange:
    """`Mute` is Restcomm's word, `Muted` Twilio's."""
    muted = parameters.flag("Muted")
    beeps = parameters.flag("BeepOnExit")
    coached = _coached(parameters)
    return ParticipantChange(
        muted=parameters.flag("Mute") if muted is None else muted,
        hold=parameters.flag("Hold"),
        hold_url=parameters.url("HoldUrl") or "",
        hold_method=parameters.method("HoldMethod") or "POST",
        announce_url=parameters.url("AnnounceUrl") or "",
        announce_method=parameters.method("AnnounceMethod") or "POST",
        coaching=parameters.flag("Coaching"),
        coached_call_id=read_sid("CA", coached) if coached else None,
        ends=parameters.flag("EndConferenceOnExit"),
        beeps_on_exit=beeps,
    )


def _coached(parameters: Parameters) -> str | None:
    sid = parameters.text("CallSidToCoach")
    if not sid:
        return None
    if read_sid("CA", sid) is None:
        raise invalid("CallSidToCoach", "is CA and 32 hex digits")
    return None if parameters.flag("Coaching") is False else sid


def _flag(parameters: Parameters, name: str) -> str | None:
    value = parameters.flag(name)
    return None if value is None else "true" if value else "false"


def _number(parameters: Parameters, name: str, *, most: int) -> str | None:
    value = parameters.number(name, least=1, most=most)
    return None if value is None else str(value)


def _record(parameters: Parameters) -> str | None:
    text = parameters.text("ConferenceRecord").lower()
    if text in ("", "false", "do-not-record"):
        return None
    if text in ("true", "record-from-start"):
        return "record-from-start"
    raise invalid("ConferenceRecord", "is true, false, record-from-start or do-not-record")
