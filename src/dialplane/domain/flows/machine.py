"""The flow machine: a pure program (`programs.program.Program`) that runs a flow's actions (reference 3.4).

The next action is where a jump points, else the current action's `next_id`, else the next of its list, else the
place where that list was entered, else the end. `fetch` and `fetch_flow` enter lists; the first list is the flow's
own. Every run ends: after 100 actions, after 1,000 steps without waiting, or 100 lists deep.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.action import FINISH, NEXT, START, Action
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.steps import BEGIN, RESUME
from dialplane.domain.flows.steps.step import Enter, GoOn, GoTo, Leave, Outcome, Step, StepFault, read_options
from dialplane.domain.flows.validation import known_ids, validate_actions
from dialplane.domain.flows.variables import VariableFault, Variables
from dialplane.domain.ids import id_text
from dialplane.domain.programs.commands import CallOver, Command, Failed, Finish, Hangup, Medium, Result, RunRecord, Say
from dialplane.domain.times import rfc3339

MAX_EXECUTED = 100
MAX_STEPS = 1000
MAX_LISTS = 100
MAX_COMPLETIONS = 5
"""Runs that follow each other by `on_complete_flow_id`."""

MAX_PROBLEMS = 100

DECISIONS = frozenset(name for name in CATALOGUE if name in ("branch", "goto") or name.startswith("condition_"))
"""Actions whose reason stands in the run's record: nobody trusts a time condition that does not say why."""

_GO_ON = GoOn()
_ENDS = (Hangup, Finish)
APOLOGY = "We are sorry, an application error has occurred. Goodbye."


class _List:
    """A list of actions being run, and where in it the run is."""

    def __init__(self, actions: Sequence[Action]) -> None:
        self.actions = actions
        self.position = 0
        """Of the next action in order."""
        self.next_id: UUID | None = None
        """Where the current action wants to go on."""

    @cached_property
    def index_of(self) -> dict[UUID, int]:
        """Made for the first jump: most runs make none."""
        return {action.id: index for index, action in enumerate(self.actions)}


class FlowProgram:
    """One run of a flow.

    `actions` are its own, without those that it enters on its way. `variables` are the client's and the facts known at
    the start (`voipbin.activeflow.id`, …). `problems` are failures that did not end the run, in words; `explanations`
    tells, for each executed action, what it decided.
    """

    def __init__(
        self,
        actions: Sequence[Action],
        *,
        medium: Medium,
        flow_id: UUID | None = None,
        on_complete_flow_id: UUID | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.actions = actions
        self.problems: list[str] = []
        self.explanations: list[str] = []
        self._medium = medium
        self._on_complete_flow_id = on_complete_flow_id
        self._variables = Variables(variables)
        if flow_id is not None:
            self._variables.set_fact("voipbin.activeflow.flow_id", id_text(flow_id))
        self._lists = [_List(actions)]
        self._forward: UUID | None = None
        self._step: Step | None = None
        self._jumps_made: dict[UUID, int] = {}
        self._executed: tuple[dict[str, object], ...] = ()
        self._passed_over: list[dict[str, str]] = []
        """Since the last action: what does not suit the medium."""
        self._last: Command | None = None
        self._breaking_off: Finish | None = None
        self._record: RunRecord | None = None

    @property
    def on_complete_flow_id(self) -> UUID | None:
        """The flow that starts when this run is over, however it ended; None at the end of the chain."""
        count = self._variables.get("voipbin.activeflow.complete_count")
        done = int(count) if count.isascii() and count.isdecimal() else 0
        return self._on_complete_flow_id if done < MAX_COMPLETIONS else None

    def start(self, now: datetime) -> Command:
        return self._note(self._advance(now))

    def resume(self, result: Result, now: datetime) -> Command:
        if self._breaking_off is not None:
            return self._note(self._breaking_off)
        if self._step is None or isinstance(self._last, _ENDS):
            return self._note(self._finish())
        self._step.now = now
        if isinstance(result, CallOver):
            if result.result is not None:  # what came of the last action is for whoever reads the run, or follows it
                self._settle_last(self._step, result.result)
            return self._note(self._finish())
        return self._note(self._take(self._resume_step(self._step, result), now))

    def set_variables(self, variables: dict[str, str]) -> None:
        for name, value in variables.items():
            self._variables.set_fact(name, value)
        self._record = None

    def record(self) -> RunRecord:
        """Where the run stands; the same object until something changes."""
        if self._record is None:
            self._record = RunRecord(
                current_action=self._executed[-1] if self._executed else None,
                forward_action_id=self._forward,
                executed_actions=self._executed,
                ended=isinstance(self._last, _ENDS),
                error=self._last.error if isinstance(self._last, Finish) else "",
                variables=self._variables.snapshot(),
            )
        return self._record

    # --- stepping ----------------------------------------------------------------------------------------------------

    def _note(self, command: Command) -> Command:
        self._last = command
        self._record = None
        return command

    def _advance(self, now: datetime) -> Command:
        for _ in range(MAX_STEPS):
            try:
                action = self._next_action()
            except StepFault as fault:
                return self._break_off(f"jump: {fault}")
            if action is None:
                return self._finish()
            if not CATALOGUE[action.type].suits.allows(self._medium):
                self._pass_over(action)
                continue
            if len(self._executed) == MAX_EXECUTED:
                return self._break_off(f"limit: {MAX_EXECUTED} actions")
            command = self._settle(self._begin_step(action, now))
            if command is not None:
                return command
        return self._break_off(f"limit: {MAX_STEPS} steps")

    def _take(self, outcome: Outcome, now: datetime) -> Command:
        return self._settle(outcome) or self._advance(now)

    def _next_action(self) -> Action | None:
        """Take the next action out of its list.

        Raises StepFault where a jump points to no action.
        """
        while self._lists:
            current = self._lists[-1]
            target = current.next_id if self._forward in (None, NEXT) else self._forward
            self._forward = current.next_id = None
            if target is not None:
                if target == FINISH:
                    self._lists.clear()
                    return None
                if target != NEXT:
                    current = self._seek(target)
            if current.position < len(current.actions):
                action = current.actions[current.position]
                current.position += 1
                current.next_id = action.next_id
                return action
            self._lists.pop()
        return None

    def _seek(self, target: UUID) -> _List:
        """The list with `target`, positioned there; lists that were entered from it are left."""
        if target == START:
            self._lists[-1].position = 0
            return self._lists[-1]
        for depth in range(len(self._lists) - 1, -1, -1):
            index = self._lists[depth].index_of.get(target)
            if index is not None:
                del self._lists[depth + 1 :]
                self._lists[depth].position = index
                return self._lists[depth]
        raise StepFault(f"{target} is no action of this flow")

    def _begin_step(self, action: Action, now: datetime) -> Outcome:
        try:
            option = self._variables.substitute(dict(action.option))
        except VariableFault as fault:
            self._note_executed(action, action.option, now)
            return self._failed(action, str(fault))
        assert isinstance(option, dict)  # substitution keeps the form
        self._note_executed(action, option, now)
        try:
            options = read_options(action, option)
            self._step = Step(action, options, self._variables, now, self._jumps_made)
            return BEGIN[action.type](self._step)
        except StepFault as refusal:
            return self._failed(action, str(refusal))

    def _note_executed(self, action: Action, option: Mapping[str, object], now: datetime) -> None:
        shown: dict[str, object] = {
            "id": id_text(action.id),
            "type": action.type,
            "option": dict(option),
            "tm_execute": rfc3339(now),
        }
        if action.next_id is not None:
            shown["next_id"] = id_text(action.next_id)
        if self._passed_over:
            shown["skipped_before"], self._passed_over = self._passed_over, []
        self._executed = (*self._executed, shown)
        self.explanations.append("")

    def _pass_over(self, action: Action) -> None:
        """It is not executed, and said so beside the next one that is, or the last one (reference 3.4)."""
        if len(self._passed_over) < MAX_PROBLEMS:
            suited = "a run without a call" if self._medium is Medium.NONE else f"a {self._medium.value}"
            why = f"does not suit {suited}"
            self._passed_over.append({"id": id_text(action.id), "type": action.type, "why": why})

    def _resume_step(self, step: Step, result: Result) -> Outcome:
        if isinstance(result, Failed):
            return self._failed(step.action, result.reason)
        resume = RESUME.get(step.action.type)
        try:
            return resume(step, result) if resume else _GO_ON
        except StepFault as fault:
            return self._failed(step.action, str(fault))

    def _settle_last(self, step: Step, result: Result) -> None:
        """Keep what an action came to that ended with its call; where it would go on does not matter any more."""
        outcome = self._resume_step(step, result)
        if isinstance(outcome, GoOn):
            self._settle(outcome)

    def _settle(self, outcome: Outcome) -> Command | None:
        """Carry out what stays inside the machine; a command goes out."""
        match outcome:
            case GoOn(why, warning):
                self._explain(why)
                if warning:
                    self._mark("warning", warning)
            case GoTo(target, why):
                self._explain(f"{why}: to {target}")
                self._forward = target
            case Leave():
                self._lists.pop()
            case Enter(actions):
                return self._enter(actions)
            case _:
                return outcome
        return None

    def _enter(self, raw: object) -> Command | None:
        """Enter a list that came from outside; it is checked as one that is written."""
        assert self._step is not None  # only a resumed step enters a list
        if len(self._lists) == MAX_LISTS:
            return self._break_off(f"limit: {MAX_LISTS} lists within each other")
        outer = frozenset().union(*(known_ids(entered.actions) for entered in self._lists))
        try:
            actions = validate_actions(raw, outer_ids=outer)
        except Invalid as refusal:
            return self._settle(self._failed(self._step.action, str(refusal)))
        self._explain(f"{len(actions)} actions")
        self._lists.append(_List(actions))
        return None

    # --- telling and ending ------------------------------------------------------------------------------------------

    def _explain(self, why: str) -> None:
        if why and self.explanations:
            self.explanations[-1] = why
            if self._executed[-1]["type"] in DECISIONS:
                self._mark("why", why)

    def _mark(self, name: str, text: str) -> None:
        """Say it in the run's record, beside the action that it is about."""
        self._executed = (*self._executed[:-1], {**self._executed[-1], name: text[:1000]})

    def _failed(self, action: Action, reason: str) -> Outcome:
        text = f"action {action.id} ({action.type}): {reason}"
        self._explain(f"failed: {reason}")
        self._mark("error", reason)
        if CATALOGUE[action.type].ends_run_on_failure:
            return self._finish(text)
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text)
        return GoOn()

    def _finish(self, error: str = "") -> Finish:
        if self._passed_over and self._executed:
            last = {**self._executed[-1], "skipped_after": self._passed_over}
            self._executed, self._passed_over = (*self._executed[:-1], last), []
        return Finish(error or self._ran_nothing(), self.on_complete_flow_id)

    def _ran_nothing(self) -> str:
        """Where there was something to run, and nothing of it suits: there is no action beside which to say so."""
        return ", ".join(f"{each['type']} {each['why']}" for each in self._passed_over[:5])

    def _break_off(self, error: str) -> Command:
        """End a run that went beyond its limits; a caller hears that it was our fault and not theirs (IN-3)."""
        if self._medium is not Medium.CALL:
            return self._finish(error)
        self._breaking_off = self._finish(error)
        return Say(APOLOGY)
