"""The duties about messages: hand them to the carrier, take its receipts, drive the runs that inbound ones start."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import RunId
from dialplane.services.messaging.media import MediaPlaces
from dialplane.services.messaging.message_runs import claim_runs, drive
from dialplane.services.messaging.message_sending import (
    MessageCarrier,
    claim_targets,
    record_answer,
    record_no_answer,
    record_receipts,
    submission_of,
    why_not,
)
from dialplane.services.messaging.message_store import QueuedTarget, RunRequest
from dialplane.services.programs.api_runs import ApiRuns, Outside
from dialplane.services.transaction import Database
from dialplane.worker.pool import Pool
from dialplane.worker.ports import Link
from dialplane.worker.repeat import repeat

SENDING_AT_ONCE = 128
"""Their answers are recorded together, a batch at a time."""
RUNS_AT_ONCE = 64
SUBMIT_TIMEOUT_S = 20.0
SWEEP_S = 1.0
RECEIPTS_S = 0.25


class MessageSending:
    """Queued messages go to the carrier, the oldest first."""

    def __init__(self, database: Database, carrier: MessageCarrier, link: Link, clock: Callable[[], datetime]) -> None:
        self.wake = asyncio.Event()
        self._database = database
        self._carrier = carrier
        self._link = link
        self._clock = clock
        self._next_sweep = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until `stopping`; what is under way is ended."""
        async with asyncio.TaskGroup() as owner:
            pool = Pool(owner, SENDING_AT_ONCE, self.wake)
            await repeat("message_sending", lambda: self._step(pool), wake=self.wake, stopping=stopping)

    async def _step(self, pool: Pool) -> bool:
        worker = self._link.number
        if worker is None or not pool.room:
            return False
        sweep = time.monotonic() >= self._next_sweep
        claimed = await claim_targets(self._database, worker, limit=pool.room, sweep=sweep, now=self._clock())
        if sweep:
            self._next_sweep = time.monotonic() + SWEEP_S
        for queued in claimed:
            pool.start("message", self._send(queued))
        return bool(claimed) and pool.room > 0

    async def _send(self, queued: QueuedTarget) -> None:
        if (rejected := why_not(queued, self._clock())) is not None:
            await record_answer(self._database, queued, rejected, self._clock())
            return
        try:
            async with asyncio.timeout(SUBMIT_TIMEOUT_S):
                answer = await self._carrier.submit(submission_of(queued), self._clock())
        except (Unavailable, TimeoutError) as fault:
            await record_no_answer(self._database, queued, str(fault) or "no answer in time", self._clock())
        else:
            await record_answer(self._database, queued, answer, self._clock())


class MessageReceipts:
    """What became of sent messages, from a carrier that is asked."""

    def __init__(self, database: Database, carrier: MessageCarrier, clock: Callable[[], datetime]) -> None:
        self.wake = asyncio.Event()
        self._database = database
        self._carrier = carrier
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        await repeat("message_receipts", self._step, wake=self.wake, stopping=stopping, poll_s=RECEIPTS_S)

    async def _step(self) -> bool:
        receipts = await self._carrier.receipts(self._clock())
        await record_receipts(self._database, receipts, self._clock())
        return bool(receipts)


class MessageRuns:
    """Runs that inbound messages started, and the runs that follow them."""

    def __init__(
        self, database: Database, outside: Outside, places: MediaPlaces, link: Link, clock: Callable[[], datetime]
    ) -> None:
        self.wake = asyncio.Event()
        self._database = database
        self._outside = outside
        self._places = places
        self._link = link
        self._clock = clock
        self._driving: set[RunId] = set()
        self._next_sweep = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Drive runs until `stopping`; those under way are ended."""
        async with asyncio.TaskGroup() as owner:
            pool = Pool(owner, RUNS_AT_ONCE, self.wake)
            following = ApiRuns(self._database, self._outside, owner, self._clock)
            await repeat("message_runs", lambda: self._step(pool, following), wake=self.wake, stopping=stopping)

    async def _step(self, pool: Pool, following: ApiRuns) -> bool:
        worker = self._link.number
        if worker is None or not pool.room:
            return False
        sweep = time.monotonic() >= self._next_sweep
        claimed = await claim_runs(
            self._database, worker, driving=list(self._driving), limit=pool.room, sweep=sweep, now=self._clock()
        )
        if sweep:
            self._next_sweep = time.monotonic() + SWEEP_S
        for request in claimed:
            self._driving.add(request.run_id)
            pool.start("run", self._drive(request, following))
        return bool(claimed) and pool.room > 0

    async def _drive(self, request: RunRequest, following: ApiRuns) -> None:
        try:
            ended = await drive(self._database, request, self._outside, self._places, self._clock)
        finally:
            self._driving.discard(request.run_id)
        if ended is not None:
            await following.follow(ended)
