"""`/v1.0/documents`: what carriers ask for before they give a number. Handed in as a form with a file, or as JSON."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.datastructures import UploadFile
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import DocumentId, OrderId
from dialplane.domain.numbering.documents import LARGEST, LONGEST_KIND, LONGEST_NAME, DocumentDraft, DocumentStatus
from dialplane.faces.downloads import document_download
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.numbering import documents as service
from dialplane.services.shapes.documents import show_document

LARGEST_UPLOAD = LARGEST * 4 // 3 + (64 << 10)
"""A document in base64, and room for what stands around it."""

_FORM = "multipart/form-data"
_AT = re.compile(r"`\$\.(\w+)")
_MISSING = re.compile(r"missing required field `(\w+)`")


class Document(msgspec.Struct):
    """A document. `status`: pending (not reviewed yet), approved, rejected (`reason`)."""

    id: UUID
    customer_id: UUID
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    status: str
    reason: str
    expires_on: str | None
    tm_create: str | None
    tm_review: str | None
    tm_delete: str | None


class NewDocument(msgspec.Struct):
    """A document as JSON; the content in base64."""

    kind: str
    content: bytes
    name: str = ""
    expires_on: date | None = None
    order_id: UUID | None = None


class DocumentForm(msgspec.Struct):
    """What stands beside the file in a form."""

    kind: str
    name: str | None = None
    expires_on: date | None = None
    order_id: UUID | None = None


def _described(content: dict[str, Schema], *required: str) -> OpenAPIMediaType:
    text = OpenAPIType.STRING
    properties = {
        "kind": Schema(
            type=text, min_length=1, max_length=LONGEST_KIND, description="What it is, as the order calls it"
        ),
        **content,
        "name": Schema(type=text, max_length=LONGEST_NAME, description="What you call it; the file's own name else"),
        "expires_on": Schema(type=text, format=OpenAPIFormat.DATE, description="The last day on which it counts"),
        "order_id": Schema(type=text, format=OpenAPIFormat.UUID, description="Hand it in for this order at once"),
    }
    return OpenAPIMediaType(
        schema=Schema(type=OpenAPIType.OBJECT, properties=dict(properties), required=["kind", *required])
    )


@dataclass
class UploadOperation(Operation):
    """Says that the body comes in one of two forms, which a handler's signature cannot."""

    def __post_init__(self) -> None:
        in_base64 = Schema(type=OpenAPIType.STRING, content_encoding="base64", description="The file in base64")
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description="PDF, PNG or JPEG")
        self.request_body = RequestBody(
            required=True,
            content={
                "application/json": _described({"content": in_base64}, "content"),
                _FORM: _described({"file": file}, "file"),
            },
        )


@post(
    "/documents",
    status_code=200,
    operation_class=UploadOperation,
    request_max_body_size=LARGEST_UPLOAD,
    responses=posted(Document, 404),
)
async def create_document(request: ApiRequest) -> Fields:
    """Hand in a document of at most 10 MiB: PDF, PNG or JPEG, known by its content."""
    request.require_manager()
    given = await _read_form(request) if request.content_type[0] == _FORM else _read_json(await request.body())
    document = await service.upload_document(
        request.database,
        request.ports.objects,
        request.account_id,
        DocumentDraft(given.kind, given.content, given.name, given.expires_on),
        await request.billing_now(),
        order_id=None if given.order_id is None else OrderId(given.order_id),
    )
    return show_document(document)


@get("/documents", responses=answers(Paged[Document]))
async def list_documents(
    request: ApiRequest,
    page: Paging,
    status: Annotated[DocumentStatus | None, QueryParameter(description="Only documents of this status.")] = None,
) -> Fields:
    """The account's documents, newest first."""
    rows = await service.list_documents(
        request.database, request.account_id, status=status, before=page.before, limit=page.fetch
    )
    return show_page(rows, show_document, page)


@get("/documents/{document_id:str}", responses=answers(Document, 404))
async def get_document(request: ApiRequest, document_id: FromPath[UUID]) -> Fields:
    """One document, without its content."""
    return show_document(await service.get_document(request.database, request.account_id, DocumentId(document_id)))


@get(
    "/documents/{document_id:str}/content",
    media_type="application/octet-stream",
    responses=answers(bytes, 404, media_type="application/octet-stream", says="The file"),
)
async def get_document_content(request: ApiRequest, document_id: FromPath[UUID]) -> Response[bytes]:
    """The file, as it was handed in."""
    document, content = await service.read_content(
        request.database, request.ports.objects, request.account_id, DocumentId(document_id)
    )
    return document_download(document, content)


@delete("/documents/{document_id:str}", status_code=200, responses=answers(Document, 404, 409))
async def delete_document(request: ApiRequest, document_id: FromPath[UUID]) -> Fields:
    """Delete a document and its file; 409 while an order waits on it."""
    request.require_manager()
    deleted = await service.delete_document(
        request.database,
        request.ports.objects,
        request.account_id,
        DocumentId(document_id),
        await request.billing_now(),
    )
    return show_document(deleted)


def _read_json(body: bytes) -> NewDocument:
    try:
        return msgspec.json.decode(body, type=NewDocument)
    except msgspec.ValidationError as fault:
        raise _malformed(fault) from fault
    except msgspec.DecodeError as fault:
        raise Invalid(f"The body is not JSON: {fault}", reason="INVALID_JSON_BODY") from fault


async def _read_form(request: ApiRequest) -> NewDocument:
    try:
        form = await request.form()
    except (UnicodeDecodeError, LookupError) as fault:
        raise Invalid("A field of the form is not UTF-8", reason="INVALID_ARGUMENT") from fault
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid("file is needed: the document itself", reason="INVALID_ARGUMENT", field="file")
    content = await file.read()
    await file.close()
    texts = {name: value for name, value in form.items() if isinstance(value, str) and value}
    try:
        fields = msgspec.convert(texts, DocumentForm)
    except msgspec.ValidationError as fault:
        raise _malformed(fault) from fault
    name = file.filename[-LONGEST_NAME:] if fields.name is None else fields.name
    return NewDocument(fields.kind, content, name, fields.expires_on, fields.order_id)


def _malformed(fault: msgspec.ValidationError) -> Invalid:
    found = _MISSING.search(str(fault)) or _AT.search(str(fault))
    field = found[1] if found else "body"
    return Invalid(f"{field}: {fault}", reason="INVALID_ARGUMENT", field=field)


router = Router(
    "/",
    route_handlers=[create_document, list_documents, get_document, get_document_content, delete_document],
    tags=["Documents"],
)
