"""`/v1.0/accesskeys` (reference 1.3)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import AccessKeyId
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.identity import access_keys as service
from dialplane.services.shapes.access_keys import access_key_shape


class AccessKey(msgspec.Struct):
    """A key that acts for the account. `token` is whole in the answer to POST and empty ever after."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    token: str
    token_prefix: str
    tm_expire: str | None
    tm_last_use: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewAccessKey(msgspec.Struct):
    name: Name = ""
    detail: Detail = ""
    expire: Annotated[int, msgspec.Meta(ge=0, le=315_360_000)] = 0
    """Seconds from now; 0 makes a key that does not expire."""


class AccessKeyChange(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None


@get("/", responses=answers(Paged[AccessKey]))
async def list_access_keys(request: ApiRequest, page: Paging) -> Fields:
    """The account's keys, newest first."""
    request.require_admin()
    rows = await service.list_keys(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, access_key_shape, page)


@post("/", status_code=200, responses=posted(AccessKey))
async def create_access_key(request: ApiRequest, data: JSONBody[NewAccessKey]) -> Fields:
    """Make a key. Its token is shown in this answer and never again."""
    request.require_admin()
    issued = await service.create_key(
        request.database,
        request.account_id,
        name=data.name,
        detail=data.detail,
        expires_in_s=data.expire,
        now=request.now,
    )
    return access_key_shape(issued.key, token=issued.token)


@get("/{accesskey_id:str}", responses=answers(AccessKey, 404))
async def get_access_key(request: ApiRequest, accesskey_id: FromPath[UUID]) -> Fields:
    """One key, without its token."""
    request.require_admin()
    return access_key_shape(await service.get_key(request.database, request.account_id, AccessKeyId(accesskey_id)))


@put("/{accesskey_id:str}", responses=answers(AccessKey, 404))
async def update_access_key(
    request: ApiRequest, accesskey_id: FromPath[UUID], data: JSONBody[AccessKeyChange]
) -> Fields:
    """Change the name or the detail."""
    request.require_admin()
    changed = await service.update_key(
        request.database,
        request.account_id,
        AccessKeyId(accesskey_id),
        name=data.name,
        detail=data.detail,
        now=request.now,
    )
    return access_key_shape(changed)


@delete("/{accesskey_id:str}", status_code=200, responses=answers(AccessKey, 404))
async def delete_access_key(request: ApiRequest, accesskey_id: FromPath[UUID]) -> Fields:
    """Revoke the key, within a second on every node."""
    request.require_admin()
    deleted = await service.delete_key(request.database, request.account_id, AccessKeyId(accesskey_id), now=request.now)
    request.forget_credentials()
    return access_key_shape(deleted)


router = Router(
    "/accesskeys",
    route_handlers=[list_access_keys, create_access_key, get_access_key, update_access_key, delete_access_key],
    tags=["Access keys"],
)
