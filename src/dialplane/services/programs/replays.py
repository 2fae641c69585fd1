"""A recorded call played again against a draft: what the caller did, and what the world answered, as it was then."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dialplane.domain.calling.calls import Call, Direction, HangupBy
from dialplane.domain.calling.traces import Fact
from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.flows.facts import call_facts, run_facts
from dialplane.domain.flows.run import Run
from dialplane.domain.flows.variables import OWN_PREFIX
from dialplane.domain.ids import AccountId, CallId, RunId
from dialplane.domain.simulation.paths import Difference, compare
from dialplane.domain.simulation.script import CallerTurn, DialOutcome, HttpAnswer, Script
from dialplane.domain.simulation.simulator import DryRun
from dialplane.services.programs.dry_run import Draft, dry_run_shape, find_program, play
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class Replay:
    run: Run
    """The real one."""
    played: DryRun
    difference: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        return all(each.kind == "same" for each in self.difference)


async def replay_call(database: Database, account_id: AccountId, call_id: CallId, draft: Draft) -> Replay:
    """Play what was recorded of an ended call against the draft; without one, against the call's flow as it is now.

    Raises NotFound (CALL_NOT_FOUND, TRACE_NOT_FOUND, FLOW_NOT_FOUND, …), Conflict where the call goes on, Invalid.
    """
    async with database.reading() as tx:
        call = await tx.calls.find(account_id, call_id)
        if call is None:
            raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
        if call.ended_at is None:
            raise Conflict("The call goes on; it can be replayed when it is over", reason="CALL_STATE_INVALID")
        trace = await tx.traces.find(account_id, call_id)
        run = await tx.runs.find(account_id, RunId(call.run_id)) if call.run_id else None
        if trace is None or run is None:
            raise NotFound("What the call's program was answered is not kept (any more)", reason="TRACE_NOT_FOUND")
    make = await find_program(database, account_id, _completed(draft, call))
    script = script_of(call, run, trace.facts)
    async with database.reading() as tx:
        played = await play(tx, account_id, make, script)
    difference = compare(run.executed_actions, [step.action for step in played.steps])
    return Replay(run, played, tuple(difference))


def _completed(draft: Draft, call: Call) -> Draft:
    is_empty = draft.flow_id is None and draft.actions is None and draft.document is None and draft.url is None
    if not is_empty:
        return draft
    if call.flow_id is None:
        raise NotFound("The call ran no flow; say what it is to be played against", reason="FLOW_NOT_FOUND")
    return replace(draft, flow_id=call.flow_id)


def script_of(call: Call, run: Run, facts: Sequence[Fact]) -> Script:
    """What happened to a call, as a script."""
    end = call.ended_at or call.created_at
    begun = _time(run.executed_actions[0]) if run.executed_actions else call.created_at
    hung_up = call.hangup_by is HangupBy.REMOTE
    machine: Any = next((fact["answered_by"] for fact in facts if fact["kind"] == "machine"), "human")
    return Script(
        at=begun,
        source=call.raw_source or call.source.target,
        destination=call.raw_destination or call.destination.target,
        caller=tuple(_turns(facts)),
        http=_http(facts),
        dial=tuple(_outcomes(facts)),
        hangs_up_at_ms=_ms(begun, end) if hung_up else None,
        answered_by=machine,
        variables=_start_variables(call, run, facts),
        is_answered=call.direction is Direction.OUTGOING,
        durations=_durations(run, end),
    )


def _turns(facts: Iterable[Fact]) -> Iterator[CallerTurn]:
    for fact in facts:
        if fact["kind"] == "digits":
            yield CallerTurn(press=str(fact["digits"]))
        elif fact["kind"] == "speech":
            yield CallerTurn(say=str(fact["text"]))


def _http(facts: Iterable[Fact]) -> dict[str, list[HttpAnswer]]:
    answers: dict[str, list[HttpAnswer]] = {}
    for fact in facts:
        if fact["kind"] == "http":
            status: Any = fact["status"]
            answer = HttpAnswer(int(status), str(fact["body"]), str(fact["content_type"]))
            answers.setdefault(str(fact["url"]), []).append(answer)
        elif fact["kind"] == "failed" and "url" in fact:
            answers.setdefault(str(fact["url"]), []).append(HttpAnswer(0))
    return answers


def _outcomes(facts: Iterable[Fact]) -> Iterator[DialOutcome]:
    for fact in facts:
        if fact["kind"] == "dial":
            told: dict[str, Any] = dict(fact)
            to = told["to"][0] if told["to"] else ""
            yield DialOutcome(to, told["status"], int(told["talk_s"]), int(told["ring_s"]), int(told["sip_code"]))


def _durations(run: Run, end: datetime) -> dict[str, tuple[int, ...]]:
    """How long each step took, from the beginning of one to that of the next."""
    steps = run.executed_actions
    times = [*map(_time, steps), end]
    found: dict[str, tuple[int, ...]] = {}
    for at, step in enumerate(steps):
        name = str(step["id"])
        found[name] = (*found.get(name, ()), max(_ms(times[at], times[at + 1]), 0))
    return found


def _start_variables(call: Call, run: Run, facts: Sequence[Fact]) -> dict[str, str]:
    """The platform's facts, and the client's variables as far as the run did not set them itself."""
    own = run_facts(run.id, reference_type=run.reference_type.value, reference_id=run.reference_id, flow_id=run.flow_id)
    set_later = set(_set_by_answers(facts))
    for step in run.executed_actions:
        option = step.get("option")
        if step["type"] == "variable_set" and isinstance(option, dict):
            set_later.add(str(option.get("key")))
    given = {
        name: value
        for name, value in run.variables.items()
        if not name.startswith(OWN_PREFIX) and name not in set_later
    }
    return {**given, **own, **call_facts(call)}


def _set_by_answers(facts: Iterable[Fact]) -> Iterator[str]:
    for fact in facts:
        if fact["kind"] == "http":
            try:
                body = json.loads(str(fact["body"]))
            except (ValueError, RecursionError):
                continue
            yield from body if isinstance(body, dict) else ()


def _time(step: Mapping[str, object]) -> datetime:
    return datetime.fromisoformat(str(step["tm_execute"]))


def _ms(begin: datetime, end: datetime) -> int:
    return round((end - begin).total_seconds() * 1000)


def replay_shape(call_id: CallId, replay: Replay) -> dict[str, object]:
    return {
        "call_id": str(call_id),
        "flow_id": str(replay.run.flow_id) if replay.run.flow_id else None,
        "flow_version": replay.run.flow_version,
        "is_same": replay.is_same,
        "difference": [each.document() for each in replay.difference],
        "draft": dry_run_shape(replay.played),
    }
