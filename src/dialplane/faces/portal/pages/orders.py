"""Ordered numbers: what each waits for, what the review said, and handing in again (VoxCPaaS 3.2.11 to 3.2.17)."""

from collections.abc import Sequence
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import DocumentId, OrderId
from dialplane.domain.numbering.documents import Document, DocumentStatus
from dialplane.domain.numbering.orders import DocumentState, Order
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.numbering.documents import attach_document, list_documents
from dialplane.services.numbering.orders import cancel_order, list_ended_orders, list_open_orders

_MANY = 100


@page("/projects/{project:uuid}/numbers/ordered", deed=Deed.VIEW)
async def show_ordered(request: PortalRequest) -> Response[str]:
    """What waits for documents or for the carrier (3.2.12), and what became of earlier orders."""
    cursor = request.fields.get("after")
    path = request.at("/numbers/ordered")
    open_orders: Sequence[Order] = ()
    if not cursor:
        open_orders = await list_open_orders(request.database, request.account_id, limit=_MANY)
    ended = await list_ended_orders(
        request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    return await show(
        request,
        "ordered_numbers.html",
        orders=open_orders,
        at_hand=await _at_hand(request) if open_orders else {},
        ended=page_of(ended, lambda order: order.created_at.isoformat(), path=path, filters={}, cursor=cursor),
    )


async def _at_hand(request: PortalRequest) -> dict[str, list[Document]]:
    """By kind, the documents that would count if they were handed in."""
    today = await request.billing_now()
    found: dict[str, list[Document]] = {}
    for document in await list_documents(request.database, request.account_id, limit=_MANY):
        if document.status is not DocumentStatus.REJECTED and not document.has_expired(today):
            found.setdefault(document.kind, []).append(document)
    return found


@action("/projects/{project:uuid}/numbers/ordered/{order:uuid}/hand-in", deed=Deed.BUY)
async def take_document(request: PortalRequest, order: FromPath[UUID]) -> Response[str]:
    """Hand in a document that is there already, in the place of its kind."""
    now = await request.billing_now()
    try:
        document_id = _document_id(request.fields.get("document"))
        changed = await attach_document(request.database, request.account_id, OrderId(order), document_id, now)
    except Refusal as refusal:
        return await done(request, request.at("/numbers/ordered"), refusal.message, kind="bad")
    curl = json_curl(request, "POST", f"/v1.0/orders/{order}/documents", {"document_id": str(document_id)})
    return await done(request, request.at("/numbers/ordered"), handed_in(changed), curl=curl)


def _document_id(text: str) -> DocumentId:
    try:
        return DocumentId(UUID(text))
    except ValueError:
        raise Invalid("Choose a document", field="document") from None


def handed_in(order: Order) -> str:
    """What to say of an order after a document was handed in for it."""
    missing = sum(each.state in (DocumentState.MISSING, DocumentState.REJECTED) for each in order.documents)
    if missing:
        return f"The document is handed in for {order.number}; {missing} more to go."
    return f"Everything is handed in for {order.number}. It is looked at now, and the number is yours after that."


@action("/projects/{project:uuid}/numbers/ordered/{order:uuid}/cancel", deed=Deed.BUY)
async def take_cancel(request: PortalRequest, order: FromPath[UUID]) -> Response[str]:
    now = await request.billing_now()
    try:
        cancelled = await cancel_order(request.database, request.account_id, OrderId(order), now)
    except Refusal as refusal:
        return await done(request, request.at("/numbers/ordered"), refusal.message, kind="bad")
    said = f"The order of {cancelled.number} is cancelled; its money is free again."
    curl = json_curl(request, "DELETE", f"/v1.0/orders/{order}")
    return await done(request, request.at("/numbers/ordered"), said, curl=curl)


HANDLERS: list[HTTPRouteHandler] = [show_ordered, take_document, take_cancel]
