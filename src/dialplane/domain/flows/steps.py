"""What each action does: from its options to a command or a jump, and from the command's result to what comes next.

Two tables, `BEGIN` and `RESUME`, hold one function a type. A type missing from `RESUME` needs nothing of its result.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar, cast, get_args
from uuid import UUID

from dialplane.domain.addresses import ADDRESS_TYPES, Address
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.conditions import Moment, Verdict, compare_moment, compare_variable
from dialplane.domain.flows.options import OptionFault
from dialplane.domain.flows.variables import OWN_PREFIX, VariableFault, Variables, bare_name
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import Command, Result

DIGITS = "voipbin.call.digits"

ALL_KEYS = "0123456789ABCD*#"

_GENDERS: tuple[commands.Gender, ...] = get_args(commands.Gender)
_ANONYMOUS: tuple[commands.Anonymous, ...] = get_args(commands.Anonymous)

T = TypeVar("T")


class StepFault(Exception):
    """The action failed; the machine knows whether that ends the run."""


@dataclass(frozen=True, slots=True)
class GoOn:
    """To the next action; `why` tells what was done or decided."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class GoTo:
    """To the action `target`."""

    target: UUID
    why: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """Out of the list that the action stands in."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Into a list of actions, which is still to be validated; then on after this action."""

    actions: object


Outcome = Command | GoOn | GoTo | Leave | Enter


class Options:
    """An action's options, read and with defaults in place; the getters say the type that the catalogue gave."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def _get(self, name: str, kind: type[T]) -> T:
        value = self._values[name]
        if not isinstance(value, kind):
            raise StepFault(f"option.{name} is missing")
        return value

    def text(self, name: str) -> str:
        return self._get(name, str)

    def whole(self, name: str) -> int:
        return self._get(name, int)

    def number(self, name: str) -> float:
        return self._get(name, float)

    def flag(self, name: str) -> bool:
        return self._get(name, bool)

    def items(self, name: str, kind: type[T]) -> tuple[T, ...]:
        return tuple(item for item in self._get(name, tuple) if isinstance(item, kind))

    def table(self, name: str) -> dict[str, object]:
        return self._get(name, dict)

    def find_id(self, name: str) -> UUID | None:
        return cast("UUID | None", self._values[name])  # what `Id` and `Jump` read, and their default

    def find_party(self, name: str) -> Address | None:
        return cast("Address | None", self._values[name])  # what `Party` reads, and its default


@dataclass(slots=True)
class Step:
    """One action on its way, with what it may look at and change."""

    action: Action
    """As written: a variable's name is read from here, before substitution."""
    options: Options
    variables: Variables
    now: datetime
    jumps_made: dict[UUID, int] = field(default_factory=dict)
    """How often each `goto` has jumped."""


def read_options(action: Action, substituted: dict[str, object]) -> Options:
    """The options as the action runs with them.

    Raises StepFault naming the option that is out of its limits now.
    """
    values: dict[str, object] = {}
    for name, option in CATALOGUE[action.type].options.items():
        value = substituted.get(name)
        if value is None:
            if option.required:
                raise StepFault(f"option.{name} is missing")
            values[name] = option.default
            continue
        try:
            values[name] = option.kind.read(value, name, running=True)
        except OptionFault as fault:
            raise StepFault(f"option.{fault}") from None
    return Options(values)


# --- on the call -----------------------------------------------------------------------------------------------------


def _answer(step: Step) -> Outcome:
    return commands.Answer()


def _beep(step: Step) -> Outcome:
    return commands.Beep()


def _talk(step: Step) -> Outcome:
    options = step.options
    return commands.Say(
        options.text("text"),
        language=options.text("language") or "en-US",
        gender=_word(options.text("gender"), _GENDERS, ""),
        voice_id=options.text("voice_id"),
        provider=options.text("provider"),
        stop_on_digit=options.text("digits_handle") == "next",
        wait=not options.flag("async"),
    )


def _play(step: Step) -> Outcome:
    return commands.Play(step.options.items("stream_urls", str))


def _digits_receive(step: Step) -> Outcome:
    """Digits accumulate: those of earlier actions count, and may fulfil the condition at once."""
    held = step.variables.get(DIGITS)
    length, keys = step.options.whole("length"), step.options.text("key")
    if (length and len(held) >= length) or any(key in held for key in keys):
        return GoOn(f"digits {held!r} were there already")
    left = length - len(held) if length else 0
    return commands.Gather(step.options.whole("duration"), max_digits=left, end_keys=keys)


def _digits_received(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.Digits):
        raise StepFault("no digits came back")
    digits = step.variables.get(DIGITS) + result.digits
    step.variables.set_fact(DIGITS, digits)
    return GoOn(f"digits {digits!r}, ended by {result.ended_by}")


def _digits_send(step: Step) -> Outcome:
    options = step.options
    return commands.SendDigits(options.text("digits"), options.whole("duration"), options.whole("interval"))


def _sleep(step: Step) -> Outcome:
    return commands.Sleep(step.options.whole("duration"))


def _echo(step: Step) -> Outcome:
    return commands.Echo(step.options.whole("duration"))


def _recording_start(step: Step) -> Outcome:
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


def _recording_started(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.RecordingStarted):
        raise StepFault("no recording was started")
    step.variables.set_fact("voipbin.recording.id", str(result.recording_id))
    step.variables.set_fact("voipbin.recording.format", step.options.text("format") or "wav")
    return GoOn(f"recording {result.recording_id}")


def _recording_stop(step: Step) -> Outcome:
    return commands.StopRecording()


def _connect(step: Step) -> Outcome:
    options = step.options
    return commands.Dial(
        options.find_party("source"),
        options.items("destinations", Address),
        early_media=options.flag("early_media"),
        relay_reason=options.flag("relay_reason"),
        anonymous=_anonymous(options),
    )


_RELAYED = {"answered": "normal", "busy": "busy", "noanswer": "noanswer", "failed": "failed", "cancel": "cancel"}
"""From how a leg ended to the hang-up reason of 4.5."""


def _connected(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.Dialled):
        raise StepFault("the leg was not dialled")
    if step.options.flag("relay_reason"):
        return commands.Hangup(_RELAYED[result.status], reason_of_call=result.call_id)
    return GoOn(f"the leg ended: {result.status}")


def _hangup(step: Step) -> Outcome:
    return commands.Hangup(step.options.text("reason") or "normal", reason_of_call=step.options.find_id("reference_id"))


def _anonymous(options: Options) -> commands.Anonymous:
    return _word(options.text("anonymous"), _ANONYMOUS, "")


def _word(text: str, known: tuple[T, ...], default: T) -> T:
    """`text` as one of the literals that it was checked to be."""
    return next((word for word in known if word == text), default)


# --- decisions -------------------------------------------------------------------------------------------------------


def _branch(step: Step) -> Outcome:
    name = bare_name(str(step.action.option.get("variable") or DIGITS)) or step.options.text("variable")
    value = step.variables.get(name)
    step.variables.set_fact(name, "")
    table = step.options.table("target_ids")
    if value in table:
        return _jump(table[value], f"{name} is {value[:64]!r}")
    return _jump(step.options.find_id("default_target_id"), f"{name} is {value[:64]!r}, which has no target")


def _jump(target: object, why: str) -> Outcome:
    """A nil target is none: the run goes on with the next action."""
    return GoTo(target, why) if isinstance(target, UUID) else GoOn(why)


def _goto(step: Step) -> Outcome:
    wanted = step.options.whole("loop_count")
    made = step.jumps_made.get(step.action.id, 0)
    if made >= wanted:
        return GoOn(f"all {made} jumps are made")
    step.jumps_made[step.action.id] = made + 1
    return _jump(step.options.find_id("target_id"), f"jump {made + 1} of {wanted}")


def _condition_variable(step: Step) -> Outcome:
    options = step.options
    written = str(step.action.option.get("variable", ""))
    value = options.text("variable") if "${" in written else step.variables.get(written)
    verdict = compare_variable(
        value,
        options.text("condition"),
        options.text("value_type"),
        text=options.text("value_string"),
        number=options.number("value_number"),
        length=options.whole("value_length"),
    )
    return _decide(step, verdict)


def _condition_datetime(step: Step) -> Outcome:
    options = step.options
    wanted = Moment(
        minute=options.whole("minute"),
        hour=options.whole("hour"),
        day=options.whole("day"),
        month=options.whole("month"),
        weekdays=options.items("weekdays", int),
    )
    verdict = compare_moment(step.now, options.text("timezone"), options.text("condition"), wanted)
    return _decide(step, verdict)


def _decide(step: Step, verdict: Verdict) -> Outcome:
    return GoOn(verdict.why) if verdict.holds else _jump(step.options.find_id("false_target_id"), verdict.why)


def _variable_set(step: Step) -> Outcome:
    try:
        step.variables.set_own(step.options.text("key"), step.options.text("value"))
    except VariableFault as fault:
        raise StepFault(str(fault)) from None
    return GoOn()


def _stop(step: Step) -> Outcome:
    return Leave()


# --- towards others --------------------------------------------------------------------------------------------------


def _call(step: Step) -> Outcome:
    options = step.options
    return commands.StartCalls(
        options.find_party("source"),
        options.items("destinations", Address),
        flow_id=options.find_id("flow_id"),
        actions=options.items("actions", dict),
        chained=options.flag("chained"),
        early_execution=options.flag("early_execution"),
        anonymous=_anonymous(options),
    )


def _message_send(step: Step) -> Outcome:
    options = step.options
    return commands.SendMessage(
        options.find_party("source"), options.items("destinations", Address), options.text("text")
    )


def _conversation_send(step: Step) -> Outcome:
    """A reply to the peer of the conversation that this run belongs to."""
    wanted = step.options.find_id("conversation_id")
    own = step.variables.get("voipbin.conversation.id")
    if not own:
        raise StepFault("the run belongs to no conversation")
    if wanted is not None and str(wanted) != own:
        raise StepFault(f"conversation {wanted} is not the one of this run")
    prefix = "voipbin.conversation.peer"
    kind = _word(step.variables.get(f"{prefix}.type"), ADDRESS_TYPES, "tel")
    target = step.variables.get(f"{prefix}.target")
    return commands.SendMessage(None, (Address(kind or "tel", target),), step.options.text("text"))


def _webhook_send(step: Step) -> Outcome:
    options = step.options
    return commands.SendWebhook(
        options.text("uri"),
        method=options.text("method") or "POST",
        body=options.text("data"),
        content_type=options.text("data_type") or "application/json",
        wait=options.flag("sync"),
    )


def _webhook_sent(step: Step, result: Result) -> Outcome:
    """The keys of a JSON object in the answer become variables; our own names are left alone."""
    if not isinstance(result, commands.Fetched):
        return GoOn()
    for name, value in _json_object(result.body).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if name and not name.startswith(OWN_PREFIX):
            try:
                step.variables.set_own(name, text)
            except VariableFault as fault:
                raise StepFault(str(fault)) from None
    return GoOn(f"answered {result.status}")


def _json_object(body: str) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _fetch(step: Step) -> Outcome:
    body = {
        "activeflow_id": step.variables.get("voipbin.activeflow.id"),
        "reference_id": step.variables.get("voipbin.activeflow.reference_id"),
    }
    method = step.options.text("event_method") or "POST"
    return commands.FetchDocument(step.options.text("event_url"), method=method, body=json.dumps(body))


def _fetched(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.Fetched):
        raise StepFault("nothing was fetched")
    if result.status != 200:
        raise StepFault(f"the server answered {result.status}, not 200")
    try:
        return Enter(json.loads(result.body))
    except (ValueError, RecursionError):
        raise StepFault("the server's answer is not JSON") from None


def _fetch_flow(step: Step) -> Outcome:
    flow_id = step.options.find_id("flow_id")
    if flow_id is None:
        raise StepFault("option.flow_id is missing")
    return commands.LoadFlow(flow_id)


def _flow_fetched(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.FlowLoaded):
        raise StepFault("the flow was not loaded")
    return Enter(list(result.actions))


BEGIN: dict[str, Callable[[Step], Outcome]] = {
    "answer": _answer,
    "beep": _beep,
    "branch": _branch,
    "call": _call,
    "condition_datetime": _condition_datetime,
    "condition_variable": _condition_variable,
    "connect": _connect,
    "conversation_send": _conversation_send,
    "digits_receive": _digits_receive,
    "digits_send": _digits_send,
    "echo": _echo,
    "fetch": _fetch,
    "fetch_flow": _fetch_flow,
    "goto": _goto,
    "hangup": _hangup,
    "message_send": _message_send,
    "play": _play,
    "recording_start": _recording_start,
    "recording_stop": _recording_stop,
    "sleep": _sleep,
    "stop": _stop,
    "talk": _talk,
    "variable_set": _variable_set,
    "webhook_send": _webhook_send,
}

RESUME: dict[str, Callable[[Step, Result], Outcome]] = {
    "connect": _connected,
    "digits_receive": _digits_received,
    "fetch": _fetched,
    "fetch_flow": _flow_fetched,
    "recording_start": _recording_started,
    "webhook_send": _webhook_sent,
}
