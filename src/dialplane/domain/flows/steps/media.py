"""Actions on the call itself: answering, speech, digits, recording, the far leg, the end."""

from typing import Literal, get_args

from dialplane.domain.addresses import Address
from dialplane.domain.flows.steps.step import (
    DIGITS,
    END_KEY,
    GoOn,
    Outcome,
    Step,
    StepFault,
    anonymous,
    literal,
)
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import Result
from dialplane.domain.programs.media_streams import Encapsulation, usual_format

ALL_KEYS = "0123456789ABCD*#"

_GENDERS: tuple[commands.Gender, ...] = get_args(commands.Gender)


def answer(step: Step) -> Outcome:
    return commands.Answer()


def beep(step: Step) -> Outcome:
    return commands.Beep()


def talk(step: Step) -> Outcome:
    options = step.options
    return commands.Say(
        options.text("text"),
        language=options.text("language") or "en-US",
        gender=literal(options.text("gender"), _GENDERS, ""),
        voice_id=options.text("voice_id"),
        provider=options.text("provider"),
        stop_on_digit=options.text("digits_handle") == "next",
        wait=not options.flag("async"),
    )


def play(step: Step) -> Outcome:
    return commands.Play(step.options.items("stream_urls", str))


def digits_receive(step: Step) -> Outcome:
    """Digits accumulate: those of earlier actions count, and may fulfil the condition at once."""
    held = step.variables.get(DIGITS)
    length, keys = step.options.whole("length"), step.options.text("key")
    if (length and len(held) >= length) or any(key in held for key in keys):
        return GoOn(f"digits {held!r} were there already")
    left = length - len(held) if length else 0
    return commands.Gather(step.options.whole("duration"), max_digits=left, end_keys=keys)


def digits_received(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.Digits):
        raise StepFault("no digits came back")
    digits = step.variables.get(DIGITS) + result.digits
    step.variables.set_fact(DIGITS, digits)
    step.variables.set_fact(END_KEY, digits[-1:] if result.ended_by == "key" else "")
    return GoOn(f"digits {digits!r}, ended by {result.ended_by}")


def digits_send(step: Step) -> Outcome:
    options = step.options
    return commands.SendDigits(options.text("digits"), options.whole("duration"), options.whole("interval"))


def sleep(step: Step) -> Outcome:
    return commands.Sleep(step.options.whole("duration"))


def echo(step: Step) -> Outcome:
    return commands.Echo(step.options.whole("duration"))


_SILENCED: tuple[Literal["", "in", "out", "both"], ...] = ("", "in", "out", "both")


def mute(step: Step) -> Outcome:
    """The peer's documentation gives it no option and its engine no effect; ours mutes both ways, or as it is told."""
    return commands.Mute(literal(step.options.text("direction"), _SILENCED, "both"))


def external_media_start(step: Step) -> Outcome:
    """With no direction written it takes part in the call: it hears the party and is heard by it."""
    options = step.options
    encapsulation: Encapsulation = literal(options.text("encapsulation"), ("rtp", "audiosocket", "none"), "rtp")
    return commands.StartExternalMedia(
        options.text("external_host"),
        encapsulation=encapsulation,
        transport=literal(options.text("transport"), ("udp", "tcp", "websocket"), "udp"),
        transport_data=options.text("transport_data"),
        format=literal(options.text("format"), ("ulaw", "alaw", "slin"), usual_format(encapsulation)),
        listen=literal(options.text("direction_listen"), _SILENCED, ""),
        speak=literal(options.text("direction_speak"), _SILENCED, ""),
        data=options.text("data"),
    )


def external_media_stop(step: Step) -> Outcome:
    return commands.StopExternalMedia()


def recording_start(step: Step) -> Outcome:
    options = step.options
    key = options.text("end_of_key")
    return commands.StartRecording(
        format=options.text("format") or "wav",
        end_of_silence_s=options.whole("end_of_silence"),
        end_of_key={"none": "", "any": ALL_KEYS}.get(key, key),
        duration_s=options.whole("duration"),
        beep=options.flag("beep_start"),
        on_end_flow_id=options.find_id("on_end_flow_id"),
    )


def recording_started(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.RecordingStarted):
        raise StepFault("no recording was started")
    recording = str(result.recording_id)
    for name, value in (
        ("id", recording),
        ("reference_type", "call"),
        ("reference_id", step.variables.get("voipbin.call.id")),
        ("format", step.options.text("format") or "wav"),
        ("recording_name", recording),
        ("filenames", f"{recording}.wav"),
    ):
        step.variables.set_fact(f"voipbin.recording.{name}", value)
    return GoOn(f"recording {result.recording_id}")


def recording_stop(step: Step) -> Outcome:
    return commands.StopRecording()


def connect(step: Step) -> Outcome:
    options = step.options
    return commands.Dial(
        options.find_party("source"),
        tuple(commands.Party(each) for each in options.items("destinations", Address)),
        early_media=options.flag("early_media"),
        relay_reason=options.flag("relay_reason"),
        anonymous=anonymous(options),
    )


_RELAYED = {"answered": "normal", "busy": "busy", "noanswer": "noanswer", "failed": "failed", "cancel": "cancel"}
"""From how a leg ended to the hang-up reason of 4.5."""


def connected(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.Dialled):
        raise StepFault("the leg was not dialled")
    if step.options.flag("relay_reason"):
        code = result.sip_code if result.sip_code >= 400 else 0
        return commands.Hangup(_RELAYED[result.status], reason_of_call=result.call_id, sip_code=code)
    return GoOn(f"the leg ended: {result.status}", warning=_replaced(step, result))


def _replaced(step: Step, result: commands.Dialled) -> str:
    """A source that is neither the account's nor proved by a call is not shown (FRD-8)."""
    source = step.options.find_party("source")
    if source is None or not source.target or result.shown in ("", source.target):
        return ""
    return f"source {source.target} is no normal number of the account and not verified: {result.shown} was shown"


def hangup(step: Step) -> Outcome:
    return commands.Hangup(step.options.text("reason") or "normal", reason_of_call=step.options.find_id("reference_id"))
