"""Runs that wait at a `block` until somebody lets them go on (`POST /v1.0/activeflows/{id}/continue`)."""

import asyncio
from datetime import datetime

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.flows.run import Run, RunStatus
from dialplane.domain.ids import AccountId, RunId
from dialplane.domain.programs.commands import Done, Failed, Result
from dialplane.services.transaction import Database

LOOK_EVERY_S = 0.5
"""Blocked runs are few, and whoever lets one go on is a person or a slow server."""


async def release_run(database: Database, account_id: AccountId, run_id: RunId, now: datetime) -> Run:
    """Let a run go on that waits at a block.

    Raises NotFound (ACTIVEFLOW_NOT_FOUND), Conflict (STATE_INVALID) where it does not wait.
    """
    async with database.transaction() as tx:
        run = await tx.runs.find(account_id, run_id, lock=True)
        if run is None:
            raise NotFound("There is no such activeflow", reason="ACTIVEFLOW_NOT_FOUND")
        if run.status is RunStatus.ENDED or not run.current_action or run.current_action.get("type") != "block":
            raise Conflict("The activeflow does not wait at a block", reason="STATE_INVALID")
        await tx.runs.release(run_id, now)
    return run


async def wait_for_release(database: Database, run: Run) -> Result:
    """Return when the run is let go on, or was ended meanwhile. Whoever drives the run sets the longest time."""
    while True:
        async with database.transaction() as tx:
            if await tx.runs.take_release(run.id):
                return Done()
            found = await tx.runs.find(run.account_id, run.id)
        if found is None or found.status is RunStatus.ENDED:
            return Failed("the run was stopped")
        await asyncio.sleep(LOOK_EVERY_S)
