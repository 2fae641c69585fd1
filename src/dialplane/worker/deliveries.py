"""The duty that sends webhooks: many at once, each endpoint within its bounds, every result written down."""

import asyncio
import time
from datetime import timedelta

import structlog

from dialplane.domain.eventing.webhooks import ATTEMPT_TIMEOUT_S, Outcome, Reply
from dialplane.domain.ids import utc_now
from dialplane.services.eventing.deliveries import build_request, conclude, read_ahead, settle_and_claim, understand
from dialplane.services.eventing.webhook_store import ClaimedDelivery
from dialplane.services.transaction import Database
from dialplane.worker.figures import WorkerFigures
from dialplane.worker.ports import Link, WebhookSender
from dialplane.worker.repeat import repeat

MAX_AT_ONCE = 256
SWEEP_S = 1.0
GATHER_S = 0.005
"""What ends within this time is settled in one transaction: less work for the store, for a delay that nobody sees."""

log = structlog.get_logger()


class Deliveries:
    """What one step finds finished is settled together with the next claim, so that load makes batches by itself."""

    def __init__(
        self, database: Database, sender: WebhookSender, link: Link, figures: WorkerFigures | None = None
    ) -> None:
        self.wake = asyncio.Event()
        self._database = database
        self._sender = sender
        self._link = link
        self._figures = figures or WorkerFigures()
        self._sending: set[asyncio.Task[None]] = set()
        self._finished: list[Outcome] = []
        self._next_sweep = 0.0
        self._ahead = timedelta(0)

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until `stopping`; then what is under way is ended and written down."""
        async with asyncio.TaskGroup() as owner:
            await repeat("deliveries", lambda: self._step(owner), wake=self.wake, stopping=stopping, gather_s=GATHER_S)
            if self._sending:
                await asyncio.wait(self._sending)
        if self._finished:
            try:
                await settle_and_claim(self._database, 0, self._finished, limit=0, sweep=False, now=utc_now())
            except Exception:  # the edge of the duty: what is not written down is sent again, with the same id
                log.exception("deliveries_not_settled", count=len(self._finished))

    async def _step(self, owner: asyncio.TaskGroup) -> bool:
        worker = self._link.number
        if worker is None:
            return False
        sweep = time.monotonic() >= self._next_sweep
        if sweep:
            self._ahead = await read_ahead(self._database, utc_now())
        settled = list(self._finished)
        room = MAX_AT_ONCE - len(self._sending)
        claimed = await settle_and_claim(
            self._database, worker, settled, limit=room, sweep=sweep, now=utc_now(), ahead=self._ahead
        )
        del self._finished[: len(settled)]
        if sweep:
            self._next_sweep = time.monotonic() + SWEEP_S
        for delivery in claimed:
            task = owner.create_task(self._send(delivery))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return 0 < room <= len(claimed)

    async def _send(self, claimed: ClaimedDelivery) -> None:
        started_at = utc_now()
        request = build_request(claimed, started_at)
        endpoint = claimed.endpoint
        try:
            reply = await self._sender.deliver(
                request.url or endpoint.url,
                endpoint.method,
                request.body,
                request.headers,
                query=request.query,
                timeout_s=ATTEMPT_TIMEOUT_S,
            )
            reply = understand(claimed, reply)
        except Exception as fault:  # the edge of the task: one delivery's fault must not end the others
            log.exception("webhook_not_sent", delivery_id=str(claimed.id), fault=type(fault).__name__)
            reply = Reply(None, "the request could not be made")
        if not reply.is_success:
            log.info(
                "webhook_failed", endpoint_id=str(endpoint.id), delivery_id=str(claimed.id), status=reply.status,
                error=reply.error,
            )  # fmt: skip
        ended_at = utc_now()
        self._figures.delivered(reply, (ended_at - started_at).total_seconds())
        self._finished.append(conclude(claimed, reply, started_at, ended_at + self._ahead))
        self.wake.set()
