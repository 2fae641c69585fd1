"""`/v1.0/webhook_endpoints` and `/v1.0/webhook_deliveries`: where events go, and what became of each (WH-1, WH-7)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.eventing.webhooks import MOST_EVENT_TYPES, DeliveryStatus
from dialplane.domain.ids import DeliveryId, EndpointId
from dialplane.faces.voipbin.answers import Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.eventing import webhooks as service
from dialplane.services.shapes.webhooks import delivery_shape, endpoint_shape

Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2048, examples=["https://example.org/hook"])]
Method = Literal["POST", "GET", "PUT", "DELETE"]

EventType = Annotated[str, msgspec.Meta(max_length=100, examples=["call_hangup", "message_*"])]
EventTypes = Annotated[
    list[EventType],
    msgspec.Meta(max_length=MOST_EVENT_TYPES, description="Event types, or `call_*` for all about calls; none: all"),
]


class WebhookEndpoint(msgspec.Struct):
    """An address that gets events. `secret` signs them; while a secret rotates, the previous one signs beside it."""

    id: UUID
    customer_id: UUID
    kind: Annotated[str, msgspec.Meta(description="customer (PUT /customer), extra (made here), run, hook or callback")]
    """`run` is an activeflow's address, `hook` one that numbers hand their messages to."""
    name: str
    url: str
    method: str
    event_types: list[str]
    secret: str
    previous_secret_until: str | None
    enabled: bool
    disabled_reason: str
    failures_in_a_row: int
    paused_until: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class WebhookAttempt(msgspec.Struct):
    """One try; `status` is the HTTP status, null where nothing answered."""

    attempt: int
    status: int | None
    error: str
    duration_ms: int
    response: str
    tm_attempt: str | None


class WebhookDelivery(msgspec.Struct):
    """One event on its way to one address; `event_id` is the `webhook-id` of every attempt."""

    id: UUID
    customer_id: UUID
    webhook_endpoint_id: UUID
    event_id: UUID
    event_type: str
    url: str
    status: str
    replay_of: UUID
    attempt_count: int
    attempts: list[WebhookAttempt]
    tm_next_attempt: str | None
    tm_create: str | None
    tm_finish: str | None


class NewEndpoint(msgspec.Struct):
    url: Url
    method: Method = "POST"
    name: Name = ""
    event_types: EventTypes = []


class EndpointUpdate(msgspec.Struct):
    """What is left out stays as it is."""

    url: Url | None = None
    method: Method | None = None
    name: Name | None = None
    enabled: bool | None = None
    event_types: EventTypes | None = None


class ChosenDeliveries(msgspec.Struct):
    webhook_delivery_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=service.MAX_REPLAYS)]


class ReplayedDeliveries(msgspec.Struct):
    """`skipped`: their endpoint is deleted or disabled."""

    replayed: int
    skipped: int


@get("/webhook_endpoints", responses=answers(Paged[WebhookEndpoint]))
async def list_endpoints(request: ApiRequest, page: Paging) -> Fields:
    """The account's webhook addresses, newest first, with their secrets."""
    request.require_admin()
    rows = await service.list_endpoints(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, endpoint_shape, page)


@post("/webhook_endpoints", status_code=200, responses=posted(WebhookEndpoint))
async def create_endpoint(request: ApiRequest, data: JSONBody[NewEndpoint]) -> Fields:
    """Add an address that gets every event of the account, or those of the types that it names."""
    request.require_admin()
    made = await service.create_endpoint(
        request.database,
        request.account_id,
        url=data.url,
        method=data.method,
        name=data.name,
        event_types=data.event_types,
        now=request.now,
    )
    return endpoint_shape(made)


@get("/webhook_endpoints/{endpoint_id:str}", responses=answers(WebhookEndpoint, 404))
async def get_endpoint(request: ApiRequest, endpoint_id: FromPath[UUID]) -> Fields:
    """One address with its secret."""
    request.require_admin()
    return endpoint_shape(await service.get_endpoint(request.database, request.account_id, EndpointId(endpoint_id)))


@put("/webhook_endpoints/{endpoint_id:str}", responses=answers(WebhookEndpoint, 404, 409))
async def update_endpoint(request: ApiRequest, endpoint_id: FromPath[UUID], data: JSONBody[EndpointUpdate]) -> Fields:
    """Change an address, or switch it off and on."""
    request.require_admin()
    change = service.EndpointChange(data.url, data.method, data.name, data.enabled, data.event_types)
    changed = await service.update_endpoint(
        request.database, request.account_id, EndpointId(endpoint_id), change, request.now
    )
    return endpoint_shape(changed)


@post("/webhook_endpoints/{endpoint_id:str}/rotate_secret", status_code=200, responses=posted(WebhookEndpoint, 404))
async def rotate_secret(request: ApiRequest, endpoint_id: FromPath[UUID]) -> Fields:
    """Make a new secret; the former one signs beside it for a day."""
    request.require_admin()
    return endpoint_shape(
        await service.rotate_secret(request.database, request.account_id, EndpointId(endpoint_id), request.now)
    )


@delete("/webhook_endpoints/{endpoint_id:str}", status_code=200, responses=answers(WebhookEndpoint, 404, 409))
async def delete_endpoint(request: ApiRequest, endpoint_id: FromPath[UUID]) -> Fields:
    """Send nothing more to an address."""
    request.require_admin()
    return endpoint_shape(
        await service.delete_endpoint(request.database, request.account_id, EndpointId(endpoint_id), request.now)
    )


@get("/webhook_deliveries", responses=answers(Paged[WebhookDelivery]))
async def list_deliveries(
    request: ApiRequest,
    page: Paging,
    endpoint_id: Annotated[UUID | None, QueryParameter(description="Only those to this endpoint")] = None,
    status: Annotated[DeliveryStatus | None, QueryParameter(description="Only those that stand like this")] = None,
) -> Fields:
    """The webhook log, newest first, with every attempt."""
    rows = await service.list_deliveries(
        request.database,
        request.account_id,
        before=page.before,
        limit=page.fetch,
        endpoint_id=None if endpoint_id is None else EndpointId(endpoint_id),
        status=status,
    )
    return show_page(rows, delivery_shape, page)


@get("/webhook_deliveries/{delivery_id:str}", responses=answers(WebhookDelivery, 404))
async def get_delivery(request: ApiRequest, delivery_id: FromPath[UUID]) -> Fields:
    """One delivery with its attempts."""
    return delivery_shape(await service.get_delivery(request.database, request.account_id, DeliveryId(delivery_id)))


@post("/webhook_deliveries/{delivery_id:str}/replay", status_code=200, responses=posted(WebhookDelivery, 404))
async def replay_delivery(request: ApiRequest, delivery_id: FromPath[UUID]) -> Fields:
    """Send the event once more, with the same `webhook-id`; the answer is the new delivery."""
    request.require_manager()
    return delivery_shape(
        await service.replay_delivery(request.database, request.account_id, DeliveryId(delivery_id), request.now)
    )


@post("/webhook_deliveries/replay", status_code=200, responses=posted(ReplayedDeliveries, 404))
async def replay_deliveries(request: ApiRequest, data: JSONBody[ChosenDeliveries]) -> Fields:
    """Send several events once more, in the order given. For all that fit a filter there is `webhook_replays`."""
    request.require_manager()
    wanted = [DeliveryId(each) for each in dict.fromkeys(data.webhook_delivery_ids)]
    replayed = await service.replay_deliveries(request.database, request.account_id, wanted, request.now)
    return {"replayed": replayed, "skipped": len(wanted) - replayed}


router = Router(
    "/",
    route_handlers=[
        list_endpoints,
        create_endpoint,
        get_endpoint,
        update_endpoint,
        rotate_secret,
        delete_endpoint,
        list_deliveries,
        get_delivery,
        replay_delivery,
        replay_deliveries,
    ],
    tags=["Webhooks"],
)
