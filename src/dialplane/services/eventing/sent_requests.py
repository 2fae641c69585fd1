"""What a delivery sent, to the letter: made again from the event as it was published and the time of each attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from dialplane.domain.errors import NotFound
from dialplane.domain.eventing.webhooks import ROTATION, Attempt, Delivery, Endpoint, EndpointKind
from dialplane.domain.ids import AccountId, DeliveryId
from dialplane.services.eventing.deliveries import WebhookRequest, build_request
from dialplane.services.eventing.webhook_store import ClaimedDelivery
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One attempt's request. Beside these headers the client sends its own (`Host`, `Content-Length`)."""

    attempt: Attempt
    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    signed: str
    """The text that the signature is worked out over."""


@dataclass(frozen=True, slots=True)
class SentDelivery:
    delivery: Delivery
    endpoint: Endpoint
    requests: tuple[SentRequest, ...]
    """By attempt. The address is the endpoint's of today, and a secret that was rotated twice since is not known any
    more: its attempts show the signature of the next one."""
    waiting: SentRequest | None
    """What is sent next, as it would be sent now; None where nothing is."""


async def get_sent(database: Database, account_id: AccountId, delivery_id: DeliveryId, now: datetime) -> SentDelivery:
    """Raises NotFound."""
    async with database.reading() as tx:
        delivery = await tx.webhooks.find_delivery(account_id, delivery_id)
        claimed = await tx.webhooks.find_claimed(account_id, delivery_id)
    if delivery is None or claimed is None:
        raise NotFound("No such webhook delivery", reason="RESOURCE_NOT_FOUND")
    requests = tuple(_sent(claimed, attempt) for attempt in delivery.attempts)
    waiting = None
    if delivery.finished_at is None:
        upcoming = Attempt(delivery.attempt_count + 1, now, 0, None, "", "")
        waiting = _sent(claimed, upcoming)
    return SentDelivery(delivery, claimed.endpoint, requests, waiting)


def _sent(claimed: ClaimedDelivery, attempt: Attempt) -> SentRequest:
    endpoint = _endpoint_then(claimed.endpoint, attempt.started_at)
    request = build_request(replace(claimed, endpoint=endpoint), attempt.started_at)
    url = request.url or endpoint.url
    if request.query:
        url += ("&" if "?" in url else "?") + urlencode(request.query)
    body = request.body.decode("utf-8", "replace")
    return SentRequest(attempt, endpoint.method, url, request.headers, body, _signed(endpoint, request, url, body))


def _endpoint_then(endpoint: Endpoint, at: datetime) -> Endpoint:
    """With the secrets that it had."""
    until = endpoint.previous_secret_until
    if endpoint.previous_secret and until is not None and at < until - ROTATION:
        return replace(endpoint, secret=endpoint.previous_secret, previous_secret=None, previous_secret_until=None)
    return endpoint


def _signed(endpoint: Endpoint, request: WebhookRequest, url: str, body: str) -> str:
    """WH-1; of a status callback WH-2."""
    if endpoint.kind is EndpointKind.CALLBACK:
        return url + "".join(name + value for name, value in sorted(set(parse_qsl(body, keep_blank_values=True))))
    return f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.{body}"
