"""`/v1.0/rags`: what assistants know, from files of the account's storage (reference 6.10)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.ids import new_id
from dialplane.domain.programs import rags as domain
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs import rags as service
from dialplane.services.programs.rags import RAGS
from dialplane.services.shapes.rags import passage_shape, rag_shape

Files = Annotated[list[UUID], msgspec.Meta(max_length=domain.MOST_FILES)]
MOST_FOUND = 20


class Rag(msgspec.Struct):
    """An assistant that names it is given the passages that fit what it is asked."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    storage_file_ids: list[UUID]
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class RagChange(msgspec.Struct):
    """What is left out stays as it is. The files are read anew with each change."""

    name: Name | None = None
    detail: Detail | None = None
    storage_file_ids: Files | None = None


class NewRag(RagChange, kw_only=True):
    """Files of plain text in UTF-8."""

    name: Name


class Passage(msgspec.Struct):
    """A piece of one of the files, and how well it fits."""

    storage_file_id: UUID
    position: int
    text: str
    rank: float


class Found(msgspec.Struct):
    result: list[Passage]


@get("/", responses=answers(Paged[Rag]))
async def list_rags(request: ApiRequest, page: Paging) -> Fields:
    """The account's rags, newest first."""
    rows = await RAGS.list_for(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, rag_shape, page)


@post("/", status_code=200, responses=posted(Rag, 404))
async def create_rag(request: ApiRequest, data: JSONBody[NewRag]) -> Fields:
    """Read files, so that assistants know them."""
    request.require_manager()
    made = domain.Rag(id=new_id(request.now), account_id=request.account_id, created_at=request.now, **_given(data))
    return rag_shape(await service.create_rag(request.database, request.ports.objects, made))


@get("/{rag_id:str}", responses=answers(Rag, 404))
async def get_rag(request: ApiRequest, rag_id: FromPath[UUID]) -> Fields:
    """One rag."""
    return rag_shape(await RAGS.get(request.database, request.account_id, rag_id))


@get("/{rag_id:str}/search", responses=answers(Found, 404))
async def search_rag(
    request: ApiRequest,
    rag_id: FromPath[UUID],
    question: Annotated[str, QueryParameter(description="What is asked.", max_length=1024)] = "",
) -> Fields:
    """The passages that fit best: what an assistant would be given."""
    found = await service.search_rag(request.database, request.account_id, rag_id, question, limit=MOST_FOUND)
    return {"result": [passage_shape(each) for each in found]}


@put("/{rag_id:str}", responses=answers(Rag, 404))
async def update_rag(request: ApiRequest, rag_id: FromPath[UUID], data: JSONBody[RagChange]) -> Fields:
    """Change what is given, and read the files anew."""
    request.require_manager()
    changed = await service.update_rag(
        request.database, request.ports.objects, request.account_id, rag_id, _given(data), request.now
    )
    return rag_shape(changed)


@delete("/{rag_id:str}", status_code=200, responses=answers(Rag, 404))
async def delete_rag(request: ApiRequest, rag_id: FromPath[UUID]) -> Fields:
    """Take it away; assistants that name it answer without, the files stay."""
    request.require_manager()
    return rag_shape(await service.delete_rag(request.database, request.account_id, rag_id, request.now))


def _given(data: RagChange) -> dict[str, Any]:
    """The fields of the rag that are written."""
    named = (("name", data.name), ("detail", data.detail))
    given: dict[str, Any] = {name: value for name, value in named if value is not None}
    return given | ({"file_ids": tuple(data.storage_file_ids)} if data.storage_file_ids is not None else {})


router = Router(
    "/rags",
    route_handlers=[list_rags, create_rag, get_rag, search_rag, update_rag, delete_rag],
    tags=["Assistants"],
)
