"""`/v1.0/aisummaries`: what assistants made of calls, conferences, transcriptions and recordings (reference 6.10)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import unless_nil
from dialplane.domain.programs.commands import Converse
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs import summaries as service
from dialplane.services.shapes.ais import summary_shape


class AiSummary(msgspec.Struct):
    """One summary. `activeflow_id` is the run whose `ai_summary` asked for it; nil: the API did."""

    id: UUID
    customer_id: UUID
    activeflow_id: UUID
    on_end_flow_id: UUID
    reference_type: str
    reference_id: UUID
    status: str
    language: str
    content: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewAiSummary(msgspec.Struct):
    """Of what. A conference and a recording must be transcribed; `on_end_flow_id` is run when the summary is made."""

    reference_type: Literal["call", "conference", "transcribe", "recording"]
    reference_id: UUID
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""
    on_end_flow_id: UUID | None = None


@get("/", responses=answers(Paged[AiSummary]))
async def list_summaries(request: ApiRequest, page: Paging) -> Fields:
    """The account's summaries, newest first."""
    rows = await service.list_summaries(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, summary_shape, page)


@post("/", status_code=200, responses=posted(AiSummary, 404))
async def create_summary(request: ApiRequest, data: JSONBody[NewAiSummary]) -> Fields:
    """Have the assistant summarize it; the answer holds what it made."""
    request.require_manager()
    command = Converse(
        "summary", language=data.language, reference_type=data.reference_type, reference_id=data.reference_id
    )
    made = await service.make_summary(
        request.database,
        request.ports.assistants,
        request.account_id,
        command,
        unless_nil(data.on_end_flow_id),
        request.now,
    )
    await request.ports.runs.follow_summary(made)
    return summary_shape(made)


@get("/{summary_id:str}", responses=answers(AiSummary, 404))
async def get_summary(request: ApiRequest, summary_id: FromPath[UUID]) -> Fields:
    """One of them."""
    return summary_shape(await service.get_summary(request.database, request.account_id, summary_id))


@delete("/{summary_id:str}", status_code=200, responses=answers(AiSummary, 404))
async def delete_summary(request: ApiRequest, summary_id: FromPath[UUID]) -> Fields:
    """Take it away."""
    request.require_manager()
    return summary_shape(await service.delete_summary(request.database, request.account_id, summary_id, request.now))


router = Router(
    "/aisummaries", route_handlers=[list_summaries, create_summary, get_summary, delete_summary], tags=["Assistants"]
)
