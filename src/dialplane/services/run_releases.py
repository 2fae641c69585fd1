"""Runs without a call that wait at a `block` until somebody lets them go on (`services.runs.continue_run`)."""

import asyncio

from dialplane.domain.flows.run import Run, RunStatus
from dialplane.domain.programs.commands import Done, Failed, Result
from dialplane.services.transaction import Database

LOOK_EVERY_S = 0.5
"""Blocked runs are few, and whoever lets one go on is a person or a slow server."""


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
