"""The simulator: the runtime of a dry run, beside those of calls and messages.

It plays a program of either language through with a script. It is pure, so the same input gives the same answer, and
a kept input is a regression test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dialplane.domain.addresses import Address, normalize_tel
from dialplane.domain.charging.tariffs import Tariff
from dialplane.domain.errors import Invalid
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.facts import address_facts, conversation_facts, run_facts
from dialplane.domain.flows.machine import FlowProgram
from dialplane.domain.ids import NIL
from dialplane.domain.programs.commands import CallOver, Command, Finish, Hangup, LeaveQueue, Medium, Result
from dialplane.domain.programs.program import Program
from dialplane.domain.programs.sources import DocumentSource, DocumentText
from dialplane.domain.rcml.machine import RcmlProgram
from dialplane.domain.rcml.parameters import Subject
from dialplane.domain.simulation.script import Script
from dialplane.domain.simulation.world import World, fixed_id

LONGEST_CALL_MS = 3_600_000
MAX_COMMANDS = 5_000
"""A program that asks for more is broken; both languages end long before."""

Make = Callable[[Script, Medium], Program]
"""A new program for a script on a medium."""


@dataclass(frozen=True, slots=True)
class DryRunStep:
    action: Mapping[str, object]
    """As it was run, after substitution."""
    at: str
    duration_ms: int
    result: str
    """What was done or decided, in words."""


@dataclass(frozen=True, slots=True)
class DryRun:
    steps: tuple[DryRunStep, ...]
    ended: str
    """`hangup` (by an action), `finished` (no action was left), `caller` (who hung up) or `error`."""
    duration_ms: int
    price_micros: int
    problems: tuple[str, ...]
    said: tuple[str, ...] = ()
    """What was spoken, in order."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """As they were at the end."""


def flow_maker(actions: Sequence[Action]) -> Make:
    """For a list of actions."""

    def make(script: Script, medium: Medium) -> Program:
        return FlowProgram(actions, medium=medium, variables={**_facts(script, medium), **script.variables})

    return make


def document_maker(source: DocumentSource | DocumentText) -> Make:
    """For an XML document, or the address of one."""

    def make(script: Script, medium: Medium) -> Program:
        subject = Subject(
            id=fixed_id("call" if medium is Medium.CALL else "message"),
            account_id=fixed_id("account"),
            source=_party(script.source).target,
            destination=_party(script.destination).target,
            text=script.text or "",
        )
        return RcmlProgram(source, subject, medium=medium, answered=script.is_answered, variables=script.variables)

    return make


class Simulator:
    """One dry run. `missing` are flows that it asked for and was not given, `numbers` those whose price it wanted."""

    def __init__(
        self, make: Make, script: Script, flows: Mapping[UUID, Sequence[Action]], prices: Tariff | None = None
    ) -> None:
        self._script = script
        self._world = World(script, flows, prices or Tariff())
        self._program = make(script, self._world.medium)
        self._waits: dict[int, tuple[int, str]] = {}
        """By the step's index: how long its commands took, and what came of them."""

    @property
    def missing(self) -> set[UUID]:
        return self._world.missing

    @property
    def numbers(self) -> set[str]:
        return self._world.numbers

    def play(self) -> DryRun:
        program, world = self._program, self._world
        command = program.start(world.now)
        is_gone = False
        for _ in range(MAX_COMMANDS):
            if isinstance(command, Hangup | Finish | LeaveQueue):
                break
            result = self._carry_out(command)
            if world.has_hung_up and not is_gone:
                is_gone, result = True, CallOver(result)
            command = program.resume(result, world.now)
        world.end()
        return self._report(command, is_gone=is_gone)

    def _carry_out(self, command: Command) -> Result:
        executed = self._program.record().executed_actions
        index, began_ms = len(executed) - 1, self._world.elapsed_ms
        result, told = self._world.carry_out(command)
        if executed and index not in self._waits:
            self._world.take_as_long(self._real_ms(executed), began_ms)
        before_ms, before = self._waits.get(index, (0, ""))
        self._waits[index] = (before_ms + self._world.elapsed_ms - began_ms, told or before)
        return result

    def _real_ms(self, executed: Sequence[Mapping[str, object]]) -> int | None:
        """How long the last action took in the call that is replayed; None where that is not known."""
        name = executed[-1]["id"]
        times = self._script.durations.get(str(name), ())
        before = sum(action["id"] == name for action in executed) - 1
        return times[before] if before < len(times) else None

    def _report(self, command: Command, *, is_gone: bool) -> DryRun:
        program, world = self._program, self._world
        record = program.record()
        executed = record.executed_actions
        whys = program.explanations if isinstance(program, FlowProgram) else [""] * len(executed)
        steps = [self._step(index, action, why) for index, (action, why) in enumerate(zip(executed, whys, strict=True))]
        noted = [*_skipped(program, world.medium), *world.problems]
        if world.elapsed_ms > LONGEST_CALL_MS and world.medium is Medium.CALL:
            noted.append("the call would be cut after one hour")
        if isinstance(program, FlowProgram):
            noted += program.problems
        if record.error:
            noted.append(record.error)
        ended = "hangup" if isinstance(command, Hangup) else "error" if record.error else "finished"
        return DryRun(
            tuple(steps),
            "caller" if is_gone else ended,
            world.elapsed_ms,
            world.price_micros,
            tuple(noted),
            tuple(world.said),
            record.variables,
        )

    def _step(self, index: int, action: Mapping[str, object], why: str) -> DryRunStep:
        duration_ms, told = self._waits.get(index, (0, ""))
        shown = {name: value for name, value in action.items() if name != "tm_execute"}
        return DryRunStep(shown, str(action["tm_execute"]), duration_ms, why or told or "done")


def _skipped(program: Program, medium: Medium) -> list[str]:
    if not isinstance(program, FlowProgram):
        return []
    return [
        f"action {action.id} ({action.type}) is skipped: it does not suit a {medium.value}"
        for action in program.actions
        if not CATALOGUE[action.type].suits.allows(medium)
    ]


def _party(text: str) -> Address:
    """A number in its normal form where it is one; anything else as it is."""
    try:
        return Address("tel", normalize_tel(text))
    except Invalid:
        return Address("sip" if "@" in text else "tel", text)


def _facts(script: Script, medium: Medium) -> dict[str, str]:
    source, destination = _party(script.source), _party(script.destination)
    reference = "call" if medium is Medium.CALL else "conversation"
    facts = run_facts(fixed_id("run"), reference_type=reference, reference_id=fixed_id(reference))
    if medium is Medium.MESSAGE:
        return facts | conversation_facts(
            fixed_id("conversation"), fixed_id("message"), own=destination, peer=source, text=script.text or ""
        )
    return {
        **facts,
        "voipbin.call.id": str(fixed_id("call")),
        "voipbin.call.direction": "outgoing" if script.is_answered else "incoming",
        "voipbin.call.master_call_id": str(NIL),
        **address_facts("voipbin.call.source", source),
        **address_facts("voipbin.call.destination", destination),
    }
