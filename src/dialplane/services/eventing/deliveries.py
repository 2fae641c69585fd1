"""Sending webhooks: what a worker claims, what it sends, and what follows (WH-1, WH-3, WH-4, WH-6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from dialplane.domain.eventing.webhooks import (
    ATTEMPT_TIMEOUT_S,
    EndpointKind,
    Outcome,
    Reply,
    judge,
    judge_endpoints,
    signed_headers,
)
from dialplane.domain.messaging.message_hooks import read_answer
from dialplane.domain.rcml.forms import FORM_TYPE, SIGNATURE, place_form
from dialplane.services.eventing.webhook_store import ClaimedDelivery
from dialplane.services.settings import read_clock
from dialplane.services.transaction import Database

LEASE = timedelta(seconds=2 * ATTEMPT_TIMEOUT_S)
"""Longer than an attempt can take, so that only a stopped or lost worker loses a delivery to another."""


async def settle_and_claim(
    database: Database,
    worker: int,
    outcomes: Sequence[Outcome],
    *,
    limit: int,
    sweep: bool,
    now: datetime,
    ahead: timedelta = timedelta(0),
) -> Sequence[ClaimedDelivery]:
    """Write down what was sent and take at most `limit` more, in one transaction.

    With `sweep`, leases of dead workers are given back first. Settling twice has no second effect. What is due goes by
    a clock that may be `ahead` of `now` (the sandbox's); leases go by `now`.
    """
    async with database.transaction() as tx:
        if outcomes:
            await tx.webhooks.settle(outcomes, judge_endpoints(outcomes, now + ahead))
        if sweep:
            await tx.webhooks.free_leases(now=now)
        return await tx.webhooks.claim(worker, now=now + ahead, until=now + LEASE, limit=limit) if limit else []


async def read_ahead(database: Database, now: datetime) -> timedelta:
    """How far the sandbox's clock is ahead: a test waits a day for a retry by moving it. Never less than nothing, so
    that a clock that was set back stops no delivery."""
    return max(timedelta(0), await read_clock(database, now=now) - now)


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What one attempt sends."""

    body: bytes
    headers: dict[str, str]
    query: tuple[tuple[str, str], ...] = ()
    """Appended to the address."""
    url: str = ""
    """The address to the letter, because it is signed; empty: the endpoint's."""


def build_request(claimed: ClaimedDelivery, now: datetime) -> WebhookRequest:
    """One attempt at `now`, signed. The body is exactly `{"type": …, "data": …}`; a message hook gets the data alone,
    as JSON or, by GET, as the query."""
    if claimed.endpoint.kind is EndpointKind.CALLBACK:
        return _callback(claimed)
    body = claimed.event_data.encode()
    query: tuple[tuple[str, str], ...] = ()
    if claimed.endpoint.kind is not EndpointKind.HOOK:
        body = b'{"type":' + msgspec.json.encode(claimed.event_type) + b',"data":' + body + b"}"
    elif claimed.endpoint.method == "GET":
        body, query = b"", _as_query(body)
    headers = signed_headers(claimed.endpoint, str(claimed.event_id), body, now)
    if not body:
        del headers["Content-Type"]  # a receiver that trusts it would look for JSON in nothing
    return WebhookRequest(body, headers | {"X-Dialplane-Sequence": str(claimed.resource_seq)}, query)


class CallbackData(msgspec.Struct):
    """The data of a status callback (`status_callbacks.tell`)."""

    query: str
    form: list[tuple[str, str]]
    signature: str


def _callback(claimed: ClaimedDelivery) -> WebhookRequest:
    """As Twilio sends it: parameters in the body or the query, and its signature."""
    told = msgspec.json.decode(claimed.event_data, type=CallbackData)
    _, body = place_form("", claimed.endpoint.method, told.form)
    headers = {SIGNATURE: told.signature, "I-Twilio-Idempotency-Token": str(claimed.event_id)}
    if body:
        headers["Content-Type"] = FORM_TYPE
    url = claimed.endpoint.url
    return WebhookRequest(body.encode(), headers, url=f"{url}?{told.query}" if told.query else url)


def _as_query(data: bytes) -> tuple[tuple[str, str], ...]:
    fields = msgspec.json.decode(data, type=dict[str, str | list[str]])
    return tuple(
        (name, text) for name, value in fields.items() for text in ([value] if isinstance(value, str) else value)
    )


def understand(claimed: ClaimedDelivery, reply: Reply) -> Reply:
    """The reply as this kind of receiver means it: that of a message hook speaks in its body."""
    return read_answer(reply) if claimed.endpoint.kind is EndpointKind.HOOK else reply


def conclude(claimed: ClaimedDelivery, reply: Reply, started_at: datetime, now: datetime) -> Outcome:
    """What follows the attempt that was answered by `reply`."""
    status, due_at = judge(claimed.attempts + 1, reply, now)
    return Outcome(claimed.worker, claimed.id, claimed.endpoint.id, status, due_at, started_at, reply)
