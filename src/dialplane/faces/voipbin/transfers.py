"""`/v1.0/transfers`: hand the other party of a talk over to somebody else (reference 4.3, 4.6)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, post
from litestar.params import JSONBody

from dialplane.domain.calling.transfers import MAX_TRANSFEREES, TransferType
from dialplane.domain.ids import CallId
from dialplane.faces.voipbin.answers import Address, Fields, posted
from dialplane.faces.voipbin.parties import Party, read_parties
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import transfers as service
from dialplane.services.shapes.transfers import transfer_shape


class Transfer(msgspec.Struct):
    """One transfer; `transferee_call_id` is there when a transferee has answered."""

    id: UUID
    customer_id: UUID
    type: str
    transferer_call_id: UUID
    transferee_addresses: list[Address]
    transferee_call_id: UUID
    groupcall_id: UUID
    confbridge_id: UUID
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewTransfer(msgspec.Struct):
    transfer_type: TransferType
    transferer_call_id: UUID
    transferee_addresses: Annotated[list[Party], msgspec.Meta(min_length=1, max_length=MAX_TRANSFEREES)]


@post("/", status_code=200, responses=posted(Transfer, 404))
async def create_transfer(request: ApiRequest, data: JSONBody[NewTransfer]) -> Fields:
    """Transfer the party that the call talks with."""
    request.require_manager()
    wish = service.TransferWish(
        data.transfer_type,
        CallId(data.transferer_call_id),
        read_parties(data.transferee_addresses, "transferee_addresses"),
    )
    return transfer_shape(await service.start_transfer(request.database, request.account_id, wish, request.now))


router = Router("/transfers", route_handlers=[create_transfer], tags=["Calls"])
