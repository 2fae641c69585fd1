"""`/v1.0/groupcalls`: destinations that ring together or one after the other (reference 4.3, 4.6)."""

from typing import Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.groupcalls import AnswerMethod, RingMethod
from dialplane.domain.ids import unless_nil
from dialplane.faces.voipbin.answers import Address, Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Invitation
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import groupcalls as service
from dialplane.services.shapes.groupcalls import groupcall_shape


class Groupcall(msgspec.Struct, kw_only=True):
    """One group call; `call_ids` grows while it rings. Times that are not reached yet are left out."""

    id: UUID
    customer_id: UUID
    owner_type: str
    owner_id: UUID
    status: str
    flow_id: UUID
    source: Address
    destinations: list[Address]
    master_call_id: UUID
    master_groupcall_id: UUID
    ring_method: str
    answer_method: str
    answer_call_id: UUID
    call_ids: list[UUID]
    answer_groupcall_id: UUID
    groupcall_ids: list[UUID]
    call_count: int
    groupcall_count: int
    dial_index: int
    tm_create: str
    tm_update: str | None = None
    tm_delete: str | None = None


class NewGroupcall(Invitation):
    """One of `flow_id` and `actions` says what runs when a party answers."""

    ring_method: Literal["", "ring_all", "linear"] = ""
    """All at once, if left out, or one after the other."""
    answer_method: AnswerMethod = AnswerMethod.HANGUP_OTHERS


@get("/", responses=answers(Paged[Groupcall]))
async def list_groupcalls(request: ApiRequest, page: Paging) -> Fields:
    """The account's group calls, newest first."""
    rows = await service.list_groupcalls(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, groupcall_shape, page)


@post("/", status_code=200, responses=posted(Groupcall, 402, 404))
async def create_groupcall(request: ApiRequest, data: JSONBody[NewGroupcall]) -> Fields:
    """Ring the destinations."""
    request.require_manager()
    wish = service.GroupcallWish(
        source=data.from_whom,
        destinations=data.to_whom,
        flow_id=unless_nil(data.flow_id),
        actions=data.actions,
        ring_method=RingMethod(data.ring_method or RingMethod.RING_ALL),
        answer_method=data.answer_method,
    )
    return groupcall_shape(await service.create_groupcall(request.database, request.account_id, wish, request.now))


@get("/{groupcall_id:str}", responses=answers(Groupcall, 404))
async def get_groupcall(request: ApiRequest, groupcall_id: FromPath[UUID]) -> Fields:
    """One group call."""
    return groupcall_shape(await service.get_groupcall(request.database, request.account_id, groupcall_id))


@post("/{groupcall_id:str}/hangup", status_code=200, responses=posted(Groupcall, 404))
async def hangup_groupcall(request: ApiRequest, groupcall_id: FromPath[UUID]) -> Fields:
    """End every call of the group."""
    request.require_manager()
    ending = await service.hangup_groupcall(request.database, request.account_id, groupcall_id, request.now)
    return groupcall_shape(ending)


@delete("/{groupcall_id:str}", status_code=200, responses=answers(Groupcall, 404, 409))
async def delete_groupcall(request: ApiRequest, groupcall_id: FromPath[UUID]) -> Fields:
    """Take an ended group call out of the lists."""
    request.require_manager()
    deleted = await service.delete_groupcall(request.database, request.account_id, groupcall_id, request.now)
    return groupcall_shape(deleted)


router = Router(
    "/groupcalls",
    route_handlers=[list_groupcalls, create_groupcall, get_groupcall, hangup_groupcall, delete_groupcall],
    tags=["Calls"],
)
