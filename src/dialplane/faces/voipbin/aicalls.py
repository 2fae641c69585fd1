"""`/v1.0/aicalls` and `/v1.0/aimessages`: talks with assistants, and what was said in them (reference 6.10)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.ids import unless_nil
from dialplane.domain.programs.aicalls import AicallStatus
from dialplane.domain.programs.assistants import MAX_TEXT
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.visitors import open_to_visitors
from dialplane.services.programs import aicall_orders as orders
from dialplane.services.programs import aicalls as service
from dialplane.services.shapes.aicalls import aicall_shape, aimessage_shape

_TO_VISITORS = open_to_visitors("aicall")


class Aicall(msgspec.Struct):
    """One talk, which a run or the API began; the nil assistance is the installation's own."""

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


class NewAicall(msgspec.Struct):
    """Without a reference the talk is held by aimessages; on a live call it takes the place of the call's program.

    In a conference or a conversation none begins; the refusal says what to do instead."""

    assistance_type: Literal["", "ai", "team"] = ""
    assistance_id: UUID | None = None
    ai_id: UUID | None = None
    """The older form of an assistance of type ai."""
    reference_type: orders.Reference = ""
    reference_id: UUID | None = None
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""


class NewAimessage(msgspec.Struct):
    """What is said to the assistant, which answers with a message of its own."""

    aicall_id: UUID
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
    role: Literal["user"] = "user"


@get("/", responses=answers(Paged[Aicall]))
async def list_aicalls(request: ApiRequest, page: Paging) -> Fields:
    """The account's talks with assistants, newest first."""
    rows = await service.list_aicalls(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, aicall_shape, page)


@post("/", status_code=200, responses=posted(Aicall, 404), opt=_TO_VISITORS)
async def create_aicall(request: ApiRequest, data: JSONBody[NewAicall]) -> Fields:
    """Begin a talk with an assistant. A visitor's is with the one that is visited, and the only one."""
    request.require_writer()
    wish = orders.AicallWish(
        data.assistance_type,
        unless_nil(data.assistance_id) or unless_nil(data.ai_id),
        data.reference_type,
        unless_nil(data.reference_id),
        data.language,
    )
    made = await orders.start_aicall(
        request.database, request.ports.assistants, request.account_id, wish, request.now, visitor=request.user.visitor
    )
    return aicall_shape(made)


@get("/{aicall_id:str}", responses=answers(Aicall, 404), opt=_TO_VISITORS)
async def get_aicall(request: ApiRequest, aicall_id: FromPath[UUID]) -> Fields:
    """One talk."""
    return aicall_shape(await service.get_aicall(request.database, request.account_id, request.reachable(aicall_id)))


@post("/{aicall_id:str}/pause", status_code=200, responses=posted(Aicall, 404))
async def pause_aicall(request: ApiRequest, aicall_id: FromPath[UUID]) -> Fields:
    """Let the assistant say nothing until the talk is resumed."""
    request.require_manager()
    return aicall_shape(await orders.pause_aicall(request.database, request.account_id, aicall_id, request.now))


@post("/{aicall_id:str}/resume", status_code=200, responses=posted(Aicall, 404))
async def resume_aicall(request: ApiRequest, aicall_id: FromPath[UUID]) -> Fields:
    """Let it answer again."""
    request.require_manager()
    return aicall_shape(await orders.resume_aicall(request.database, request.account_id, aicall_id, request.now))


@post("/{aicall_id:str}/terminate", status_code=200, responses=posted(Aicall, 404), opt=_TO_VISITORS)
async def terminate_aicall(request: ApiRequest, aicall_id: FromPath[UUID]) -> Fields:
    """End the talk; on a call, with the turn that goes on."""
    request.require_writer()
    ended = await orders.terminate_aicall(
        request.database, request.account_id, request.reachable(aicall_id), request.now
    )
    return aicall_shape(ended)


@delete("/{aicall_id:str}", status_code=200, responses=answers(Aicall, 404, 409))
async def delete_aicall(request: ApiRequest, aicall_id: FromPath[UUID]) -> Fields:
    """Take a talk that is over out of the lists, with what was said."""
    request.require_manager()
    return aicall_shape(await service.delete_aicall(request.database, request.account_id, aicall_id, request.now))


@get("/", responses=answers(Paged[Aimessage], 404), opt=_TO_VISITORS)
async def list_aimessages(request: ApiRequest, page: Paging, aicall_id: FromQuery[UUID]) -> Fields:
    """What was said in a talk, newest first."""
    rows = await service.list_aimessages(
        request.database, request.account_id, request.reachable(aicall_id), before=page.before, limit=page.fetch
    )
    return show_page(rows, aimessage_shape, page)


@post("/", status_code=200, responses=posted(Aimessage, 404), opt=_TO_VISITORS)
async def create_aimessage(request: ApiRequest, data: JSONBody[NewAimessage]) -> Fields:
    """Say something in a talk that goes on; the answer is the talk's next message, and on a call it is spoken."""
    request.require_writer()
    talk, ports = request.reachable(data.aicall_id), request.ports
    said = await orders.write_aimessage(
        request.database, ports.assistants, request.account_id, talk, data.content, request.now
    )
    return aimessage_shape(said)


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


router = Router(
    "/aicalls",
    route_handlers=[
        list_aicalls, create_aicall, get_aicall, pause_aicall, resume_aicall, terminate_aicall, delete_aicall,
    ],
    tags=["Assistants"],
)  # fmt: skip
messages_router = Router(
    "/aimessages",
    route_handlers=[list_aimessages, create_aimessage, get_aimessage, delete_aimessage],
    tags=["Assistants"],
)
