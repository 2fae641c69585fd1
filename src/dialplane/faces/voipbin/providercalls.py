"""`/v1.0/providercalls`: calls forced over one provider, whatever the routes say (reference 6.6)."""

from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.ids import AccountId, CallId, TrunkId, unless_nil
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.calls import CallsCreated
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Invitation
from dialplane.faces.voipbin.platform import require_platform
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import providercalls as service
from dialplane.services.calling.outgoing import CallRequest
from dialplane.services.shapes.calls import call_shape
from dialplane.services.shapes.providers import providercall_shape


class ProviderCall(msgspec.Struct):
    """The call itself is at `/calls/{call_id}` of its customer."""

    id: UUID
    customer_id: UUID
    provider_id: UUID
    call_id: UUID
    tm_create: str | None


class NewProviderCall(Invitation, kw_only=True):
    """In whose name, and by which provider; the rest is as for `POST /calls`, to numbers alone."""

    provider_id: UUID
    customer_id: UUID | None = None
    """The signed-in agent's own, if left out."""
    anonymous: str = ""


@get("/", responses=answers(Paged[ProviderCall]))
async def list_providercalls(request: ApiRequest, page: Paging, provider_id: FromQuery[UUID | None] = None) -> Fields:
    """Newest first; all, or one provider's."""
    wanted = unless_nil(provider_id)
    trunk_id = None if wanted is None else TrunkId(wanted)
    rows = await service.list_provider_calls(request.database, trunk_id, before=page.before, limit=page.fetch)
    return show_page(rows, providercall_shape, page)


@post("/", status_code=200, responses=posted(CallsCreated, 402, 404))
async def create_providercalls(request: ApiRequest, data: JSONBody[NewProviderCall]) -> Fields:
    """Call each destination by this provider and no other."""
    wish = CallRequest(
        source=data.from_whom,
        destinations=data.to_whom,
        flow_id=unless_nil(data.flow_id),
        actions=data.actions,
        anonymous=data.anonymous,
    )
    whose = AccountId(data.customer_id) if data.customer_id else request.account_id
    made = await service.call_by_trunk(request.database, whose, TrunkId(data.provider_id), wish, request.now)
    return {"calls": [call_shape(call) for call in made.calls], "groupcalls": []}


@get("/{providercall_id:str}", responses=answers(ProviderCall, 404))
async def get_providercall(request: ApiRequest, providercall_id: FromPath[UUID]) -> Fields:
    """One of them."""
    return providercall_shape(await service.get_provider_call(request.database, CallId(providercall_id)))


router = Router(
    "/providercalls",
    route_handlers=[list_providercalls, create_providercalls, get_providercall],
    guards=[require_platform],
    tags=["Platform"],
)
