"""`/v1.0/aicalls` and `/v1.0/aimessages`: talks with assistants, and what was said in them (reference 6.10)."""

from uuid import UUID

import msgspec
from litestar import Router, delete, get
from litestar.params import FromPath, FromQuery

from dialplane.domain.programs.aicalls import AicallStatus
from dialplane.faces.voipbin.answers import Fields, Paged, answers
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs import aicalls as service
from dialplane.services.shapes.aicalls import aicall_shape, aimessage_shape


class Aicall(msgspec.Struct):
    """One talk, which an `ai_talk` or `ai_task` of the run began; the nil assistance is the installation's own."""

    id: UUID
    customer_id: UUID
    assistance_type: str
    assistance_id: UUID
    ai_engine_model: str
    activeflow_id: UUID
    reference_type: str
    reference_id: UUID
    stt_language: str
    status: AicallStatus
    tm_end: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class Aimessage(msgspec.Struct):
    """`role` is user or assistant."""

    id: UUID
    customer_id: UUID
    aicall_id: UUID
    role: str
    content: str
    tm_create: str | None
    tm_delete: str | None


@get("/", responses=answers(Paged[Aicall]))
async def list_aicalls(request: ApiRequest, page: Paging) -> Fields:
    """The account's talks with assistants, newest first."""
    rows = await service.list_aicalls(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, aicall_shape, page)


@get("/{aicall_id:str}", responses=answers(Aicall, 404))
async def get_aicall(request: ApiRequest, aicall_id: FromPath[UUID]) -> Fields:
    """One talk."""
    return aicall_shape(await service.get_aicall(request.database, request.account_id, aicall_id))


@delete("/{aicall_id:str}", status_code=200, responses=answers(Aicall, 404, 409))
async def delete_aicall(request: ApiRequest, aicall_id: FromPath[UUID]) -> Fields:
    """Take a talk that is over out of the lists, with what was said."""
    request.require_manager()
    return aicall_shape(await service.delete_aicall(request.database, request.account_id, aicall_id, request.now))


@get("/", responses=answers(Paged[Aimessage], 404))
async def list_aimessages(request: ApiRequest, page: Paging, aicall_id: FromQuery[UUID]) -> Fields:
    """What was said in a talk, newest first."""
    rows = await service.list_aimessages(
        request.database, request.account_id, aicall_id, before=page.before, limit=page.fetch
    )
    return show_page(rows, aimessage_shape, page)


@get("/{aimessage_id:str}", responses=answers(Aimessage, 404))
async def get_aimessage(request: ApiRequest, aimessage_id: FromPath[UUID]) -> Fields:
    """One of them."""
    return aimessage_shape(await service.get_aimessage(request.database, request.account_id, aimessage_id))


@delete("/{aimessage_id:str}", status_code=200, responses=answers(Aimessage, 404))
async def delete_aimessage(request: ApiRequest, aimessage_id: FromPath[UUID]) -> Fields:
    """Take it away."""
    request.require_manager()
    return aimessage_shape(
        await service.delete_aimessage(request.database, request.account_id, aimessage_id, request.now)
    )


router = Router("/aicalls", route_handlers=[list_aicalls, get_aicall, delete_aicall], tags=["Assistants"])
messages_router = Router(
    "/aimessages", route_handlers=[list_aimessages, get_aimessage, delete_aimessage], tags=["Assistants"]
)
