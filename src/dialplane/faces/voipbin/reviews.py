"""`/v1.0/aiaudits`, `/aipromptproposals` and `/timeline-analyses`: what assistants are asked after (6.10, 6.11)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, JSONBody

from dialplane.domain.programs.reviews import Review as Made
from dialplane.domain.programs.reviews import ReviewKind, ReviewStatus
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs import reviews as service
from dialplane.services.shapes.reviews import review_shape

Language = Annotated[str, msgspec.Meta(max_length=35)]


class Review(msgspec.Struct):
    """`content` is there once the status is done, or `error` once it is failed; an audit has a `score` of 0 to 100."""

    id: UUID
    customer_id: UUID
    reference_type: str
    reference_id: UUID
    language: str
    status: ReviewStatus
    ai_engine_model: str
    score: int | None
    content: str
    error: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewAudit(msgspec.Struct):
    aicall_id: UUID
    language: Language = ""


class NewProposal(msgspec.Struct):
    ai_id: UUID
    language: Language = ""


class NewAnalysis(msgspec.Struct):
    call_id: UUID
    language: Language = ""


@get("/", responses=answers(Paged[Review]))
async def list_audits(request: ApiRequest, page: Paging) -> Fields:
    """The account's audits, newest first."""
    return await _list(request, ReviewKind.AUDIT, page)


@post("/", status_code=202, responses=posted(Review, 404, status=202))
async def create_audit(request: ApiRequest, data: JSONBody[NewAudit]) -> Response[Fields]:
    """Have an assistant judge a talk."""
    return await _order(request, ReviewKind.AUDIT, data.aicall_id, data.language)


@get("/{aiaudit_id:str}", responses=answers(Review, 404))
async def get_audit(request: ApiRequest, aiaudit_id: FromPath[UUID]) -> Fields:
    """One audit."""
    return await _get(request, ReviewKind.AUDIT, aiaudit_id)


@delete("/{aiaudit_id:str}", status_code=200, responses=answers(Review, 404))
async def delete_audit(request: ApiRequest, aiaudit_id: FromPath[UUID]) -> Fields:
    """Take it away."""
    return await _delete(request, ReviewKind.AUDIT, aiaudit_id)


@get("/", responses=answers(Paged[Review]))
async def list_proposals(request: ApiRequest, page: Paging) -> Fields:
    """The account's proposals, newest first."""
    return await _list(request, ReviewKind.PROPOSAL, page)


@post("/", status_code=202, responses=posted(Review, 404, status=202))
async def create_proposal(request: ApiRequest, data: JSONBody[NewProposal]) -> Response[Fields]:
    """Have a better prompt proposed, from the prompt of an assistant and its newest talks."""
    return await _order(request, ReviewKind.PROPOSAL, data.ai_id, data.language)


@get("/{aipromptproposal_id:str}", responses=answers(Review, 404))
async def get_proposal(request: ApiRequest, aipromptproposal_id: FromPath[UUID]) -> Fields:
    """One proposal."""
    return await _get(request, ReviewKind.PROPOSAL, aipromptproposal_id)


@delete("/{aipromptproposal_id:str}", status_code=200, responses=answers(Review, 404))
async def delete_proposal(request: ApiRequest, aipromptproposal_id: FromPath[UUID]) -> Fields:
    """Take it away."""
    return await _delete(request, ReviewKind.PROPOSAL, aipromptproposal_id)


@get("/", responses=answers(Paged[Review]))
async def list_analyses(request: ApiRequest, page: Paging) -> Fields:
    """The account's analyses, newest first."""
    return await _list(request, ReviewKind.ANALYSIS, page)


@post("/", status_code=202, responses=posted(Review, 404, status=202))
async def create_analysis(request: ApiRequest, data: JSONBody[NewAnalysis]) -> Response[Fields]:
    """Have an assistant say what happened in a call."""
    return await _order(request, ReviewKind.ANALYSIS, data.call_id, data.language)


@get("/{analysis_id:str}", responses=answers(Review, 404))
async def get_analysis(request: ApiRequest, analysis_id: FromPath[UUID]) -> Fields:
    """One analysis."""
    return await _get(request, ReviewKind.ANALYSIS, analysis_id)


@delete("/{analysis_id:str}", status_code=200, responses=answers(Review, 404))
async def delete_analysis(request: ApiRequest, analysis_id: FromPath[UUID]) -> Fields:
    """Take it away."""
    return await _delete(request, ReviewKind.ANALYSIS, analysis_id)


async def _list(request: ApiRequest, kind: ReviewKind, page: Paging) -> Fields:
    rows = await service.list_reviews(
        request.database, request.account_id, kind, before=page.before, limit=page.fetch, now=request.now
    )
    return show_page(rows, review_shape, page)


async def _order(request: ApiRequest, kind: ReviewKind, reference_id: UUID, language: str) -> Response[Fields]:
    """It is made once the answer is out."""
    request.require_manager()
    ports = request.ports
    ordered = await service.order_review(ports.database, request.account_id, kind, reference_id, language, request.now)
    making = BackgroundTask(service.make_review, ports.database, ports.assistants, ordered, ports.clock)
    return Response(review_shape(ordered), status_code=202, background=making)


async def _get(request: ApiRequest, kind: ReviewKind, review_id: UUID) -> Fields:
    found: Made = await service.get_review(request.database, request.account_id, kind, review_id, request.now)
    return review_shape(found)


async def _delete(request: ApiRequest, kind: ReviewKind, review_id: UUID) -> Fields:
    request.require_manager()
    return review_shape(await service.delete_review(request.database, request.account_id, kind, review_id, request.now))


audits = Router("/aiaudits", route_handlers=[list_audits, create_audit, get_audit, delete_audit], tags=["Assistants"])
proposals = Router(
    "/aipromptproposals",
    route_handlers=[list_proposals, create_proposal, get_proposal, delete_proposal],
    tags=["Assistants"],
)
analyses = Router(
    "/timeline-analyses",
    route_handlers=[list_analyses, create_analysis, get_analysis, delete_analysis],
    tags=["Timelines"],
)
