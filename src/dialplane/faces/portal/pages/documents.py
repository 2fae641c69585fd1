"""Documents to upload: the list, a new one, its file back, and its end (VoxCPaaS 3.2.14 to 3.2.17; WEB-9, WEB-10).

What a document says is looked at by the operator alone; no page here changes its state.
"""

import shlex
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import DocumentId, OrderId, PortId
from dialplane.domain.numbering.documents import LARGEST, DocumentDraft
from dialplane.domain.numbering.orders import DocumentState, Order
from dialplane.faces.downloads import document_download
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.kinds_of_documents import kind_choices
from dialplane.faces.portal.pages.orders import handed_in
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_id, read_moment_cursor
from dialplane.faces.portal.uploads import read_upload
from dialplane.services.numbering.documents import delete_document, list_documents, read_content, upload_document
from dialplane.services.numbering.orders import get_order, list_open_orders
from dialplane.services.numbering.porting import add_to_port

_DOCUMENTS = "/projects/{project:uuid}/numbers/documents"
_WANTED = (DocumentState.MISSING, DocumentState.REJECTED)
_MANY = 100


@page(_DOCUMENTS, deed=Deed.VIEW)
async def show_documents(request: PortalRequest) -> Response[str]:
    """What was handed in and what became of it; above it what orders still wait for."""
    cursor = request.fields.get("after")
    found = await list_documents(
        request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    path = request.at("/numbers/documents")
    table = page_of(found, lambda each: each.created_at.isoformat(), path=path, filters={}, cursor=cursor)
    orders = await list_open_orders(request.database, request.account_id, limit=_MANY)
    return await show(
        request, "documents.html", table=table, wanted=_wanted(orders), today=(await request.billing_now()).date()
    )


def _wanted(orders: Sequence[Order]) -> list[tuple[Order, str, str]]:
    """Order, kind, and why what stood there was rejected."""
    return [(order, each.kind, each.reason) for order in orders for each in order.documents if each.state in _WANTED]


@page(f"{_DOCUMENTS}/new", deed=Deed.BUY)
async def show_upload(request: PortalRequest) -> Response[str]:
    fields = request.fields
    form = Form({"order": fields.get("order"), "kind": fields.get("kind"), "port": fields.get("port")})
    return await _show_upload(request, form)


async def _show_upload(request: PortalRequest, form: Form) -> Response[str]:
    orders = await list_open_orders(request.database, request.account_id, limit=_MANY)
    waiting = [order for order in orders if order.documents]
    asked = dict.fromkeys(each.kind for order in waiting for each in order.documents)
    return await show(
        request,
        "document_new.html",
        form=form,
        kinds=kind_choices((*filter(None, [form["kind"][:64]]), *asked)),
        orders=[(str(order.id), order.number) for order in waiting],
    )


@action(_DOCUMENTS, deed=Deed.BUY)
async def take_upload(request: PortalRequest) -> Response[str]:
    """Upload (3.2.16): name, type, expiry date and the file, for an order where one is chosen."""
    fields = request.fields
    try:
        file = await read_upload(request, "file")
        order_id = _order_id(fields.get("order"))
        draft = DocumentDraft(
            fields.get("kind"), file.content, fields.get("name") or file.name, _day(fields.get("expires_on"))
        )
        made = await upload_document(
            request.database,
            request.ports.objects,
            request.account_id,
            draft,
            await request.billing_now(),
            order_id=order_id,
        )
    except Refusal as refusal:
        return await _show_upload(request, typed(fields).refuse(_for_people(refusal), content="file", order_id="order"))
    said, path = "The document is uploaded.", request.at("/numbers/documents")
    if (port_id := read_id(fields.get("port"))) is not None:
        await add_to_port(request.database, request.account_id, PortId(port_id), made, await request.billing_now())
        said, path = "The document is uploaded, and is the order's now.", request.at(f"/numbers/ports/{port_id}")
    if order_id is not None:
        path = request.at("/numbers/ordered")
        said = handed_in(await get_order(request.database, request.account_id, order_id))
    curl = (
        f'curl -X POST "{request.portal.base}/v1.0/documents?accesskey=$ACCESS_KEY"'
        f" -F {shlex.quote(f'kind={made.kind}')} -F file=@document" + (f" -F order_id={order_id}" if order_id else "")
    )
    return await done(request, path, said, curl=curl)


def _for_people(refusal: Refusal) -> Refusal:
    if refusal.field != "content":
        return refusal
    return Invalid(f"The file must be a PDF, PNG or JPEG of at most {LARGEST >> 20} MiB", field="content")


def _order_id(text: str) -> OrderId | None:
    try:
        return OrderId(UUID(text)) if text else None
    except ValueError:
        raise Invalid("Choose an order", field="order") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("Enter a day such as 2030-12-31", field="expires_on") from None


@page(f"{_DOCUMENTS}/{{document:uuid}}/content", deed=Deed.VIEW)
async def download_document(request: PortalRequest, document: FromPath[UUID]) -> Response[bytes]:
    """The file as an attachment, to members of the project that it belongs to."""
    found, content = await read_content(
        request.database, request.ports.objects, request.account_id, DocumentId(document)
    )
    return document_download(found, content)


@action(f"{_DOCUMENTS}/{{document:uuid}}/delete", deed=Deed.BUY)
async def take_delete(request: PortalRequest, document: FromPath[UUID]) -> Response[str]:
    path = request.at("/numbers/documents")
    try:
        deleted = await delete_document(
            request.database,
            request.ports.objects,
            request.account_id,
            DocumentId(document),
            await request.billing_now(),
        )
    except Refusal as refusal:
        return await done(request, path, refusal.message, kind="bad")
    curl = json_curl(request, "DELETE", f"/v1.0/documents/{document}")
    return await done(request, path, f"{deleted.name or 'The document'} is deleted, and its file with it.", curl=curl)


HANDLERS: list[HTTPRouteHandler] = [show_documents, show_upload, take_upload, download_document, take_delete]
