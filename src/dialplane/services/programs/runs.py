"""Runs (VoIPBIN's activeflows): made when something starts a flow, kept as they go, stopped and deleted by their owner.

The runtimes call `create_runs` and `save_progress` in their own transactions; both take any number at once.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.errors import AlreadyExists, Conflict, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.facts import run_facts
from dialplane.domain.flows.flow import Flow
from dialplane.domain.flows.machine import MAX_COMPLETIONS
from dialplane.domain.flows.run import ReferenceType, Run, RunProgress, RunStatus, steps_to_tell
from dialplane.domain.ids import AccountId, CallId, FlowId, RunId, new_id
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.calling.new_calls import run_of_call
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.runs import moved_shape, run_shape
from dialplane.services.transaction import Database, Transaction

LOOK_AGAIN_S = 0.5
"""How often a blocked run looks whether it may go on; it may belong to any process."""


class RunStore(Protocol):
    """Port. Deleted runs are never found."""

    async def add_many(self, runs: Sequence[Run]) -> set[RunId]:
        """Insert in one round trip; gives the ids that were new."""
        ...

    async def add_fresh(self, runs: Sequence[Run]) -> None:
        """Insert runs whose ids were made just now. Works on a `together`, too."""
        ...

    async def save_progress(self, latest: Sequence[RunProgress]) -> set[RunId]:
        """Write where runs stand, each of them once; gives those that were still running."""
        ...

    async def find(self, account_id: AccountId, run_id: RunId, *, lock: bool = False) -> Run | None: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Run]:
        """Newest first; those made before `before`."""
        ...

    async def count_canary(self, account_id: AccountId, flow_id: FlowId, version: int) -> tuple[int, int]:
        """How many runs took the version as a canary, and how many of them ended with an error."""
        ...

    async def newest_of_canary(
        self, account_id: AccountId, flow_id: FlowId, version: int, *, limit: int
    ) -> list[Run]: ...

    async def end(self, run_id: RunId, error: str, now: datetime) -> None: ...

    async def let_go_on(self, run_id: RunId, now: datetime) -> None:
        """Note that somebody let a blocked run go on."""
        ...

    async def continued_at(self, run_id: RunId) -> datetime | None: ...

    async def delete(self, run_id: RunId, now: datetime) -> None: ...

    async def abandoned(self, *, created_before: datetime, limit: int) -> list[Run]:
        """Running runs without a call that began before that time; locked, those that others hold left out."""
        ...


async def create_runs(tx: Transaction, *runs: Run) -> None:
    """Keep new runs and tell of them.

    Raises AlreadyExists where an id is taken.
    """
    if runs and len(await tx.runs.add_many(runs)) < len(runs):
        raise AlreadyExists("There is a run with this id already", reason="ALREADY_EXISTS", field="id")
    await publish(tx, *(created_event(run) for run in runs))


def created_event(run: Run) -> Event:
    return _event(run, "activeflow_created", run.created_at)


async def save_progress(tx: Transaction, records: Sequence[RunProgress]) -> frozenset[RunId]:
    """Write where runs stand and tell of it.

    Gives the ids of the runs that were still running; the others have been stopped or deleted meanwhile and their
    driver should let go of them.
    """
    events = [event for told in await move_runs(tx, records) for event in told]
    await publish(tx, *events)
    return frozenset(RunId(event.resource_id) for event in events)


async def move_runs(tx: Transaction, records: Sequence[RunProgress]) -> list[list[Event]]:
    """Write the last record of each run that is still running. The events are for the caller to publish: for every
    record one after each action that it brought, in order; none for a run that is over."""
    if not records:
        return []
    latest = {progress.run.id: progress for progress in records}
    running = await tx.runs.save_progress(list(latest.values()))
    shapes = {run_id: run_shape(progress.run) for run_id, progress in latest.items() if run_id in running}
    return [_told(progress, shapes[progress.run.id]) if progress.run.id in shapes else [] for progress in records]


def _told(progress: RunProgress, shape: Mapping[str, object]) -> list[Event]:
    run = progress.run
    return [
        Event(run.account_id, "activeflow_updated", run.id, moved_shape(shape, step), step.at, run_id=run.id)
        for step in steps_to_tell(progress)
    ]


async def list_runs(database: Database, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Run]:
    """Newest first; those made before `before`."""
    async with database.browsing() as tx:
        return await tx.runs.list_for(account_id, before=before, limit=limit)


async def get_run(database: Database, account_id: AccountId, run_id: RunId) -> Run:
    """Raises NotFound (ACTIVEFLOW_NOT_FOUND) for another account's run too."""
    async with database.reading() as tx:
        return await _find(tx, account_id, run_id)


async def stop_run(database: Database, account_id: AccountId, run_id: RunId, now: datetime) -> Run:
    """End the run, and its call where it has one.

    Raises Conflict (ACTIVEFLOW_ALREADY_STOPPED) where it has ended.
    """
    async with database.transaction() as tx:
        run = await _find(tx, account_id, run_id, lock=True)
        if run.status is RunStatus.ENDED:
            raise Conflict("The run has ended already", reason="ACTIVEFLOW_ALREADY_STOPPED")
        return await _stop(tx, run, now)


async def continue_run(database: Database, account_id: AccountId, run_id: RunId, now: datetime) -> Run:
    """Let a run that is blocked go on; nothing where it is not. Raises Conflict (ACTIVEFLOW_ALREADY_STOPPED)."""
    async with database.transaction() as tx:
        run = await _find(tx, account_id, run_id)
        if run.status is RunStatus.ENDED:
            raise Conflict("The run has ended already", reason="ACTIVEFLOW_ALREADY_STOPPED")
        await tx.runs.let_go_on(run_id, now)
        call_id = run.reference_id if run.reference_type is ReferenceType.CALL else None
        call = await tx.calls.find(account_id, CallId(call_id)) if call_id else None
        if call is not None:
            await tx.calls.post_commands([NodeCommand(new_id(now), call.node, call.id, "continue", {}, now)])
    return run


async def wait_for_go_on(database: Database, run: Run, since: datetime) -> None:
    """Wait until somebody lets the run, which has no call, go on. Whoever waits must end it with the run."""
    while True:
        async with database.reading() as tx:
            told_at = await tx.runs.continued_at(run.id)
        if told_at is not None and told_at >= since:
            return
        await asyncio.sleep(LOOK_AGAIN_S)


async def begin_run_of_call(database: Database, call: Call, now: datetime) -> Run:
    """A new run of a live call that had none of its own."""
    run = run_of_call(replace(call, run_id=None), None, None, now)
    async with database.transaction() as tx:
        await create_runs(tx, run)
    return run


async def delete_run(database: Database, account_id: AccountId, run_id: RunId, now: datetime) -> Run:
    """Take the run out of the lists; one that is still going on is stopped first."""
    async with database.transaction() as tx:
        run = await _find(tx, account_id, run_id, lock=True)
        if run.status is RunStatus.RUNNING:
            run = await _stop(tx, run, now)
        await tx.runs.delete(run_id, now)
        deleted = replace(run, deleted_at=now, updated_at=now)
        await publish(tx, _event(deleted, "activeflow_deleted", now))
    return deleted


async def end_abandoned_runs(database: Database, *, created_before: datetime, now: datetime) -> int:
    """End runs whose process died, so that none shows as running for ever. Gives how many."""
    async with database.transaction() as tx:
        runs = await tx.runs.abandoned(created_before=created_before, limit=500)
        for run in runs:
            await tx.runs.end(run.id, "interrupted", now)
        ended = [replace(_ended(run, now), error="interrupted") for run in runs]
        await publish(tx, *(_event(run, "activeflow_updated", now) for run in ended))
    return len(runs)


async def interrupt_runs(tx: Transaction, runs: Iterable[tuple[AccountId, RunId]], now: datetime) -> list[Event]:
    """End runs whose call was cut off by the death of its node; those that have ended stay as they are. What is to be
    told of them, after what is told of their calls."""
    told = []
    for account_id, run_id in sorted(set(runs), key=lambda pair: pair[1]):
        run = await tx.runs.find(account_id, run_id, lock=True)
        if run is not None and run.status is RunStatus.RUNNING:
            await tx.runs.end(run_id, "interrupted", now)
            told.append(_event(replace(_ended(run, now), error="interrupted"), "activeflow_updated", now))
    return told


def following_run(run: Run, flow: Flow, now: datetime) -> Run | None:
    """The run of `flow` that begins when `run` is over: same reference, variables copied (reference 3.4).

    None where the chain is at its end.
    """
    if run.complete_count >= MAX_COMPLETIONS:
        return None
    run_id = RunId(new_id(now))
    facts = run_facts(
        run_id,
        reference_type=run.reference_type.value,
        reference_id=run.reference_id,
        reference_run_id=run.id,
        flow_id=flow.id,
        complete_count=run.complete_count + 1,
    )
    return Run(
        id=run_id,
        account_id=run.account_id,
        status=RunStatus.RUNNING,
        reference_type=run.reference_type,
        created_at=now,
        flow_id=flow.id,
        flow_version=flow.version,
        is_canary=flow.is_canary,
        reference_id=run.reference_id,
        reference_run_id=run.id,
        on_complete_flow_id=flow.on_complete_flow_id,
        complete_count=run.complete_count + 1,
        webhook_uri=run.webhook_uri,
        webhook_method=run.webhook_method,
        variables={**run.variables, **facts},
    )


async def _find(tx: Transaction, account_id: AccountId, run_id: RunId, *, lock: bool = False) -> Run:
    run = await tx.runs.find(account_id, run_id, lock=lock)
    if run is None:
        raise NotFound("There is no such activeflow", reason="ACTIVEFLOW_NOT_FOUND")
    return run


async def _stop(tx: Transaction, run: Run, now: datetime) -> Run:
    await tx.runs.end(run.id, run.error, now)
    await _hang_up(tx, run, now)
    stopped = _ended(run, now)
    await publish(tx, _event(stopped, "activeflow_updated", now))
    return stopped


async def _hang_up(tx: Transaction, run: Run, now: datetime) -> None:
    if run.reference_type is not ReferenceType.CALL or run.reference_id is None:
        return
    call = await tx.calls.find(run.account_id, CallId(run.reference_id))
    if call is not None and call.status is not CallStatus.HANGUP:
        await tx.calls.post_commands([NodeCommand(new_id(now), call.node, call.id, "hangup", {}, now)])


def _ended(run: Run, now: datetime) -> Run:
    return replace(run, status=RunStatus.ENDED, ended_at=now, updated_at=now, forward_action_id=None)


def _event(run: Run, type: str, at: datetime) -> Event:
    return Event(run.account_id, type, run.id, run_shape(run), at, run_id=run.id)
