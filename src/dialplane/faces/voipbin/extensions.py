"""`/v1.0/extensions`: phones that may register (reference 6.5)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.media import SrtpPolicy
from dialplane.domain.ids import ExtensionId
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import extensions as service
from dialplane.services.shapes.extensions import extension_shape


class Extension(msgspec.Struct):
    """A phone that registers as `<username>@<domain_name>.registrar…`, or at the installation's SIP domain."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    extension: str
    domain_name: str
    username: str
    password: str
    direct_hash: str
    srtp: SrtpPolicy
    """Whether its audio is encrypted with keys in its SDP (RFC 4568)."""
    codecs: list[str]
    """That are allowed, in the order of preference; none: G.711, and others where a phone has nothing else."""
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewExtension(msgspec.Struct):
    extension: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.+]{1,64}$", max_length=64)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    name: str = ""
    detail: str = ""
    srtp: SrtpPolicy = SrtpPolicy.OPTIONAL
    codecs: Annotated[list[str], msgspec.Meta(max_length=4)] = []


class ExtensionChange(msgspec.Struct):
    """What is left out stays as it is."""

    password: str | None = None
    name: str | None = None
    detail: str | None = None
    srtp: SrtpPolicy | None = None
    codecs: Annotated[list[str], msgspec.Meta(max_length=4)] | None = None


@get("/", responses=answers(Paged[Extension]))
async def list_extensions(request: ApiRequest, page: Paging) -> Fields:
    """The account's extensions, newest first."""
    rows = await service.list_extensions(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, extension_shape, page)


@post("/", status_code=200, responses=posted(Extension))
async def create_extension(request: ApiRequest, data: JSONBody[NewExtension]) -> Fields:
    """Make an extension."""
    request.require_manager()
    made = await service.create_extension(
        request.database,
        request.account_id,
        extension=data.extension,
        password=data.password,
        name=data.name,
        detail=data.detail,
        srtp=data.srtp,
        codecs=data.codecs,
        now=request.now,
    )
    return extension_shape(made)


@get("/{extension_id:str}", responses=answers(Extension, 404))
async def get_extension(request: ApiRequest, extension_id: FromPath[UUID]) -> Fields:
    """One extension."""
    return extension_shape(await service.get_extension(request.database, request.account_id, ExtensionId(extension_id)))


@put("/{extension_id:str}", responses=answers(Extension, 404))
async def update_extension(
    request: ApiRequest, extension_id: FromPath[UUID], data: JSONBody[ExtensionChange]
) -> Fields:
    """Change the password, name or detail; a new password ends the phone's registrations."""
    request.require_manager()
    changed = await service.update_extension(
        request.database,
        request.account_id,
        ExtensionId(extension_id),
        password=data.password,
        name=data.name,
        detail=data.detail,
        srtp=data.srtp,
        codecs=data.codecs,
        now=request.now,
    )
    return extension_shape(changed)


@post("/{extension_id:str}/direct-hash-regenerate", status_code=200, responses=posted(Extension, 404))
async def regenerate_extension_hash(request: ApiRequest, extension_id: FromPath[UUID]) -> Fields:
    """Give the extension another direct hash; the old one is void at once."""
    request.require_manager()
    changed = await service.regenerate_direct_hash(
        request.database, request.account_id, ExtensionId(extension_id), request.now
    )
    return extension_shape(changed)


@delete("/{extension_id:str}", status_code=200, responses=answers(Extension, 404))
async def delete_extension(request: ApiRequest, extension_id: FromPath[UUID]) -> Fields:
    """Take the extension and its registrations away."""
    request.require_manager()
    deleted = await service.delete_extension(
        request.database, request.account_id, ExtensionId(extension_id), request.now
    )
    return extension_shape(deleted)


router = Router(
    "/extensions",
    route_handlers=[
        list_extensions,
        create_extension,
        get_extension,
        update_extension,
        regenerate_extension_hash,
        delete_extension,
    ],
    tags=["Extensions"],
)
