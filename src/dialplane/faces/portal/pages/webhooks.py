"""Webhooks: the addresses that get the project's events, and every delivery with what was sent and answered."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.eventing.webhooks import METHODS, DeliveryStatus, Endpoint, EndpointKind
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import DeliveryId, EndpointId
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.eventing.sent_requests import get_sent
from dialplane.services.eventing.webhooks import (
    EndpointChange,
    create_endpoint,
    delete_endpoint,
    get_endpoint,
    list_deliveries,
    list_endpoints,
    replay_deliveries,
    replay_delivery,
    rotate_secret,
    update_endpoint,
)

STATES: Mapping[DeliveryStatus, tuple[str, str]] = {
    DeliveryStatus.PENDING: ("Waiting", "wait"),
    DeliveryStatus.SENDING: ("On its way", "wait"),
    DeliveryStatus.DELIVERED: ("Delivered", "good"),
    DeliveryStatus.FAILED: ("Failed", "bad"),
}
_KINDS: Mapping[EndpointKind, str] = {
    EndpointKind.CUSTOMER: "the project's own",
    EndpointKind.EXTRA: "made here or by the API",
    EndpointKind.RUN: "of activeflows",
    EndpointKind.HOOK: "messages of numbers",
    EndpointKind.CALLBACK: "status callbacks",
}
_TOPICS = {
    "call_*": "Calls",
    "message_*": "Messages",
    "conversation_*": "Conversations",
    "number_*": "Numbers",
    "order_*": "Orders",
    "port_*": "Porting",
    "recording_*": "Recordings",
    "activeflow_*": "Runs of flows",
    "queuecall_*": "Queues",
    "outbound_*": "Limits and unusual spending",
}
"""To be ticked; every other event type is written."""
_LATEST = 10
_ENDPOINT = "/projects/{project:uuid}/webhooks/{endpoint:uuid}"
_DELIVERY = "/projects/{project:uuid}/deliveries/{delivery:uuid}"


@page("/projects/{project:uuid}/webhooks", deed=Deed.VIEW)
async def show_endpoints(request: PortalRequest) -> Response[str]:
    return await _list(request, Form({"method": "POST"}))


@action("/projects/{project:uuid}/webhooks", deed=Deed.KEYS)
async def make_endpoint(request: PortalRequest) -> Response[str]:
    """Its secret is shown with the answer, this once."""
    fields = request.fields
    try:
        made = await create_endpoint(
            request.database,
            request.account_id,
            url=fields.get("url"),
            method=fields.get("method"),
            name=fields.get("name"),
            event_types=_event_types(request),
            now=request.now,
        )
    except Refusal as refusal:
        return await _list(request, typed(fields).refuse(refusal))
    return await _show(request, made, secret=made.secret)


async def _list(request: PortalRequest, form: Form) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_endpoints(
        request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    table = page_of(
        found, lambda each: each.created_at.isoformat(), path=request.at("/webhooks"), filters={}, cursor=cursor
    )
    return await show(
        request,
        "webhooks.html",
        form=form,
        table=table,
        kinds=_KINDS,
        methods=[(each, each) for each in METHODS],
        topics=_TOPICS,
        ticked=request.fields.all("topic"),
    )


def _event_types(request: PortalRequest) -> list[str]:
    """Those that were ticked and those that were written, with commas or blanks between them."""
    return [*request.fields.all("topic"), *request.fields.get("event_types").replace(",", " ").split()]


@page(_ENDPOINT, deed=Deed.VIEW)
async def show_endpoint(request: PortalRequest, endpoint: FromPath[UUID]) -> Response[str]:
    return await _show(request, await get_endpoint(request.database, request.account_id, EndpointId(endpoint)))


@action(f"{_ENDPOINT}/change", deed=Deed.KEYS)
async def change_endpoint(request: PortalRequest, endpoint: FromPath[UUID]) -> Response[str]:
    """Address, method, name and event types; of the project's own address, the event types alone."""
    fields = request.fields
    held = await get_endpoint(request.database, request.account_id, EndpointId(endpoint))
    change = EndpointChange(event_types=_event_types(request))
    if held.kind is EndpointKind.EXTRA:
        change = replace(change, url=fields.get("url"), method=fields.get("method"), name=fields.get("name"))
    try:
        await update_endpoint(request.database, request.account_id, held.id, change, request.now)
    except Refusal as refusal:
        return await _show(request, held, form=typed(fields).refuse(refusal))
    body: dict[str, object] = {"event_types": list(change.event_types or ())}
    if held.kind is EndpointKind.EXTRA:
        body |= {"url": change.url, "method": change.method, "name": change.name}
    curl = json_curl(request, "PUT", f"/v1.0/webhook_endpoints/{endpoint}", body)
    return await done(request, request.at(f"/webhooks/{endpoint}"), "The webhook is changed.", curl=curl)


@action(f"{_ENDPOINT}/switch", deed=Deed.KEYS)
async def switch_endpoint(request: PortalRequest, endpoint: FromPath[UUID]) -> Response[str]:
    """On or off; switched on again it begins without a failure."""
    is_on = request.fields.get("to") == "on"
    change = EndpointChange(enabled=is_on)
    await update_endpoint(request.database, request.account_id, EndpointId(endpoint), change, request.now)
    said = "Events go there from now on." if is_on else "Nothing is sent there any more."
    curl = json_curl(request, "PUT", f"/v1.0/webhook_endpoints/{endpoint}", {"enabled": is_on})
    return await done(request, request.at(f"/webhooks/{endpoint}"), said, curl=curl)


@action(f"{_ENDPOINT}/rotate", deed=Deed.KEYS)
async def rotate(request: PortalRequest, endpoint: FromPath[UUID]) -> Response[str]:
    """The new secret is shown with the answer, this once; the old one signs beside it for a day."""
    made = await rotate_secret(request.database, request.account_id, EndpointId(endpoint), request.now)
    return await _show(request, made, secret=made.secret)


@action(f"{_ENDPOINT}/delete", deed=Deed.KEYS)
async def delete(request: PortalRequest, endpoint: FromPath[UUID]) -> Response[str]:
    await delete_endpoint(request.database, request.account_id, EndpointId(endpoint), request.now)
    curl = json_curl(request, "DELETE", f"/v1.0/webhook_endpoints/{endpoint}")
    return await done(request, request.at("/webhooks"), "The webhook is deleted.", curl=curl)


async def _show(
    request: PortalRequest, endpoint: Endpoint, *, form: Form | None = None, secret: str = ""
) -> Response[str]:
    latest = await list_deliveries(
        request.database, request.account_id, before=None, limit=_LATEST, endpoint_id=endpoint.id
    )
    others = [each for each in endpoint.event_types if each not in _TOPICS]
    written = {"url": endpoint.url, "method": endpoint.method, "name": endpoint.name, "event_types": ", ".join(others)}
    return await show(
        request,
        "webhook.html",
        form=form or Form(written),
        topics=_TOPICS,
        ticked=request.fields.all("topic") if form else endpoint.event_types,
        endpoint=endpoint,
        secret=secret,
        kinds=_KINDS,
        states=STATES,
        latest=latest,
        methods=[(each, each) for each in METHODS],
    )


@page("/projects/{project:uuid}/deliveries", deed=Deed.VIEW)
async def show_deliveries(request: PortalRequest) -> Response[str]:
    """The log, newest first; by endpoint and by state."""
    fields, form = request.fields, typed(request.fields)
    cursor = fields.get("after")
    filters = {name: fields.get(name) for name in ("endpoint", "state") if fields.get(name)}
    found = []
    try:
        found = list(
            await list_deliveries(
                request.database,
                request.account_id,
                before=read_moment_cursor(cursor),
                limit=PAGE + 1,
                endpoint_id=_endpoint_id(fields.get("endpoint")),
                status=_state(fields.get("state")),
            )
        )
    except Refusal as refusal:
        form = form.refuse(refusal)
    table = page_of(
        found, lambda each: each.created_at.isoformat(), path=request.at("/deliveries"), filters=filters, cursor=cursor
    )
    endpoints = await list_endpoints(request.database, request.account_id, before=None, limit=PAGE)
    return await show(
        request,
        "deliveries.html",
        form=form,
        table=table,
        is_filtered=bool(filters),
        endpoints=[(str(each.id), each.name or each.url) for each in endpoints],
        states=STATES,
        choices=[(state.value, words) for state, (words, _) in STATES.items()],
    )


def _endpoint_id(text: str) -> EndpointId | None:
    try:
        return EndpointId(UUID(text)) if text else None
    except ValueError:
        raise Invalid("Choose a webhook of the list", field="endpoint") from None


def _state(text: str) -> DeliveryStatus | None:
    try:
        return DeliveryStatus(text) if text else None
    except ValueError:
        raise Invalid("Choose a state of the list", field="state") from None


@page(_DELIVERY, deed=Deed.VIEW)
async def show_delivery(request: PortalRequest, delivery: FromPath[UUID]) -> Response[str]:
    """Every attempt: the exact request, the signed text, the answer, how long it took."""
    sent = await get_sent(request.database, request.account_id, DeliveryId(delivery), request.now)
    return await show(request, "delivery.html", sent=sent, states=STATES)


@action(f"{_DELIVERY}/replay", deed=Deed.CONFIGURE)
async def replay(request: PortalRequest, delivery: FromPath[UUID]) -> Response[str]:
    made = await replay_delivery(request.database, request.account_id, DeliveryId(delivery), request.now)
    curl = json_curl(request, "POST", f"/v1.0/webhook_deliveries/{delivery}/replay")
    return await done(request, request.at(f"/deliveries/{made.id}"), "The event is sent again.", curl=curl)


@action("/projects/{project:uuid}/deliveries/replay", deed=Deed.CONFIGURE)
async def replay_many(request: PortalRequest) -> Response[str]:
    """Those that are ticked. Raises Invalid."""
    try:
        wanted = [DeliveryId(UUID(text)) for text in request.fields.all("delivery")]
    except ValueError:
        raise Invalid("A delivery is named by its id", field="delivery") from None
    count = await replay_deliveries(request.database, request.account_id, wanted, request.now)
    left = len(set(wanted)) - count
    said = f"{count} events are sent again." if wanted else "Tick the deliveries first."
    if left:
        said += f" {left} were left out, since their webhook is deleted or switched off."
    chosen = {"webhook_delivery_ids": [str(each) for each in dict.fromkeys(wanted)]}
    curl = json_curl(request, "POST", "/v1.0/webhook_deliveries/replay", chosen) if wanted else ""
    return await done(request, request.at("/deliveries"), said, kind="good" if count else "wait", curl=curl)


HANDLERS: list[HTTPRouteHandler] = [
    show_endpoints,
    make_endpoint,
    show_endpoint,
    change_endpoint,
    switch_endpoint,
    rotate,
    delete,
    show_deliveries,
    show_delivery,
    replay,
    replay_many,
]
