"""Actions that put the call into a conference or a queue."""

from collections.abc import Mapping
from uuid import UUID

from dialplane.domain.flows.steps.step import GoOn, Outcome, Step, StepFault
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import Result


def conference_join(step: Step) -> Outcome:
    return _join(step, "conference_id")


def confbridge_join(step: Step) -> Outcome:
    """A confbridge is the room inside a conference; ours are one and the same."""
    return _join(step, "confbridge_id")


def _join(step: Step, option: str) -> Outcome:
    conference_id = _required(step, option)
    step.variables.set_fact("voipbin.conference.id", str(conference_id))
    return commands.JoinConference(conference_id=conference_id, variables=step.variables.snapshot())


def conference_left(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.ConferenceLeft):
        raise StepFault("the conference was not joined")
    _take(step, result.facts)
    if result.why == "full":
        raise StepFault("the conference is full")
    return GoOn(f"{result.why} after {result.duration_s} s")


def queue_join(step: Step) -> Outcome:
    queue_id = _required(step, "queue_id")
    step.variables.set_fact("voipbin.queue.id", str(queue_id))
    return commands.JoinQueue(queue_id=queue_id, variables=step.variables.snapshot())


def queue_left(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.QueueLeft):
        raise StepFault("the queue was not joined")
    _take(step, result.facts)
    if result.how in ("queue-full", "error"):
        raise StepFault(f"the queue did not take the call: {result.reason or result.how}")
    return GoOn(f"{result.how} after {result.waited_s} s of waiting and {result.talked_s} s of talk")


def _take(step: Step, facts: Mapping[str, str]) -> None:
    for name, value in facts.items():
        step.variables.set_fact(name, value)


def _required(step: Step, name: str) -> UUID:
    found = step.options.find_id(name)
    if found is None:
        raise StepFault(f"option.{name} is missing")
    return found
