"""How webhook endpoints fare, replays of many deliveries, and why a receiver refuses a signature (WH-1, WH-2, WH-7)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.eventing.replays import MAX_TYPE, ReplayFilter, ReplayId
from dialplane.domain.eventing.signature_views import Seen
from dialplane.domain.eventing.webhooks import DeliveryStatus
from dialplane.domain.ids import EndpointId
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.eventing import webhook_log as service
from dialplane.services.eventing.signature_views import MAX_BODY, MAX_URL, view_signature
from dialplane.services.shapes.webhook_log import health_shape, replay_shape, signature_shape

Moment = Annotated[datetime, msgspec.Meta(tz=True, description="With its zone, such as 2026-01-15T09:30:00Z")]


class EndpointHealth(msgspec.Struct):
    """The attempts of the last 24 hours, at most the newest 2,000. `last_success` is right to a minute."""

    webhook_endpoint_id: UUID
    state: Annotated[str, msgspec.Meta(description="unused, healthy, failing, paused or disabled")]
    failures_in_a_row: int
    failing_since: str | None
    last_success: str | None
    last_error: str
    paused_until: str | None
    attempts: int
    failed_attempts: int
    p50_ms: int | None
    p99_ms: int | None
    waiting: int
    waiting_since: str | None


class WebhookReplay(msgspec.Struct):
    """Deliveries sent once more, oldest first. `skipped`: their endpoint is deleted or disabled."""

    id: UUID
    customer_id: UUID
    state: Annotated[str, msgspec.Meta(description="running, done or cancelled")]
    webhook_endpoint_id: UUID
    status: str
    event_type: str
    tm_from: str | None
    tm_until: str | None
    total: int
    replayed: int
    skipped: int
    tm_create: str | None
    tm_finish: str | None


class NewReplay(msgspec.Struct):
    """Which deliveries; what is left out stands for all. `event_type` may end in `*`."""

    webhook_endpoint_id: UUID | None = None
    status: DeliveryStatus | None = None
    event_type: Annotated[str, msgspec.Meta(max_length=MAX_TYPE, examples=["call_*"])] = ""
    tm_from: Moment | None = None
    tm_until: Moment | None = None


class SignatureFinding(msgspec.Struct):
    """`part` is `header …`, `clock`, `body`, `secret`, `url`, `event`, `signature`; `verdict` ok, warning, problem."""

    part: str
    verdict: str
    says: str
    advice: str


class SignatureCheck(msgspec.Struct):
    """`is_valid`: a right check of exactly this request succeeds."""

    scheme: Annotated[str, msgspec.Meta(description="standard, voipbin or twilio")]
    is_valid: bool
    webhook_delivery_id: UUID
    webhook_endpoint_id: UUID
    findings: list[SignatureFinding]


class SeenRequest(msgspec.Struct):
    """A request as its receiver saw it. `secret`: what the receiver checks with; `tm_receive`: its clock then."""

    headers: dict[str, str]
    body: Annotated[str, msgspec.Meta(max_length=MAX_BODY)] = ""
    url: Annotated[str, msgspec.Meta(max_length=MAX_URL)] = ""
    method: Annotated[str, msgspec.Meta(max_length=16)] = "POST"
    secret: Annotated[str, msgspec.Meta(max_length=255)] = ""
    tm_receive: Moment | None = None
    webhook_endpoint_id: UUID | None = None


@get("/webhook_endpoints/{endpoint_id:str}/health", responses=answers(EndpointHealth, 404))
async def get_health(request: ApiRequest, endpoint_id: FromPath[UUID]) -> Fields:
    """How an address fares: its state, since when it fails, how fast it answers."""
    request.require_manager()
    health = await service.get_health(request.database, request.account_id, EndpointId(endpoint_id), request.now)
    return health_shape(health)


@post("/webhook_replays", status_code=200, responses=posted(WebhookReplay, 404))
async def start_replay(request: ApiRequest, data: JSONBody[NewReplay]) -> Fields:
    """Send again every delivery that fits, at most 100,000, each with its own `webhook-id`; one job at a time."""
    request.require_manager()
    wanted = ReplayFilter(
        None if data.webhook_endpoint_id is None else EndpointId(data.webhook_endpoint_id),
        data.status,
        data.event_type,
        data.tm_from,
        data.tm_until,
    )
    return replay_shape(await service.start_replay(request.database, request.account_id, wanted, request.now))


@get("/webhook_replays", responses=answers(Paged[WebhookReplay]))
async def list_replays(request: ApiRequest, page: Paging) -> Fields:
    """The jobs that send deliveries again, newest first."""
    rows = await service.list_replays(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, replay_shape, page)


@get("/webhook_replays/{replay_id:str}", responses=answers(WebhookReplay, 404))
async def get_replay(request: ApiRequest, replay_id: FromPath[UUID]) -> Fields:
    """How far a job is."""
    return replay_shape(await service.get_replay(request.database, request.account_id, ReplayId(replay_id)))


@delete("/webhook_replays/{replay_id:str}", status_code=200, responses=answers(WebhookReplay, 404, 409))
async def cancel_replay(request: ApiRequest, replay_id: FromPath[UUID]) -> Fields:
    """Stop a job; what it has sent stays sent."""
    request.require_manager()
    return replay_shape(
        await service.cancel_replay(request.database, request.account_id, ReplayId(replay_id), request.now)
    )


@post("/webhook_signature_checks", status_code=200, responses=posted(SignatureCheck, 404))
async def check_signature(request: ApiRequest, data: JSONBody[SeenRequest]) -> Fields:
    """Say which header, address, body or clock makes a receiver refuse a request. Changes nothing."""
    request.require_admin()
    seen = Seen(
        data.url,
        data.method.upper(),
        {name.strip().lower(): value.strip() for name, value in data.headers.items()},
        data.body,
        data.secret,
        data.tm_receive,
    )
    endpoint_id = None if data.webhook_endpoint_id is None else EndpointId(data.webhook_endpoint_id)
    return signature_shape(await view_signature(request.database, request.account_id, seen, endpoint_id, request.now))


router = Router(
    "/",
    route_handlers=[
        get_health,
        start_replay,
        list_replays,
        get_replay,
        cancel_replay,
        check_signature,
    ],
    tags=["Webhooks"],
)
