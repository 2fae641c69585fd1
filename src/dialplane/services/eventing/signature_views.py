"""Looking at a request whose signature a receiver does not accept: what it saw, beside what was sent (WH-1, WH-2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.signature_views import (
    ID,
    TWILIO_ID,
    Finding,
    Original,
    Seen,
    Verdict,
    View,
    scheme_of,
    view_callback,
    view_webhook,
)
from dialplane.domain.eventing.webhooks import EndpointKind
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, EventId
from dialplane.services.eventing.sent_requests import SentDelivery, get_sent
from dialplane.services.eventing.webhooks import get_endpoint
from dialplane.services.transaction import Database

MAX_URL = 4096
MAX_HEADERS = 100
MAX_HEADER = 8192
MAX_BODY = 262_144


@dataclass(frozen=True, slots=True)
class SignatureView:
    """What was found, and the delivery and endpoint that it was held against; None where none is known."""

    view: View
    delivery_id: DeliveryId | None
    endpoint_id: EndpointId | None


async def view_signature(
    database: Database, account_id: AccountId, seen: Seen, endpoint_id: EndpointId | None, now: datetime
) -> SignatureView:
    """Say which part of a request is at fault. The event is found by the header that carries its id; `endpoint_id`
    says which endpoint it was for where that header is missing.

    Raises Invalid, NotFound (the endpoint).
    """
    _check(seen)
    given = None if endpoint_id is None else await get_endpoint(database, account_id, endpoint_id)
    deliveries = await _deliveries_of(database, account_id, seen, now)
    if given is not None:
        deliveries = [each for each in deliveries if each.endpoint.id == given.id]
    if scheme_of(seen.headers) == "twilio":
        return await _view_callback(database, account_id, seen, deliveries)
    views = [
        SignatureView(
            view_webhook(seen, sent.endpoint, _originals(sent), now), sent.delivery.id, sent.delivery.endpoint_id
        )
        for sent in deliveries
        if sent.endpoint.kind is not EndpointKind.CALLBACK
    ]
    if views:
        return min(views, key=_faults)
    if given is not None:
        return SignatureView(_with_unknown_event(view_webhook(seen, given, (), now)), None, given.id)
    return SignatureView(View(scheme_of(seen.headers), is_valid=False, findings=(_unknown_event(seen),)), None, None)


def _check(seen: Seen) -> None:
    try:
        urlsplit(seen.url).port  # noqa: B018  its reading is the check
    except ValueError as fault:
        raise Invalid(f"url is no address: {fault}", field="url") from fault
    if len(seen.headers) > MAX_HEADERS or any(len(name + value) > MAX_HEADER for name, value in seen.headers.items()):
        raise Invalid(f"At most {MAX_HEADERS} headers of {MAX_HEADER} characters", field="headers")


async def _deliveries_of(database: Database, account_id: AccountId, seen: Seen, now: datetime) -> list[SentDelivery]:
    try:
        event_id = EventId(UUID(seen.headers.get(ID) or seen.headers.get(TWILIO_ID, "")))
    except ValueError:
        return []
    async with database.reading() as tx:
        found = await tx.webhook_log.find_by_event(account_id, event_id)
    return [await get_sent(database, account_id, delivery_id, now) for delivery_id in found]


async def _view_callback(
    database: Database, account_id: AccountId, seen: Seen, deliveries: Sequence[SentDelivery]
) -> SignatureView:
    async with database.reading() as tx:
        account = await tx.accounts.get(account_id)
    told = next((sent for sent in deliveries if sent.endpoint.kind is EndpointKind.CALLBACK), None)
    view = view_callback(seen, account.auth_token, _originals(told) if told else ())
    return SignatureView(view, told.delivery.id if told else None, told.endpoint.id if told else None)


def _originals(sent: SentDelivery) -> list[Original]:
    requests = sent.requests or ((sent.waiting,) if sent.waiting else ())
    return [
        Original(
            request.url,
            request.method,
            {name.lower(): value for name, value in request.headers.items()},
            request.body,
        )
        for request in requests
    ]


def _faults(found: SignatureView) -> tuple[bool, int]:
    """An event goes to several endpoints: the one that fits best is meant."""
    view = found.view
    return not view.is_valid, sum(finding.verdict is not Verdict.OK for finding in view.findings)


def _unknown_event(seen: Seen) -> Finding:
    name = seen.headers.get(ID, "")
    says = (
        f"no event of this account has the id {name[:100]}" if name else f"{ID} is missing, so the event is not known"
    )
    advice = "Give all headers as they came, or the endpoint that the request was for."
    return Finding(f"header {ID}", Verdict.PROBLEM, says, advice)


def _with_unknown_event(view: View) -> View:
    """Held against an endpoint's secrets alone: what was sent is not known."""
    says = "what was sent is not known: no event of this endpoint has the id in webhook-id"
    return View(view.scheme, view.is_valid, (*view.findings, Finding("event", Verdict.WARNING, says)))
