"""`/v1.0/orders` and `/v1.0/reservations`: purchases on their way, and numbers held for a while."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.ids import DocumentId, OrderId
from dialplane.domain.numbering.orders import OrderStatus
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.numbering import orders as service
from dialplane.services.numbering.documents import attach_document
from dialplane.services.shapes.inventory import show_reservation
from dialplane.services.shapes.orders import show_order
from dialplane.services.supply import inventory
from dialplane.services.supply.carrier_search import reserve_anywhere


class OrderDocument(msgspec.Struct):
    """What the carrier asks for. `state`: missing, pending (not reviewed yet), approved, rejected (`reason`)."""

    kind: str
    state: str
    reason: str
    document_id: UUID


class Order(msgspec.Struct):
    """One purchase. `status`: received, pending (documents), submitted, confirmed, failed, cancelled."""

    id: UUID
    customer_id: UUID
    number: str
    number_id: UUID
    status: str
    reason: str
    documents: list[OrderDocument]
    setup_micros: int
    monthly_micros: int
    tm_create: str | None
    tm_update: str | None
    tm_end: str | None


class Reservation(msgspec.Struct):
    """A number that nobody else can buy until `tm_expire`. `status`: held, used, released, expired."""

    id: UUID
    customer_id: UUID
    number: str
    status: str
    tm_expire: str | None
    tm_create: str | None
    tm_end: str | None


class HandedIn(msgspec.Struct):
    """A document of the account's, of a kind that the order asks for."""

    document_id: UUID


class NewReservation(msgspec.Struct):
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


@get("/orders", responses=answers(Paged[Order]))
async def list_orders(
    request: ApiRequest,
    page: Paging,
    status: Annotated[OrderStatus | None, QueryParameter(description="Only orders of this status.")] = None,
) -> Fields:
    """The account's orders, newest first."""
    rows = await service.list_orders(
        request.database, request.account_id, status=status, before=page.before, limit=page.fetch
    )
    return show_page(rows, show_order, page)


@get("/orders/{order_id:str}", responses=answers(Order, 404))
async def get_order(request: ApiRequest, order_id: FromPath[UUID]) -> Fields:
    """One order."""
    return show_order(await service.get_order(request.database, request.account_id, OrderId(order_id)))


@delete("/orders/{order_id:str}", status_code=200, responses=answers(Order, 404, 409))
async def cancel_order(request: ApiRequest, order_id: FromPath[UUID]) -> Fields:
    """Call off an order that waits for documents; its money is free again."""
    request.require_manager()
    return show_order(
        await service.cancel_order(request.database, request.account_id, OrderId(order_id), await request.billing_now())
    )


@post("/orders/{order_id:str}/documents", status_code=200, responses=posted(Order, 404))
async def hand_document_in(request: ApiRequest, order_id: FromPath[UUID], data: JSONBody[HandedIn]) -> Fields:
    """Hand in a document for an order, in place of an earlier one of its kind."""
    request.require_manager()
    order = await attach_document(
        request.database,
        request.account_id,
        OrderId(order_id),
        DocumentId(data.document_id),
        await request.billing_now(),
    )
    return show_order(order)


@get("/reservations", responses=answers(Paged[Reservation]))
async def list_reservations(request: ApiRequest, page: Paging) -> Fields:
    """Numbers that the account holds now without having bought them, newest first."""
    now = await request.billing_now()
    rows = await inventory.list_reservations(
        request.database, request.account_id, now, before=page.before, limit=page.fetch
    )
    return show_page(rows, show_reservation, page)


@post("/reservations", status_code=200, responses=posted(Reservation, 404))
async def create_reservation(request: ApiRequest, data: JSONBody[NewReservation]) -> Fields:
    """Hold a number for 30 minutes."""
    request.require_manager()
    return show_reservation(
        await reserve_anywhere(
            request.database, request.ports.carriers, request.account_id, data.number, await request.billing_now()
        )
    )


@get("/reservations/{reservation_id:str}", responses=answers(Reservation, 404))
async def get_reservation(request: ApiRequest, reservation_id: FromPath[UUID]) -> Fields:
    """One reservation."""
    now = await request.billing_now()
    return show_reservation(await inventory.get_reservation(request.database, request.account_id, reservation_id, now))


@delete("/reservations/{reservation_id:str}", status_code=200, responses=answers(Reservation, 404, 409))
async def give_reservation_back(request: ApiRequest, reservation_id: FromPath[UUID]) -> Fields:
    """Give a held number back before its time."""
    request.require_manager()
    return show_reservation(
        await inventory.give_back(request.database, request.account_id, reservation_id, await request.billing_now())
    )


router = Router(
    "/",
    route_handlers=[
        list_orders,
        get_order,
        cancel_order,
        hand_document_in,
        list_reservations,
        create_reservation,
        get_reservation,
        give_reservation_back,
    ],
    tags=["Orders"],
)
