"""Sending webhooks: what a worker claims, what it sends, and what follows (WH-1, WH-3, WH-4, WH-6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from dialplane.domain.webhooks import ATTEMPT_TIMEOUT_S, Outcome, Reply, judge, judge_endpoints, signed_headers
from dialplane.services.transaction import Database
from dialplane.services.webhooks import ClaimedDelivery

LEASE = timedelta(seconds=2 * ATTEMPT_TIMEOUT_S)
"""Longer than an attempt can take, so that only a stopped or lost worker loses a delivery to another."""


async def settle_and_claim(
    database: Database, worker: int, outcomes: Sequence[Outcome], *, limit: int, sweep: bool, now: datetime
) -> Sequence[ClaimedDelivery]:
    """Write down what was sent and take at most `limit` more, in one transaction.

    With `sweep`, leases of dead workers are given back first. Settling twice has no second effect.
    """
    async with database.transaction() as tx:
        if outcomes:
            await tx.webhooks.settle(outcomes, judge_endpoints(outcomes, now))
        if sweep:
            await tx.webhooks.free_leases(now=now)
        return await tx.webhooks.claim(worker, now=now, until=now + LEASE, limit=limit) if limit else []


def build_request(claimed: ClaimedDelivery, now: datetime) -> tuple[bytes, dict[str, str]]:
    """The body, exactly `{"type": …, "data": …}`, and the signed headers of one attempt at `now`."""
    body = b'{"type":' + msgspec.json.encode(claimed.event_type) + b',"data":' + claimed.event_data.encode() + b"}"
    headers = signed_headers(claimed.endpoint, str(claimed.event_id), body, now)
    return body, headers | {"X-Dialplane-Sequence": str(claimed.resource_seq)}


def conclude(claimed: ClaimedDelivery, reply: Reply, started_at: datetime, now: datetime) -> Outcome:
    """What follows the attempt that was answered by `reply`."""
    status, due_at = judge(claimed.attempts + 1, reply, now)
    return Outcome(claimed.worker, claimed.id, claimed.endpoint.id, status, due_at, started_at, reply)
