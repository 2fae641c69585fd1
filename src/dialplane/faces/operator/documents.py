"""Documents that accounts handed in, and the operator's word on them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.ids import DocumentId
from dialplane.domain.numbering.documents import LONGEST_REASON, DocumentStatus, Verdict
from dialplane.faces.downloads import document_download
from dialplane.faces.operator.answers import posting, refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.documents import Document
from dialplane.services.numbering import documents as service
from dialplane.services.shapes.documents import show_document


class Review(msgspec.Struct):
    """A rejection needs a reason: it is what the account is told to do better."""

    verdict: Verdict
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""


class ShownDocuments(msgspec.Struct):
    documents: list[Document]


@get("/documents", responses=refusals() | shown(ShownDocuments, 200))
async def list_documents(
    request: OperatorRequest, status: FromQuery[DocumentStatus | None] = None, before: FromQuery[datetime | None] = None
) -> dict[str, object]:
    """The newest hundred that were handed in earlier than `before`; `?status=pending` are those to review."""
    found = await service.list_documents(request.database, None, status=status, before=before)
    return {"documents": [show_document(document) for document in found]}


@get("/documents/{document_id:uuid}", responses=refusals(404) | shown(Document, 200))
async def get_document(request: OperatorRequest, document_id: FromPath[UUID]) -> dict[str, object]:
    """One document, without its content."""
    return show_document(await service.get_document(request.database, None, DocumentId(document_id)))


@get("/documents/{document_id:uuid}/content", media_type="application/octet-stream", responses=refusals(404))
async def get_document_content(request: OperatorRequest, document_id: FromPath[UUID]) -> Response[bytes]:
    """The file, as it was handed in."""
    document, content = await service.read_content(
        request.database, request.ports.objects, None, DocumentId(document_id)
    )
    return document_download(document, content)


@post("/documents/{document_id:uuid}/review", responses=posting(404) | shown(Document, 201))
async def review_document(
    request: OperatorRequest, document_id: FromPath[UUID], data: JSONBody[Review]
) -> dict[str, object]:
    """Approve or reject. With the last approval an order goes to its carrier; a rejected document waits for another."""
    reviewed = await service.review_document(
        request.database, DocumentId(document_id), data.verdict, data.reason, await request.billing_now()
    )
    return show_document(reviewed)


router = Router(
    "/", route_handlers=[list_documents, get_document, get_document_content, review_document], tags=["Documents"]
)
