"""`/v1.0/trunks`: how the account's PBXs call out (reference 6.5)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.pbx_trunks import AuthType
from dialplane.domain.ids import PbxTrunkId
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import pbx_trunks as service
from dialplane.services.calling.pbx_trunks import PbxTrunkChange
from dialplane.services.shapes.pbx_trunks import pbx_trunk_shape

DomainName = Annotated[str, msgspec.Meta(max_length=128)]
AuthTypes = Annotated[list[AuthType], msgspec.Meta(min_length=1, max_length=10)]
Username = Annotated[str, msgspec.Meta(max_length=64)]
Password = Annotated[str, msgspec.Meta(max_length=128)]
AllowedIps = Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=100)]


class Trunk(msgspec.Struct):
    """A way out for a PBX, which calls `<number>@<domain_name>.trunk.<any domain>` and proves itself by one of
    `auth_types`."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    domain_name: str
    auth_types: list[AuthType]
    username: str
    password: str
    allowed_ips: list[str]
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewTrunk(msgspec.Struct):
    domain_name: DomainName
    auth_types: AuthTypes
    username: Username = ""
    password: Password = ""
    allowed_ips: AllowedIps = []
    name: Name = ""
    detail: Detail = ""


class TrunkChange(msgspec.Struct):
    """What is left out stays as it is."""

    domain_name: DomainName | None = None
    auth_types: AuthTypes | None = None
    username: Username | None = None
    password: Password | None = None
    allowed_ips: AllowedIps | None = None
    name: Name | None = None
    detail: Detail | None = None


@get("/", responses=answers(Paged[Trunk]))
async def list_trunks(request: ApiRequest, page: Paging) -> Fields:
    """The account's trunks, newest first."""
    rows = await service.list_pbx_trunks(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, pbx_trunk_shape, page)


@post("/", status_code=200, responses=posted(Trunk))
async def create_trunk(request: ApiRequest, data: JSONBody[NewTrunk]) -> Fields:
    """Make a trunk."""
    request.require_manager()
    return pbx_trunk_shape(
        await service.create_pbx_trunk(request.database, request.account_id, _change(data), request.now)
    )


@get("/{trunk_id:str}", responses=answers(Trunk, 404))
async def get_trunk(request: ApiRequest, trunk_id: FromPath[UUID]) -> Fields:
    """One trunk."""
    return pbx_trunk_shape(await service.get_pbx_trunk(request.database, request.account_id, PbxTrunkId(trunk_id)))


@put("/{trunk_id:str}", responses=answers(Trunk, 404, 409))
async def update_trunk(request: ApiRequest, trunk_id: FromPath[UUID], data: JSONBody[TrunkChange]) -> Fields:
    """Change a trunk, for its next call."""
    request.require_manager()
    return pbx_trunk_shape(
        await service.update_pbx_trunk(
            request.database, request.account_id, PbxTrunkId(trunk_id), _change(data), request.now
        )
    )


@delete("/{trunk_id:str}", status_code=200, responses=answers(Trunk, 404))
async def delete_trunk(request: ApiRequest, trunk_id: FromPath[UUID]) -> Fields:
    """Take the trunk away; its live calls go on."""
    request.require_manager()
    return pbx_trunk_shape(
        await service.delete_pbx_trunk(request.database, request.account_id, PbxTrunkId(trunk_id), request.now)
    )


def _change(data: NewTrunk | TrunkChange) -> PbxTrunkChange:
    return PbxTrunkChange(
        domain_name=data.domain_name,
        auth_types=data.auth_types,
        username=data.username,
        password=data.password,
        allowed_ips=data.allowed_ips,
        name=data.name,
        detail=data.detail,
    )


router = Router(
    "/trunks",
    route_handlers=[list_trunks, create_trunk, get_trunk, update_trunk, delete_trunk],
    tags=["Trunks"],
)
