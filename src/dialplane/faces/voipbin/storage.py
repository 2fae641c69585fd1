"""`/v1.0/storage_files` and `/v1.0/storage_account`: files that an account keeps (reference 6.11)."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.datastructures import UploadFile
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath

from dialplane.domain.errors import Invalid
from dialplane.domain.stored_files import KINDS, LARGEST_FILE
from dialplane.faces.downloads import file_download
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services import stored_files as service
from dialplane.services.shapes.stored_files import file_shape, storage_shape

_FORM = "multipart/form-data"
_LARGEST_FORM = LARGEST_FILE + (64 << 10)


class StoredFile(msgspec.Struct):
    """A file; its content is at `uri_download`."""

    id: UUID
    customer_id: UUID
    type: str
    filename: str
    filesize: int
    uri_download: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class StorageAccount(msgspec.Struct):
    """What the account keeps of such files, of 10 GiB at most."""

    id: UUID
    customer_id: UUID
    total_file_count: int
    total_file_size: int
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


@dataclass
class UploadOperation(Operation):
    """Says that the body is a form with a file, which a handler's signature cannot."""

    def __post_init__(self) -> None:
        text = OpenAPIType.STRING
        properties = {
            "file": Schema(type=text, format=OpenAPIFormat.BINARY, description="At most 10 MiB"),
            "type": Schema(type=text, enum=list(KINDS), description="What it is for"),
        }
        schema = Schema(type=OpenAPIType.OBJECT, properties=dict(properties), required=["file"])
        self.request_body = RequestBody(required=True, content={_FORM: OpenAPIMediaType(schema=schema)})


@post(
    "/storage_files",
    status_code=200,
    operation_class=UploadOperation,
    request_max_body_size=_LARGEST_FORM,
    responses=posted(StoredFile),
)
async def create_file(request: ApiRequest) -> Fields:
    """Keep a file."""
    request.require_manager()
    kind, name, content = await _read_form(request)
    made = await service.keep_file(
        request.database,
        request.ports.objects,
        request.account_id,
        kind=kind,
        name=name,
        content=content,
        now=request.now,
    )
    return file_shape(made)


@get("/storage_files", responses=answers(Paged[StoredFile]))
async def list_files(request: ApiRequest, page: Paging) -> Fields:
    """The account's files, newest first."""
    rows = await service.list_files(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, file_shape, page)


@get("/storage_files/{file_id:str}", responses=answers(StoredFile, 404))
async def get_file(request: ApiRequest, file_id: FromPath[UUID]) -> Fields:
    """One file, without its content."""
    return file_shape(await service.get_file(request.database, request.account_id, file_id))


@get(
    "/storage_files/{file_id:str}/file",
    media_type="application/octet-stream",
    responses=answers(bytes, 404, media_type="application/octet-stream", says="The file"),
)
async def get_file_content(request: ApiRequest, file_id: FromPath[UUID]) -> Response[bytes]:
    """The file, as it was handed in."""
    file, content = await service.read_file(request.database, request.ports.objects, request.account_id, file_id)
    return file_download(file.name, content)


@delete("/storage_files/{file_id:str}", status_code=200, responses=answers(StoredFile, 404))
async def delete_file(request: ApiRequest, file_id: FromPath[UUID]) -> Fields:
    """Delete a file and its content."""
    request.require_manager()
    deleted = await service.delete_file(
        request.database, request.ports.objects, request.account_id, file_id, request.now
    )
    return file_shape(deleted)


@get("/storage_account", responses=answers(StorageAccount))
async def get_storage_account(request: ApiRequest) -> Fields:
    """How much the account keeps."""
    return storage_shape(request.account_id, await service.sum_up_files(request.database, request.account_id))


async def _read_form(request: ApiRequest) -> tuple[str, str, bytes]:
    """Type, name and content. Raises Invalid."""
    if request.content_type[0] != _FORM:
        raise Invalid(f"a file comes as {_FORM}", field="file")
    try:
        form = await request.form()
    except (UnicodeDecodeError, LookupError) as fault:
        raise Invalid("A field of the form is not UTF-8", field="file") from fault
    file, kind = form.get("file"), form.get("type", "")
    if not isinstance(file, UploadFile):
        raise Invalid("file is needed: the file itself", field="file")
    content = await file.read()
    await file.close()
    return kind if isinstance(kind, str) else "?", file.filename, content


router = Router(
    "/",
    route_handlers=[create_file, list_files, get_file, get_file_content, delete_file, get_storage_account],
    tags=["Storage"],
)
