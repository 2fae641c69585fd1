"""Runs without a call: begun by POST /activeflows or because another run is over, driven in the background.

A run belongs to the process that began it; what a dead process leaves behind is ended by `end_abandoned_runs`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

import structlog

from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.facts import recording_facts, run_facts, summary_facts, transcription_facts
from dialplane.domain.flows.flow import Flow, flow_for
from dialplane.domain.flows.machine import FlowProgram
from dialplane.domain.flows.run import ReferenceType, Run, RunProgress, RunStatus, apply_progress
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.flows.variables import check_start_variables
from dialplane.domain.ids import AccountId, FlowId, RunId, new_id
from dialplane.domain.programs.commands import Command, Medium, Result, RunRecord
from dialplane.domain.programs.summaries import AiSummary
from dialplane.domain.recording.recordings import Recording
from dialplane.domain.recording.transcriptions import Transcription
from dialplane.services.eventing.webhooks import check_url
from dialplane.services.programs.flows import find_flow
from dialplane.services.programs.program_runner import run_program
from dialplane.services.programs.runs import create_runs, following_run, save_progress
from dialplane.services.transaction import Database

log = structlog.get_logger()

MAX_RUNNING = 1000
"""Runs at a time in one process; more are refused rather than kept waiting."""

Facts: TypeAlias = Mapping[str, str]
WEBHOOK_METHODS = ("", "POST", "GET", "PUT", "DELETE")


class Outside(Protocol):
    """What a run may do beyond its own record. Refusals and faults come back as `Failed`."""

    async def carry_out(self, run: Run, command: Command) -> Result: ...


class StoredRunPorts:
    """The ports of one run: its progress in the store, everything else outside."""

    def __init__(self, database: Database, run: Run, outside: Outside, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._run = run
        self._outside = outside
        self._clock = clock
        self._told = 0

    async def carry_out(self, command: Command) -> Result:
        return await self._outside.carry_out(self._run, command)

    async def progress(self, record: RunRecord) -> bool:
        moved = RunProgress(self._run, record, self._clock(), self._told)
        self._told = len(record.executed_actions)
        async with self._database.transaction() as tx:
            return bool(await save_progress(tx, [moved]))


@dataclass(frozen=True, slots=True)
class RunWish:
    """The body of POST /activeflows; all optional, and one of `flow_id` and `actions` needed to do something."""

    id: UUID | None = None
    flow_id: UUID | None = None
    actions: object = None
    variables: Mapping[str, str] | None = field(default=None)
    webhook_uri: str = ""
    webhook_method: str = ""


class ApiRuns:
    """Begins runs and drives them in tasks of `tasks`, whose owner ends them with the process."""

    def __init__(
        self, database: Database, outside: Outside, tasks: asyncio.TaskGroup, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._outside = outside
        self._tasks = tasks
        self._clock = clock
        self._running = 0

    async def start(self, account_id: AccountId, wish: RunWish) -> Run:
        """Keep the run, answer it, and drive it in the background.

        Raises Invalid (INVALID_VARIABLES, INVALID_ACTION_TYPE, ...), NotFound (FLOW_NOT_FOUND), AlreadyExists (the
        id is taken), Unavailable where too many are running.
        """
        if self._running >= MAX_RUNNING:
            raise Unavailable("Too many runs are going on; try again later")
        run, actions = await self._begin(account_id, wish, self._clock())
        self._drive(run, actions)
        return run

    async def follow(self, run: Run) -> Run | None:
        """Begin the run that follows `run`, which is over: its `on_complete_flow_id`, on no call any more.

        None where nothing follows. For runs of every kind; `run.variables` are copied.
        """
        if run.on_complete_flow_id is None:
            return None
        async with self._database.transaction() as tx:
            flow = await tx.flows.find(run.account_id, run.on_complete_flow_id)
            if flow is None:
                return None
            flow = flow_for(flow, run.reference_id or run.id)
            following = following_run(run, flow, self._clock())
            if following is None:
                return None
            await create_runs(tx, following)
        self._drive(following, flow.actions)
        return following

    async def follow_recording(self, recording: Recording) -> None:
        """Begin the run of a recording's `on_end_flow_id`, once the recording is over; nothing where it has none."""
        await self._follow(
            recording.account_id,
            recording.id,
            recording.on_end_flow_id,
            lambda flow, now: run_of_recording(recording, flow, now),
        )

    async def follow_transcription(self, transcription: Transcription) -> None:
        """The same for a transcription that is over."""
        await self._follow(
            transcription.account_id,
            transcription.id,
            transcription.on_end_flow_id,
            lambda flow, now: run_of_transcription(transcription, flow, now),
        )

    async def follow_summary(self, summary: AiSummary) -> None:
        """The same for a summary that the API ordered."""
        await self._follow(
            summary.account_id,
            summary.id,
            summary.on_end_flow_id,
            lambda flow, now: run_of_summary(summary, flow, now),
        )

    async def begin(
        self, account_id: AccountId, flow_id: FlowId, reference: ReferenceType, reference_id: UUID, facts: Facts
    ) -> Run | None:
        """Begin a run of the flow for what it belongs to; None where the flow is gone.

        Raises Unavailable where too many are running.
        """
        if self._running >= MAX_RUNNING:
            raise Unavailable("Too many runs are going on; try again later")

        def make(flow: Flow, now: datetime) -> Run:
            run = _following_run(account_id, reference, reference_id, flow, now)
            return replace(run, variables={**run.variables, **facts})

        return await self._follow(account_id, reference_id, flow_id, make)

    async def _follow(
        self,
        account_id: AccountId,
        reference_id: UUID,
        flow_id: FlowId | None,
        make: Callable[[Flow, datetime], Run],
    ) -> Run | None:
        if flow_id is None:
            return None
        async with self._database.transaction() as tx:
            flow = await tx.flows.find(account_id, flow_id)
            if flow is None:
                return None
            flow = flow_for(flow, reference_id)
            run = make(flow, self._clock())
            await create_runs(tx, run)
        self._drive(run, flow.actions)
        return run

    async def _begin(self, account_id: AccountId, wish: RunWish, now: datetime) -> tuple[Run, tuple[Action, ...]]:
        variables = check_start_variables(wish.variables)
        if wish.webhook_method not in WEBHOOK_METHODS:
            raise Invalid("webhook_method must be POST, GET, PUT or DELETE", field="webhook_method")
        if wish.webhook_uri:
            wish = replace(wish, webhook_uri=check_url(wish.webhook_uri, field="webhook_uri"))
        actions = validate_actions([] if wish.actions is None else wish.actions)
        run = Run(
            id=RunId(wish.id or new_id(now)),
            account_id=account_id,
            status=RunStatus.RUNNING,
            reference_type=ReferenceType.API,
            created_at=now,
            webhook_uri=wish.webhook_uri,
            webhook_method=wish.webhook_method,
        )
        async with self._database.transaction() as tx:
            if wish.flow_id is not None:
                flow = flow_for(await find_flow(tx, account_id, FlowId(wish.flow_id)), run.id)
                actions = flow.actions
                run = replace(
                    run,
                    flow_id=flow.id,
                    flow_version=flow.version,
                    is_canary=flow.is_canary,
                    on_complete_flow_id=flow.on_complete_flow_id,
                )
            facts = run_facts(run.id, reference_type=run.reference_type.value, flow_id=run.flow_id)
            run = replace(run, variables={**variables, **facts})
            await create_runs(tx, run)
        return run, actions

    def _drive(self, run: Run, actions: tuple[Action, ...]) -> None:
        self._running += 1
        self._tasks.create_task(self._drive_to_the_end(run, actions), name=f"run {run.id}")

    async def _drive_to_the_end(self, run: Run, actions: tuple[Action, ...]) -> None:
        program = FlowProgram(
            actions, medium=Medium.NONE, on_complete_flow_id=run.on_complete_flow_id, variables=run.variables
        )
        ports = StoredRunPorts(self._database, run, self._outside, self._clock)
        try:
            record = await run_program(program, ports, self._clock)
            await self.follow(apply_progress(RunProgress(run, record, self._clock())))
        except Exception:
            log.exception("run_failed", run_id=str(run.id))
        finally:
            self._running -= 1


def run_of_recording(recording: Recording, flow: Flow, now: datetime) -> Run:
    """With the variables of the recording (reference 3.6)."""
    run = _following_run(recording.account_id, ReferenceType.RECORDING, recording.id, flow, now)
    return replace(run, reference_run_id=recording.run_id, variables={**run.variables, **recording_facts(recording)})


def run_of_transcription(transcription: Transcription, flow: Flow, now: datetime) -> Run:
    """With the variables of the transcription (reference 3.6)."""
    run = _following_run(transcription.account_id, ReferenceType.TRANSCRIBE, transcription.id, flow, now)
    return replace(
        run, reference_run_id=transcription.run_id, variables={**run.variables, **transcription_facts(transcription)}
    )


def run_of_summary(summary: AiSummary, flow: Flow, now: datetime) -> Run:
    """With the variables of the summary (reference 3.6)."""
    run = _following_run(summary.account_id, ReferenceType.AI, summary.id, flow, now)
    return replace(run, variables={**run.variables, **summary_facts(summary)})


def _following_run(
    account_id: AccountId, reference: ReferenceType, reference_id: UUID, flow: Flow, now: datetime
) -> Run:
    run_id = RunId(new_id(now))
    return Run(
        id=run_id,
        account_id=account_id,
        status=RunStatus.RUNNING,
        reference_type=reference,
        reference_id=reference_id,
        created_at=now,
        flow_id=flow.id,
        flow_version=flow.version,
        is_canary=flow.is_canary,
        on_complete_flow_id=flow.on_complete_flow_id,
        variables=run_facts(run_id, reference_type=reference.value, reference_id=reference_id, flow_id=flow.id),
    )
