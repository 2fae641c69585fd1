"""Documents to review, and orders that wait for them or for a carrier (WEB-9, WEB-10)."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import NotFound, Refusal
from dialplane.domain.ids import DocumentId
from dialplane.domain.numbering.documents import DocumentStatus, Verdict
from dialplane.faces.downloads import document_download
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.desk.reading import DESK, chosen, one_of
from dialplane.faces.portal.rendering import done, show, words
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.numbering import documents as service
from dialplane.services.numbering.orders import list_open_orders_everywhere
from dialplane.services.tenancy.accounts import names_of

_SHOWN = ("image/png", "image/jpeg")
"""What a page may show: browsers draw it and run nothing in it. All else is only downloaded."""


@page("/operator/documents")
async def show_documents(request: PortalRequest) -> Response[str]:
    wanted = request.fields.get("status") or DocumentStatus.PENDING.value
    cursor = request.fields.get("after")
    found = await service.list_documents(
        request.database, None, status=one_of(DocumentStatus, wanted), before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    table = page_of(
        found, lambda each: each.created_at.isoformat(), path=f"{DESK}/documents", filters={"status": wanted},
        cursor=cursor,
    )  # fmt: skip
    return await show(
        request,
        "desk/documents.html",
        table=table,
        names=await names_of(request.database, {each.account_id for each in table.rows}),
        wanted=wanted,
    )


@page("/operator/documents/{document:uuid}")
async def show_document(request: PortalRequest, document: FromPath[UUID]) -> Response[str]:
    return await _show(request, document, Form())


async def _show(request: PortalRequest, document_id: UUID, form: Form) -> Response[str]:
    document = await service.get_document(request.database, None, DocumentId(document_id))
    return await show(
        request,
        "desk/document.html",
        form=form,
        document=document,
        names=await names_of(request.database, [document.account_id]),
        is_image=document.media_type in _SHOWN,
    )


@page("/operator/documents/{document:uuid}/content", is_noted=True)
async def download_document(request: PortalRequest, document: FromPath[UUID]) -> Response[bytes]:
    """To be kept, not shown."""
    found, content = await service.read_content(request.database, request.ports.objects, None, DocumentId(document))
    return document_download(found, content)


@page("/operator/documents/{document:uuid}/image", is_noted=True)
async def show_image(request: PortalRequest, document: FromPath[UUID]) -> Response[bytes]:
    """The picture for the page around it; opened by itself it is saved, as everything that a stranger handed in."""
    found, content = await service.read_content(request.database, request.ports.objects, None, DocumentId(document))
    if found.media_type not in _SHOWN:
        raise NotFound("This document is no picture", reason="FILE_NOT_FOUND")
    answer = document_download(found, content)
    answer.media_type = found.media_type
    return answer


@action("/operator/documents/{document:uuid}/review")
async def take_review(request: PortalRequest, document: FromPath[UUID]) -> Response[str]:
    fields = request.fields
    try:
        verdict = chosen(Verdict, fields.get("verdict"), field="reason")
        reason = fields.get("reason") if verdict is Verdict.REJECT else ""
        reviewed = await service.review_document(
            request.database, DocumentId(document), verdict, reason, await request.billing_now()
        )
    except Refusal as refusal:
        return await _show(request, document, typed(fields).refuse(refusal))
    said = "approved" if reviewed.status is DocumentStatus.APPROVED else "rejected, and its owner is told why"
    line = operator_curl(request, "POST", f"/documents/{document}/review", {"verdict": verdict, "reason": reason})
    return await done(request, f"{DESK}/documents", f"{reviewed.name or words(reviewed.kind)} is {said}.", curl=line)


@page("/operator/orders")
async def show_orders(request: PortalRequest) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_open_orders_everywhere(request.database, before=read_moment_cursor(cursor), limit=PAGE + 1)
    table = page_of(found, lambda each: each.created_at.isoformat(), path=f"{DESK}/orders", filters={}, cursor=cursor)
    return await show(
        request,
        "desk/orders.html",
        table=table,
        names=await names_of(request.database, {each.account_id for each in table.rows}),
    )


HANDLERS: list[HTTPRouteHandler] = [
    show_documents,
    show_document,
    download_document,
    show_image,
    take_review,
    show_orders,
]
