"""Gather: keys and speech, with something said meanwhile; what was entered goes to the action."""

from dialplane.domain.programs.commands import Digits, Failed, Gather, Heard
from dialplane.domain.programs.recognition import SpeechWish
from dialplane.domain.programs.sources import DocumentSource
from dialplane.domain.rcml.context import Ending, Steps
from dialplane.domain.rcml.parameters import Form, voice_parameters
from dialplane.domain.rcml.verb import Verb
from dialplane.domain.rcml.verbs.prompts import IN_GATHER, prompts_of

TIMEOUT, DIGITS, FINISH_KEY, START_KEY, HINTS, SPEECH = 13313, 13314, 13310, 13315, 13330, 13331
LONGEST_TIMEOUT_S = 3600
MOST_DIGITS = 1000
LONGEST_SPEECH_S = 60
MOST_HINTS, LONGEST_HINT = 50, 100
START_KEYS = "*0123456789"
"""Restcomm's: what begins the input."""


def gather(verb: Verb) -> Steps:
    """Nothing entered, or only the finish key: the next verb, and no request (Twilio's `actionOnEmptyResult` asks)."""
    hints = tuple(hint.strip() for hint in verb.option("hints").split(",") if hint.strip())
    if len(hints) > MOST_HINTS or any(len(hint) > LONGEST_HINT for hint in hints):
        verb.context.note(HINTS, f"<Gather>: at most {MOST_HINTS} hints of {LONGEST_HINT} characters each")
        return verb.context.hang_up("hints beyond their limits")
    wanted = _wanted(verb, hints)
    result = yield wanted
    if isinstance(result, Failed):
        if not verb.context.over:
            verb.context.note(SPEECH, f"<Gather>: {result.reason}")
        return None
    if isinstance(result, Digits | Heard) and not verb.context.over:
        for missed in result.missed:
            code = IN_GATHER.play if missed.kind == "Play" else IN_GATHER.voice
            verb.context.note(code, f"<{missed.kind}>: {missed.reason}")
    return _ask(verb, wanted, result)


def _wanted(verb: Verb, hints: tuple[str, ...]) -> Gather:
    kinds = verb.choice("input", ("dtmf", "speech", "dtmf speech", "speech dtmf"), "dtmf")
    seconds = verb.number("timeout", 5, least=0 if verb.context.is_twilio else 1, most=LONGEST_TIMEOUT_S, code=TIMEOUT)
    end_keys = verb.keys("finishOnKey", "#", code=FINISH_KEY)
    start_keys = verb.keys("startInputKey", "" if verb.context.is_twilio else START_KEYS, code=START_KEY)
    return Gather(
        timeout_ms=seconds * 1000,
        max_digits=verb.number("numDigits", 0, least=1, most=MOST_DIGITS, code=DIGITS),
        end_keys=end_keys,
        between_ms=seconds * 1000,
        prompts=prompts_of(verb),
        start_keys=start_keys,
        digits="dtmf" in kinds,
        barge_in=verb.flag("bargeIn", True),
        speech=_speech(verb, hints) if "speech" in kinds else None,
    )


def _speech(verb: Verb, hints: tuple[str, ...]) -> SpeechWish:
    verb.cannot_do("speechModel", "enhanced", "profanityFilter")
    told = verb.url("partialResultCallback")
    silence_s = 1 if verb.option("speechTimeout") == "auto" else verb.number("speechTimeout", 1, most=LONGEST_SPEECH_S)
    return SpeechWish(
        language=verb.option("language", "en-US"),
        hints=hints,
        silence_ms=1000 * silence_s,
        partial=_partial(verb, told) if told else None,
    )


def _partial(verb: Verb, url: str) -> DocumentSource:
    """With the parameters of every request of the call."""
    context = verb.context
    fields = voice_parameters(context.subject, context.status, context.now, outbound_call_id=context.outbound_call_id)
    return DocumentSource(url, verb.method("partialResultCallbackMethod"), parameters=fields)


def _ask(verb: Verb, wanted: Gather, result: object) -> Ending:
    fields: Form = ()
    if isinstance(result, Digits):
        digits = result.digits[:-1] if result.ended_by == "key" else result.digits
        fields = (("Digits", digits),) if digits else ()
    elif isinstance(result, Heard) and result.text:
        fields = (("SpeechResult", result.text),)
        if verb.context.is_twilio:
            fields += (("Confidence", f"{result.confidence:.2f}"),)
    if not fields and not verb.flag("actionOnEmptyResult"):
        return None
    if not fields:
        fields = (("Digits", ""),) if wanted.digits else (("SpeechResult", ""),)
    return verb.action(fields, default_is_document=True)
