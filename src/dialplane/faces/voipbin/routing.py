"""`POST /v1.0/route_explain`: what would happen to a call or a message, and why (DESIGN section 9)."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from litestar import Router, post
from litestar.params import JSONBody

from dialplane.domain.errors import Invalid
from dialplane.faces.voipbin.answers import Fields, posted
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import routing as service
from dialplane.services.shapes.calls import route_shape

_Dialled = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class RouteQuestion(msgspec.Struct):
    """A call or a message that might come. `at` is now where it is left out."""

    kind: Literal["call", "message"]
    to: _Dialled
    from_: Annotated[str, msgspec.Meta(max_length=255)] = msgspec.field(name="from", default="")
    at: Annotated[str, msgspec.Meta(max_length=64, examples=["2026-01-15T09:30:00Z"])] = ""


class RouteCandidate(msgspec.Struct):
    """One thing that was considered, and what became of it."""

    what: str
    id: str | None
    value: str
    verdict: str
    reason: str


class RouteExplanation(msgspec.Struct):
    """Where it goes, and everything that led to it. Where `target` is an application, `document` is what that runs.
    `canary` is there for a call that took a version which a share of the calls tries."""

    kind: str
    raw: str
    normalized: str
    organization: str | None
    verdict: str
    refused: str
    reason: str
    target: dict[str, object] | None
    document: dict[str, object] | None
    candidates: list[RouteCandidate]
    canary: int = 0


@post("/route_explain", status_code=200, responses=posted(RouteExplanation))
async def explain_route(request: ApiRequest, data: JSONBody[RouteQuestion]) -> Fields:
    """Ask where a call or a message would go, and why. Nothing happens and nothing is recorded."""
    at = _read_time(data.at) if data.at else request.now
    decision = await service.explain(request.database, request.account_id, data.kind, data.from_, data.to, at)
    return route_shape(decision)


def _read_time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise Invalid("at must be a time such as 2026-01-15T09:30:00Z", field="at") from fault


router = Router("/", route_handlers=[explain_route], tags=["Routing"])
