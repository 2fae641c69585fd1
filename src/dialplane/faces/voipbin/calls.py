"""`/v1.0/calls`: each is one leg between the platform and one party (reference 4)."""

from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import CallId, unless_nil
from dialplane.faces.voipbin.answers import Address, Fields, Paged, answers, posted
from dialplane.faces.voipbin.groupcalls import Groupcall
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Invitation
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.routing import RouteExplanation
from dialplane.services.calling import calls as service
from dialplane.services.calling import outgoing, routing
from dialplane.services.calling.groupcalls import start_calls
from dialplane.services.shapes.calls import call_shape
from dialplane.services.shapes.groupcalls import groupcall_shape


class Call(msgspec.Struct, kw_only=True):
    """One call. Times that are not reached yet are left out, and what was found of the caller and of the number's hours
    where nobody looked."""

    id: UUID
    customer_id: UUID
    owner_type: str
    owner_id: UUID
    flow_id: UUID
    activeflow_id: UUID
    type: str
    master_call_id: UUID
    chained_call_ids: list[UUID]
    recording_id: UUID
    recording_ids: list[UUID]
    groupcall_id: UUID
    source: Address
    destination: Address
    status: str
    action: dict[str, object]
    direction: str
    mute_direction: str
    hangup_by: str
    hangup_reason: str
    metadata: dict[str, object] | None
    sip_code: int
    cause: int
    cause_text: str
    verstat: str = ""
    caller_verdict: str = ""
    spam_score: int | None = None
    hours: str = ""
    tm_create: str
    tm_ringing: str | None = None
    tm_progressing: str | None = None
    tm_hangup: str | None = None
    tm_update: str | None = None
    tm_delete: str | None = None


class NewCalls(Invitation):
    """A call to each destination. One of `flow_id` and `actions` says what runs when it is answered."""

    anonymous: str = ""
    variables: dict[str, str] | None = None


class CallsCreated(msgspec.Struct):
    calls: list[Call]
    groupcalls: list[Groupcall]


@get("/", responses=answers(Paged[Call]))
async def list_calls(request: ApiRequest, page: Paging) -> Fields:
    """The account's calls, newest first."""
    rows = await service.list_calls(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, call_shape, page)


@post("/", status_code=200, responses=posted(CallsCreated, 402, 404))
async def create_calls(request: ApiRequest, data: JSONBody[NewCalls]) -> Fields:
    """Call each destination. Those that cannot or may not be called are left out; the request fails only if all are."""
    request.require_manager()
    wish = outgoing.CallRequest(
        source=data.from_whom,
        destinations=data.who_can_be_read,
        flow_id=unless_nil(data.flow_id),
        actions=data.actions,
        variables=data.variables,
        anonymous=data.anonymous,
    )
    started = await start_calls(request.database, request.account_id, wish, request.now)
    return {
        "calls": [call_shape(call) for call in started.calls],
        "groupcalls": [groupcall_shape(groupcall) for groupcall in started.groupcalls],
    }


@get("/{call_id:str}", responses=answers(Call, 404))
async def get_call(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """One call."""
    return call_shape(await service.get_call(request.database, request.account_id, CallId(call_id)))


@post("/{call_id:str}/hangup", status_code=200, responses=posted(Call, 404))
async def hangup_call(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """End a call."""
    request.require_manager()
    return call_shape(await service.hangup_call(request.database, request.account_id, CallId(call_id), request.now))


@delete("/{call_id:str}", status_code=200, responses=answers(Call, 404, 409))
async def delete_call(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """Take an ended call out of the lists."""
    request.require_manager()
    return call_shape(await service.delete_call(request.database, request.account_id, CallId(call_id), request.now))


@get("/{call_id:str}/route", responses=answers(RouteExplanation, 404))
async def get_call_route(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """Why the call went where it went: the decision as it was made, with every candidate."""
    return await routing.get_call_route(request.database, request.account_id, CallId(call_id))


router = Router(
    "/calls",
    route_handlers=[list_calls, create_calls, get_call, hangup_call, delete_call, get_call_route],
    tags=["Calls"],
)
