"""Webhook endpoints as a resource, and the log of what was sent to them, with replay (WH-7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from dialplane.domain.errors import Conflict, Invalid, LimitExceeded, NotFound
from dialplane.domain.eventing.webhooks import (
    METHODS,
    ROTATION,
    Delivery,
    DeliveryStatus,
    Endpoint,
    EndpointKind,
    check_event_types,
    new_secret,
)
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, new_id
from dialplane.services.transaction import Database, Transaction

MAX_URL = 2048
MAX_NAME = 255
MAX_ENDPOINTS = 50
"""Extra endpoints of one account: each gets every event, so their number multiplies the work."""
MAX_REPLAYS = 100
"""Deliveries that one request sends again."""


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What to change; None leaves a field as it is."""

    url: str | None = None
    method: str | None = None
    name: str | None = None
    enabled: bool | None = None
    event_types: Sequence[str] | None = None


def check_url(url: str, *, field: str = "url") -> str:
    """The address without blanks around it. The form only: where it leads is checked by the client that connects
    (SSRF-1), each time.

    Raises Invalid.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        good = good and parts.port != 0
    except ValueError:
        good = False
    if not good or len(url) > MAX_URL or any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise Invalid(f"The webhook address must be an http or https URL of at most {MAX_URL} characters", field=field)
    return url


def check_method(method: str) -> str:
    """The method in capitals; empty means POST. Raises Invalid."""
    wanted = method.upper() or "POST"
    if wanted not in METHODS:
        raise Invalid(f"The method must be one of {', '.join(METHODS)}", field="method")
    return wanted


async def set_customer_webhook(
    tx: Transaction, account_id: AccountId, uri: str, method: str, now: datetime
) -> Endpoint | None:
    """Point the account's own webhook to `uri`; empty takes it away. The secret stays for as long as it exists.

    Writing an address again enables an endpoint that was disabled.

    Raises Invalid.
    """
    current = await tx.webhooks.find_customer_endpoint(account_id)
    if not uri:
        if current is not None:
            await _remove(tx, current, now)
        return None
    uri = check_url(uri, field="webhook_uri")
    wanted = check_method(method)
    if current is None:
        endpoint = _new(account_id, EndpointKind.CUSTOMER, uri, wanted, "", now)
        await tx.webhooks.add_endpoint(endpoint)
        return endpoint
    if (current.url, current.method, current.enabled) == (uri, wanted, True):
        return current
    changed = _enabled(replace(current, url=uri, method=wanted, updated_at=now))
    await tx.webhooks.save_endpoint(changed)
    return changed


async def create_endpoint(
    database: Database,
    account_id: AccountId,
    *,
    url: str,
    method: str = "POST",
    name: str = "",
    event_types: Sequence[str] = (),
    now: datetime,
) -> Endpoint:
    """A further address that gets every public event of the account, or those of the types that are named.

    Raises Invalid, LimitExceeded.
    """
    url = check_url(url)
    endpoint = _new(account_id, EndpointKind.EXTRA, url, check_method(method), _checked_name(name), now)
    endpoint = replace(endpoint, event_types=check_event_types(event_types))
    async with database.transaction() as tx:
        if await tx.webhooks.count_extra_endpoints(account_id) >= MAX_ENDPOINTS:
            raise LimitExceeded(
                f"An account has at most {MAX_ENDPOINTS} webhook endpoints", reason="RESOURCE_LIMIT_EXCEEDED"
            )
        await tx.webhooks.add_endpoint(endpoint)
    return endpoint


async def list_endpoints(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Endpoint]:
    """Newest first; the account's own webhook and those of its activeflows are among them."""
    async with database.reading() as tx:
        return await tx.webhooks.list_endpoints(account_id, before=before, limit=limit)


async def get_endpoint(database: Database, account_id: AccountId, endpoint_id: EndpointId) -> Endpoint:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await _find(tx, account_id, endpoint_id)


async def update_endpoint(
    database: Database, account_id: AccountId, endpoint_id: EndpointId, change: EndpointChange, now: datetime
) -> Endpoint:
    """Address and method belong to extra endpoints only: the others are written where they come from. Event types are
    chosen for those that get the account's events.

    Raises NotFound, Invalid, Conflict.
    """
    async with database.transaction() as tx:
        endpoint = await _find(tx, account_id, endpoint_id, lock=True)
        endpoint = replace(_changed(endpoint, change), updated_at=now)
        await tx.webhooks.save_endpoint(endpoint)
    return endpoint


def _changed(endpoint: Endpoint, change: EndpointChange) -> Endpoint:
    if endpoint.kind is not EndpointKind.EXTRA and (change.url is not None or change.method is not None):
        raise Conflict("This address is set where it is used: PUT /customer, or the activeflow")
    if change.event_types is not None:
        if endpoint.kind not in (EndpointKind.CUSTOMER, EndpointKind.EXTRA):
            raise Conflict("What this address gets is set where it is used")
        endpoint = replace(endpoint, event_types=check_event_types(change.event_types))
    if change.url is not None:
        endpoint = replace(endpoint, url=check_url(change.url))
    if change.method is not None:
        endpoint = replace(endpoint, method=check_method(change.method))
    if change.name is not None:
        endpoint = replace(endpoint, name=_checked_name(change.name))
    if change.enabled is not None:
        disabled = replace(endpoint, enabled=False, disabled_reason="switched off by the account")
        endpoint = _enabled(endpoint) if change.enabled else disabled
    return endpoint


async def rotate_secret(database: Database, account_id: AccountId, endpoint_id: EndpointId, now: datetime) -> Endpoint:
    """A new secret; the former one signs beside it for a day (WH-1).

    Raises NotFound.
    """
    async with database.transaction() as tx:
        endpoint = await _find(tx, account_id, endpoint_id, lock=True)
        rotated = replace(
            endpoint,
            secret=new_secret(),
            previous_secret=endpoint.secret,
            previous_secret_until=now + ROTATION,
            updated_at=now,
        )
        await tx.webhooks.save_endpoint(rotated)
    return rotated


async def delete_endpoint(
    database: Database, account_id: AccountId, endpoint_id: EndpointId, now: datetime
) -> Endpoint:
    """Nothing more is sent to it.

    Raises NotFound, Conflict (the account's own webhook is taken away by PUT /customer).
    """
    async with database.transaction() as tx:
        endpoint = await _find(tx, account_id, endpoint_id, lock=True)
        if endpoint.kind is EndpointKind.CUSTOMER:
            raise Conflict("The account's own webhook is taken away by PUT /customer with an empty webhook_uri")
        return await _remove(tx, endpoint, now)


async def list_deliveries(
    database: Database,
    account_id: AccountId,
    *,
    before: datetime | None,
    limit: int,
    endpoint_id: EndpointId | None = None,
    status: DeliveryStatus | None = None,
) -> Sequence[Delivery]:
    """Newest first, each with its attempts."""
    async with database.browsing() as tx:
        return await tx.webhooks.list_deliveries(
            account_id, before=before, limit=limit, endpoint_id=endpoint_id, status=status
        )


async def get_delivery(database: Database, account_id: AccountId, delivery_id: DeliveryId) -> Delivery:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await _find_delivery(tx, account_id, delivery_id)


async def replay_delivery(
    database: Database, account_id: AccountId, delivery_id: DeliveryId, now: datetime
) -> Delivery:
    """Send the same event, with the same webhook-id, once more. A delivery still on its way is sent at once instead.

    Raises NotFound, Conflict where the endpoint is deleted or disabled.
    """
    async with database.transaction() as tx:
        return await _replay(tx, account_id, delivery_id, now)


async def _replay(tx: Transaction, account_id: AccountId, delivery_id: DeliveryId, now: datetime) -> Delivery:
    delivery = await _find_delivery(tx, account_id, delivery_id)
    endpoint = await tx.webhooks.find_endpoint(account_id, delivery.endpoint_id)
    if endpoint is None or not endpoint.enabled:
        raise Conflict("The endpoint of this delivery is deleted or disabled", reason="STATE_INVALID")
    if delivery.status in (DeliveryStatus.PENDING, DeliveryStatus.SENDING):
        await tx.webhooks.hasten(delivery_id, now)
        return await _find_delivery(tx, account_id, delivery_id)
    replayed = DeliveryId(new_id(now))
    await tx.webhooks.add_replay(delivery_id, replayed, now)
    return await _find_delivery(tx, account_id, replayed)


async def replay_deliveries(
    database: Database, account_id: AccountId, delivery_ids: Sequence[DeliveryId], now: datetime
) -> int:
    """`replay_delivery` for many, in the order given; how many were. Those whose endpoint is deleted or disabled are
    left out. Raises Invalid (more than MAX_REPLAYS), NotFound where one is none of the account's."""
    if len(delivery_ids) > MAX_REPLAYS:
        raise Invalid(f"At most {MAX_REPLAYS} are replayed at a time", field="delivery")
    async with database.transaction() as tx:
        replayed = 0
        for delivery_id in dict.fromkeys(delivery_ids):
            try:
                await _replay(tx, account_id, delivery_id, now)
            except Conflict:
                continue
            replayed += 1
    return replayed


def _new(account_id: AccountId, kind: EndpointKind, url: str, method: str, name: str, now: datetime) -> Endpoint:
    return Endpoint(EndpointId(new_id(now)), account_id, kind, url, method, new_secret(), now, name=name)


def _enabled(endpoint: Endpoint) -> Endpoint:
    """As new: the breaker closed, no failures counted."""
    return replace(endpoint, enabled=True, disabled_reason="", failures_in_a_row=0, open_until=None)


def _checked_name(name: str) -> str:
    if len(name) > MAX_NAME or "\0" in name:
        raise Invalid(f"A name has at most {MAX_NAME} characters", field="name")
    return name


async def _remove(tx: Transaction, endpoint: Endpoint, now: datetime) -> Endpoint:
    removed = replace(endpoint, enabled=False, disabled_reason="deleted", updated_at=now, deleted_at=now)
    await tx.webhooks.save_endpoint(removed)
    await tx.webhooks.fail_open_deliveries(endpoint.id, now)
    return removed


async def _find(tx: Transaction, account_id: AccountId, endpoint_id: EndpointId, *, lock: bool = False) -> Endpoint:
    endpoint = await tx.webhooks.find_endpoint(account_id, endpoint_id, lock=lock)
    if endpoint is None:
        raise NotFound("No such webhook endpoint", reason="RESOURCE_NOT_FOUND")
    return endpoint


async def _find_delivery(tx: Transaction, account_id: AccountId, delivery_id: DeliveryId) -> Delivery:
    delivery = await tx.webhooks.find_delivery(account_id, delivery_id)
    if delivery is None:
        raise NotFound("No such webhook delivery", reason="RESOURCE_NOT_FOUND")
    return delivery
