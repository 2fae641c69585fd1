"""`/v1.0/outdials`: whom campaigns dial (reference 6.9)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.campaigns import outdials as domain
from dialplane.domain.ids import new_id
from dialplane.faces.voipbin.answers import Address, Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Caller, read_party
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.campaigns import outdials as service
from dialplane.services.campaigns.outdials import OUTDIALS
from dialplane.services.shapes.campaigns import outdial_shape, target_shape

Data = Annotated[str, msgspec.Meta(max_length=65_536)]


class Outdial(msgspec.Struct):
    """A list of targets; `data` is the client's own."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    data: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewOutdial(msgspec.Struct):
    name: Name
    detail: Detail = ""
    data: Data = ""


class OutdialChange(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None
    data: Data | None = None


class Target(msgspec.Struct):
    """Somebody to be reached: `destination_0` first, as often as the outplan says, then the others."""

    id: UUID
    customer_id: UUID
    outdial_id: UUID
    name: str
    detail: str
    data: str
    status: domain.TargetStatus
    destination_0: Address | None
    destination_1: Address | None
    destination_2: Address | None
    destination_3: Address | None
    destination_4: Address | None
    try_count_0: int
    try_count_1: int
    try_count_2: int
    try_count_3: int
    try_count_4: int
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewTarget(msgspec.Struct):
    """One destination at least, of type `tel` or `sip`."""

    name: Name = ""
    detail: Detail = ""
    data: Data = ""
    destination_0: Caller | None = None
    destination_1: Caller | None = None
    destination_2: Caller | None = None
    destination_3: Caller | None = None
    destination_4: Caller | None = None


@get("/", responses=answers(Paged[Outdial]))
async def list_outdials(request: ApiRequest, page: Paging) -> Fields:
    """The account's outdials, newest first."""
    rows = await OUTDIALS.list_for(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, outdial_shape, page)


@post("/", status_code=200, responses=posted(Outdial))
async def create_outdial(request: ApiRequest, data: JSONBody[NewOutdial]) -> Fields:
    """Make an outdial; its targets come by themselves."""
    request.require_manager()
    made = domain.Outdial(new_id(request.now), request.account_id, data.name, request.now, data.detail, data.data)
    return outdial_shape(await OUTDIALS.create(request.database, made))


@get("/{outdial_id:str}", responses=answers(Outdial, 404))
async def get_outdial(request: ApiRequest, outdial_id: FromPath[UUID]) -> Fields:
    """One outdial."""
    return outdial_shape(await OUTDIALS.get(request.database, request.account_id, outdial_id))


@put("/{outdial_id:str}", responses=answers(Outdial, 404))
async def update_outdial(request: ApiRequest, outdial_id: FromPath[UUID], data: JSONBody[OutdialChange]) -> Fields:
    """Change what is given."""
    request.require_manager()
    given = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}
    return outdial_shape(await OUTDIALS.update(request.database, request.account_id, outdial_id, given, request.now))


@delete("/{outdial_id:str}", status_code=200, responses=answers(Outdial, 404))
async def delete_outdial(request: ApiRequest, outdial_id: FromPath[UUID]) -> Fields:
    """Take it away; a campaign that dials it comes to its end."""
    request.require_manager()
    return outdial_shape(await OUTDIALS.delete(request.database, request.account_id, outdial_id, request.now))


@get("/{outdial_id:str}/targets", responses=answers(Paged[Target], 404))
async def list_targets(request: ApiRequest, outdial_id: FromPath[UUID], page: Paging) -> Fields:
    """The targets of an outdial, newest first."""
    rows = await service.list_targets(
        request.database, request.account_id, outdial_id, before=page.before, limit=page.fetch
    )
    return show_page(rows, target_shape, page)


@post("/{outdial_id:str}/targets", status_code=200, responses=posted(Target, 404))
async def create_target(request: ApiRequest, outdial_id: FromPath[UUID], data: JSONBody[NewTarget]) -> Fields:
    """Add a target; a campaign that runs dials it in its turn."""
    request.require_manager()
    given = (data.destination_0, data.destination_1, data.destination_2, data.destination_3, data.destination_4)
    destinations = tuple(
        read_party(each, f"destination_{index}") if each is not None and each.target else None
        for index, each in enumerate(given)
    )
    made = domain.OutdialTarget(
        id=new_id(request.now),
        account_id=request.account_id,
        outdial_id=outdial_id,
        destinations=destinations,
        created_at=request.now,
        due_at=request.now,
        name=data.name,
        detail=data.detail,
        data=data.data,
    )
    return target_shape(await service.create_target(request.database, made))


@get("/{outdial_id:str}/targets/{target_id:str}", responses=answers(Target, 404))
async def get_target(request: ApiRequest, outdial_id: FromPath[UUID], target_id: FromPath[UUID]) -> Fields:
    """One target."""
    return target_shape(await service.get_target(request.database, request.account_id, outdial_id, target_id))


@delete("/{outdial_id:str}/targets/{target_id:str}", status_code=200, responses=answers(Target, 404))
async def delete_target(request: ApiRequest, outdial_id: FromPath[UUID], target_id: FromPath[UUID]) -> Fields:
    """It is not dialled again; a call to it goes on."""
    request.require_manager()
    return target_shape(
        await service.delete_target(request.database, request.account_id, outdial_id, target_id, request.now)
    )


router = Router(
    "/outdials",
    route_handlers=[
        list_outdials,
        create_outdial,
        get_outdial,
        update_outdial,
        delete_outdial,
        list_targets,
        create_target,
        get_target,
        delete_target,
    ],
    tags=["Campaigns"],
)
