"""`POST /auth/delegate`: the platform's operator acts for a customer (reference 1.2, 1.4)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody

from dialplane.domain.errors import NotAuthenticated
from dialplane.domain.ids import AccountId
from dialplane.domain.tenancy.accounts import Principal
from dialplane.faces.api_limits import address_of
from dialplane.faces.voipbin.answers import answers
from dialplane.faces.voipbin.credentials import credential_of
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.identity import delegation as service
from dialplane.services.shapes.common import show_time


class DelegationWish(msgspec.Struct):
    """`reason`, 10 to 200 printable ASCII characters, stands in the audit log."""

    customer_id: UUID
    reason: Annotated[str, msgspec.Meta(max_length=4096)]


class Delegated(msgspec.Struct):
    """The token lasts eight hours, and does what an administrator of the customer may do."""

    token: str
    type: Literal["delegate"]
    customer_id: UUID
    expire: str | None


@post("/delegate", status_code=200, responses=answers(Delegated, 404, 422))
async def delegate(request: ApiRequest, data: JSONBody[DelegationWish]) -> Delegated:
    """Act for a customer; for the platform's operator."""
    credential = credential_of(request.scope)
    if not credential:
        raise NotAuthenticated("Send a token or the operator's key", reason="AUTHENTICATION_REQUIRED")
    asker: Principal = await request.app.state.verifier.verify(credential)
    made = await service.delegate(
        request.database,
        request.ports.signer,
        asker,
        AccountId(data.customer_id),
        data.reason,
        address=address_of(request.scope),
        now=request.now,
    )
    return Delegated(made.token, "delegate", made.account_id, show_time(made.ends_at))
