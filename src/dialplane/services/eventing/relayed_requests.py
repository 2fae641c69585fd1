"""Requests to addresses of an account that are no event's webhook, written anew for a developer's machine: status
callbacks and message hooks, signed for the address that they go to there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.webhooks import EndpointKind
from dialplane.domain.ids import AccountId, EventId
from dialplane.domain.rcml.forms import SIGNATURE, twilio_signature
from dialplane.services.eventing.deliveries import CallbackData, build_request
from dialplane.services.eventing.webhook_store import ClaimedDelivery
from dialplane.services.transaction import Database

LONGEST_BASE = 500
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class RelayedRequest:
    """Whole, but for what the client that sends it adds (`Host`, `Content-Length`)."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str


def check_base(base: str) -> None:
    """Only the developer's own machine: what is signed here is good nowhere else. Raises Invalid (`relay_to`)."""
    try:
        parts = urlsplit(base)
        good = parts.scheme == "http" and parts.hostname in _HERE and (parts.port or 80) > 0 and not parts.username
    except ValueError:
        good = False
    if not good or len(base) > LONGEST_BASE:
        raise Invalid("relay_to is an http address of the caller's own machine", field="relay_to")


async def relayed_requests(
    database: Database, account_id: AccountId, event_ids: Sequence[EventId], base: str, now: datetime
) -> Mapping[EventId, RelayedRequest]:
    """The request that each of the events made, as it is sent to `base`; an event that made none is left out."""
    found: dict[EventId, RelayedRequest] = {}
    async with database.reading() as tx:
        account = await tx.accounts.get(account_id)
        for event_id in event_ids:
            for delivery_id in await tx.webhook_log.find_by_event(account_id, event_id):
                claimed = await tx.webhooks.find_claimed(account_id, delivery_id)
                if claimed is not None and claimed.endpoint.kind in (EndpointKind.CALLBACK, EndpointKind.HOOK):
                    found[event_id] = _relayed(claimed, base, account.auth_token, now)
    return found


def _relayed(claimed: ClaimedDelivery, base: str, token: str, now: datetime) -> RelayedRequest:
    endpoint = replace(claimed.endpoint, url=at_home(claimed.endpoint.url, base))
    request = build_request(replace(claimed, endpoint=endpoint), now)
    url, headers = request.url or endpoint.url, dict(request.headers)
    if request.query:
        url += ("&" if "?" in url else "?") + urlencode(request.query)
    if endpoint.kind is EndpointKind.CALLBACK:  # Twilio's signature is of the address, too
        told = msgspec.json.decode(claimed.event_data, type=CallbackData)
        headers[SIGNATURE] = twilio_signature(token, url, told.form)
    return RelayedRequest(endpoint.method, url, headers, request.body.decode())


def at_home(url: str, base: str) -> str:
    """The address on the machine of `base`: with its own path and query, unless `base` has a path, which all get."""
    there, here = urlsplit(url), urlsplit(base)
    path = here.path if here.path not in ("", "/") else there.path or "/"
    query = "&".join(each for each in (here.query, there.query) if each)
    return urlunsplit((here.scheme, here.netloc, path, query, ""))
