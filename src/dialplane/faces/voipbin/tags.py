"""`/v1.0/tags`: names that agents and queues share (reference 6.11)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import TagId
from dialplane.faces.voipbin.answers import Detail, Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.rooms import tags as service
from dialplane.services.shapes.tags import tag_shape


class Tag(msgspec.Struct):
    """Agents with any of a queue's tags take its calls."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


TagName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class NewTag(msgspec.Struct):
    name: TagName
    detail: Detail = ""


class TagChange(msgspec.Struct):
    """What is left out stays as it is."""

    name: TagName | None = None
    detail: Detail | None = None


@get("/", responses=answers(Paged[Tag]))
async def list_tags(request: ApiRequest, page: Paging) -> Fields:
    """The account's tags, newest first."""
    rows = await service.list_tags(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, tag_shape, page)


@post("/", status_code=200, responses=posted(Tag))
async def create_tag(request: ApiRequest, data: JSONBody[NewTag]) -> Fields:
    """Make a tag."""
    request.require_manager()
    made = await service.create_tag(
        request.database, request.account_id, name=data.name, detail=data.detail, now=request.now
    )
    return tag_shape(made)


@get("/{tag_id:str}", responses=answers(Tag, 404))
async def get_tag(request: ApiRequest, tag_id: FromPath[UUID]) -> Fields:
    """One tag."""
    return tag_shape(await service.get_tag(request.database, request.account_id, TagId(tag_id)))


@put("/{tag_id:str}", responses=answers(Tag, 404))
async def update_tag(request: ApiRequest, tag_id: FromPath[UUID], data: JSONBody[TagChange]) -> Fields:
    """Change its name or detail."""
    request.require_manager()
    changed = await service.update_tag(
        request.database, request.account_id, TagId(tag_id), name=data.name, detail=data.detail, now=request.now
    )
    return tag_shape(changed)


@delete("/{tag_id:str}", status_code=200, responses=answers(Tag, 404))
async def delete_tag(request: ApiRequest, tag_id: FromPath[UUID]) -> Fields:
    """Take the tag away, and off every agent and queue that has it."""
    request.require_manager()
    return tag_shape(await service.delete_tag(request.database, request.account_id, TagId(tag_id), request.now))


router = Router("/tags", route_handlers=[list_tags, create_tag, get_tag, update_tag, delete_tag], tags=["Tags"])
