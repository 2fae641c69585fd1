"""Actions that decide where the run goes on, or keep something for later decisions."""

from uuid import UUID

from dialplane.domain.flows.conditions import Moment, Verdict, compare_moment, compare_variable
from dialplane.domain.flows.steps.step import (
    DIGITS,
    END_KEY,
    GoOn,
    GoTo,
    Leave,
    Outcome,
    Step,
    StepFault,
)
from dialplane.domain.flows.variables import VariableFault, bare_name
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import Result


def branch(step: Step) -> Outcome:
    name = bare_name(str(step.action.option.get("variable") or DIGITS)) or step.options.text("variable")
    value = step.variables.get(name)
    table = step.options.table("target_ids")
    found = next((each for each in _readings(step, name, value) if each in table), None)
    step.variables.set_fact(name, "")
    if found is not None:
        return _jump(table[found], f"{name} is {found[:64]!r}")
    return _jump(step.options.find_id("default_target_id"), f"{name} is {value[:64]!r}, which has no target")


def _readings(step: Step, name: str, value: str) -> tuple[str, ...]:
    """The peer's engine keeps the end key in the digits, its documentation says that it does not: flows are written to
    the one and to the other, and both find what they look for."""
    end_key = step.variables.get(END_KEY) if name == DIGITS else ""
    return (value, value.removesuffix(end_key)) if end_key and value.endswith(end_key) else (value,)


def _jump(target: object, why: str) -> Outcome:
    """A nil target is none: the run goes on with the next action."""
    return GoTo(target, why) if isinstance(target, UUID) else GoOn(why)


def goto(step: Step) -> Outcome:
    wanted = step.options.whole("loop_count")
    made = step.jumps_made.get(step.action.id, 0)
    if made >= wanted:
        return GoOn(f"all {made} jumps are made")
    step.jumps_made[step.action.id] = made + 1
    return _jump(step.options.find_id("target_id"), f"jump {made + 1} of {wanted}")


def condition_variable(step: Step) -> Outcome:
    options = step.options
    written = str(step.action.option.get("variable", ""))
    value = options.text("variable") if "${" in written else step.variables.get(written)
    verdicts = [
        compare_variable(
            each,
            options.text("condition"),
            options.text("value_type"),
            text=options.text("value_string"),
            number=options.number("value_number"),
            length=options.whole("value_length"),
        )
        for each in _readings(step, bare_name(written) or "", value)
    ]
    decisive = options.text("condition") != "!="  # unlike is what is unlike in each reading
    return _decide(step, next((each for each in verdicts if each.holds is decisive), verdicts[0]))


def condition_datetime(step: Step) -> Outcome:
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


def condition_call_digits(step: Step) -> Outcome:
    """Whether enough digits, or the key, are there already; the run does not wait for them."""
    held, length, keys = step.variables.get(DIGITS), step.options.whole("length"), step.options.text("key")
    enough = bool(length) and len(held) >= length
    return _decide(step, Verdict(enough or any(key in held for key in keys), f"digits are {held!r}"))


def condition_call_status(step: Step) -> Outcome:
    return commands.AskCallStatus()


def call_status_told(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.CallStanding):
        raise StepFault("the call's status is not known")
    wanted = step.options.text("status")
    return _decide(step, Verdict(result.status == wanted, f"the call is {result.status}, asked for {wanted}"))


def _decide(step: Step, verdict: Verdict) -> Outcome:
    return GoOn(verdict.why) if verdict.holds else _jump(step.options.find_id("false_target_id"), verdict.why)


def variable_set(step: Step) -> Outcome:
    try:
        step.variables.set_own(step.options.text("key"), step.options.text("value"))
    except VariableFault as fault:
        raise StepFault(str(fault)) from None
    return GoOn()


def stop(step: Step) -> Outcome:
    return Leave()


def block(step: Step) -> Outcome:
    return commands.Block()


def empty(step: Step) -> Outcome:
    """The engine's own placeholder: nothing happens."""
    return GoOn()
