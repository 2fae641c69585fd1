"""Webhooks: endpoints, deliveries, their signatures, and the decision of what follows an attempt (WH-1, WH-4, WH-6)."""

import base64
import hashlib
import hmac
import os
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, EventId

METHODS = ("POST", "GET", "PUT", "DELETE")

SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""Pauses after the first, second, … failed attempt: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h (WH-4)."""
JITTER = 0.2
MAX_RETRY_AFTER = timedelta(hours=24)

BREAKER_FAILURES = 20
BREAKER_PAUSE = timedelta(seconds=60)
MAX_IN_FLIGHT = 10
ATTEMPT_TIMEOUT_S = 15.0

ROTATION = timedelta(hours=24)
"""So long both the new and the former secret sign."""


MOST_EVENT_TYPES = 100
_EVENT_TYPE = re.compile(r"[a-z]+(_[a-z]+)*(_\*)?")
_LONGEST_EVENT_TYPE = 100


def check_event_types(event_types: Sequence[str]) -> tuple[str, ...]:
    """Each once, in their order. Raises Invalid (`event_types`)."""
    for each in event_types:
        if len(each) > _LONGEST_EVENT_TYPE or not _EVENT_TYPE.fullmatch(each):
            raise Invalid(f"{each[:40]!r} is no event type such as call_hangup or call_*", field="event_types")
    if len(event_types) > MOST_EVENT_TYPES:
        raise Invalid(f"An endpoint names at most {MOST_EVENT_TYPES} event types", field="event_types")
    return tuple(dict.fromkeys(event_types))


class EndpointKind(StrEnum):
    CUSTOMER = "customer"
    """The account's own address, which `PUT /customer` writes."""
    EXTRA = "extra"
    RUN = "run"
    """The address of activeflows; gets the events of the runs that name it."""
    HOOK = "hook"
    """The address that numbers hand their inbound messages to; gets nothing else."""
    CALLBACK = "callback"
    """An address, without its query, that is told of the progress of calls, recordings, messages, …"""


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Endpoint:
    id: EndpointId
    account_id: AccountId
    kind: EndpointKind
    url: str
    method: str
    secret: str = field(repr=False)
    created_at: datetime
    name: str = ""
    previous_secret: str | None = field(default=None, repr=False)
    previous_secret_until: datetime | None = None
    enabled: bool = True
    disabled_reason: str = ""
    failures_in_a_row: int = 0
    open_until: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    event_types: tuple[str, ...] = ()
    """Which events it gets: `call_hangup`, or `call_*` for all about calls; none named: all. The endpoints of an
    account only; what others get is said where they are named."""

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign at `now`, the newest first."""
        if self.previous_secret and self.previous_secret_until and now < self.previous_secret_until:
            return (self.secret, self.previous_secret)
        return (self.secret,)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `http_status` is None where nothing answered, and `error` says why."""

    number: int
    started_at: datetime
    duration_ms: int
    http_status: int | None
    error: str
    response_head: str


@dataclass(frozen=True, slots=True)
class Delivery:
    id: DeliveryId
    account_id: AccountId
    endpoint_id: EndpointId
    event_id: EventId
    event_type: str
    url: str
    status: DeliveryStatus
    attempt_count: int
    due_at: datetime
    created_at: datetime
    replay_of: DeliveryId | None = None
    finished_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from an endpoint: a status with the head of the body, or None and the reason in `error`."""

    status: int | None
    error: str
    head: str = ""
    retry_after: str = ""
    duration_ms: int = 0
    rejected: bool = False
    """The body says that what was sent was not taken; `error` says how."""

    @property
    def is_success(self) -> bool:
        """2xx only: a redirect is a failure and is never followed."""
        return not self.rejected and self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The receiver says that it never wants another one."""
        return self.status == 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt by `worker` made of its delivery. `due_at` is the next attempt's time while it is pending."""

    worker: int
    delivery_id: DeliveryId
    endpoint_id: EndpointId
    status: DeliveryStatus
    due_at: datetime
    started_at: datetime
    reply: Reply


@dataclass(frozen=True, slots=True)
class EndpointOutcome:
    """What a batch of attempts says about their endpoint."""

    endpoint_id: EndpointId
    succeeded: bool
    """At least one attempt was answered with 2xx, which closes the breaker."""
    failures: int
    """Failures since the last success of the batch."""
    gone: bool
    open_until: datetime
    """The breaker's time, if these failures open it."""


def judge(attempts: int, reply: Reply, now: datetime) -> tuple[DeliveryStatus, datetime]:
    """What follows attempt number `attempts`: delivered, tried again at a time, or given up."""
    if reply.is_success:
        return DeliveryStatus.DELIVERED, now
    due_at = None if reply.is_gone else next_attempt(attempts, reply.retry_after, now)
    return (DeliveryStatus.FAILED, now) if due_at is None else (DeliveryStatus.PENDING, due_at)


def judge_endpoints(outcomes: Sequence[Outcome], now: datetime) -> list[EndpointOutcome]:
    """One verdict for each endpoint of a batch, whose outcomes stand in the order in which they came in."""
    found: dict[EndpointId, EndpointOutcome] = {}
    for outcome in outcomes:
        known = found.get(outcome.endpoint_id)
        found[outcome.endpoint_id] = EndpointOutcome(
            outcome.endpoint_id,
            succeeded=outcome.reply.is_success or (known is not None and known.succeeded),
            failures=0 if outcome.reply.is_success else (known.failures if known else 0) + 1,
            gone=outcome.reply.is_gone or (known is not None and known.gone),
            open_until=now + BREAKER_PAUSE,
        )
    return list(found.values())


def new_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


def standard_signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body` (Standard Webhooks 1.0.0)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def voipbin_signature(secret: str, body: bytes) -> str:
    """`sha256=` and the hex HMAC of the raw body; the key is the secret's whole text, prefix included."""
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def signed_headers(endpoint: Endpoint, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of one attempt at `now`. VoIPBIN's header can carry one signature only: the newest secret's."""
    timestamp = int(now.timestamp())
    secrets = endpoint.secrets(now)
    return {
        "Content-Type": "application/json",
        "X-VoIPBIN-Signature": voipbin_signature(secrets[0], body),
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(standard_signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def next_attempt(attempts: int, retry_after: str, now: datetime, *, spread: float | None = None) -> datetime | None:
    """When to try again after `attempts` failed ones; None where the schedule is used up.

    `spread` in -1 … 1 is the jitter's share, random where None. A `Retry-After` (seconds or an HTTP date) only ever
    makes the pause longer, and never longer than a day.
    """
    if attempts > len(SCHEDULE):
        return None
    share = random.uniform(-1, 1) if spread is None else spread
    pause = SCHEDULE[attempts - 1] * (1 + JITTER * share)
    return now + max(pause, min(_asked_pause(retry_after, now), MAX_RETRY_AFTER))


def _asked_pause(retry_after: str, now: datetime) -> timedelta:
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:10]), 86400))
    try:
        asked = parsedate_to_datetime(text)
    except ValueError:
        return timedelta(0)
    return asked - now if asked.tzinfo is not None else timedelta(0)
