"""`Calls`: made, shown, changed while they live (reference 4.4). Those of a call's recordings: `recordings`."""

from litestar import Response, Router, delete, get, post, route
from litestar.exceptions import MethodNotAllowedException
from litestar.params import FromPath

from dialplane.domain.calling.calls import Call
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import ApplicationId, CallId
from dialplane.domain.numbering.applications import Application, ApplicationKind
from dialplane.domain.programs.sources import DocumentSource, ProgramSource
from dialplane.faces.restcomm.call_forms import (
    NAMES,
    read_application,
    read_document,
    read_from,
    read_manner,
    read_time_limit,
    read_to,
    with_status,
)
from dialplane.faces.restcomm.call_lists import list_of_calls
from dialplane.faces.restcomm.call_shapes import show_call
from dialplane.faces.restcomm.callbacks import CALL_EVENTS, read_callback
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.calling import call_orders as orders
from dialplane.services.calling import calls as service
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.charging.call_prices import call_prices
from dialplane.services.numbering.applications import get_application


@get("/")
async def list_calls(request: RestcommRequest) -> Response[bytes]:
    """The account's calls, newest first."""
    return await list_of_calls(request)


@post("/", status_code=200)
async def create_call(request: RestcommRequest) -> Response[bytes]:
    """Call somebody; the document runs when the call is answered."""
    parameters, country = request.parameters, request.account.home_country
    callee = read_to(parameters, country)
    caller = read_from(parameters, country)
    manner = read_manner(parameters, callee, request.dialect)
    application_id = read_application(parameters)
    if application_id is None:
        program = read_document(parameters, is_needed=True)
    else:
        application = await _application(request, ApplicationId(application_id))
        script = application.script(ApplicationKind.VOICE)
        if not script.url:
            raise invalid("ApplicationSid", "has no address for calls", reason="APPLICATION_NOT_FOUND")
        program = DocumentSource(script.url, script.method, script.fallback_url, script.fallback_method)
        manner = with_status(manner, application.status_url, application.status_method, request.dialect)
    wish = CallRequest(
        source=caller,
        destinations=(callee.address,),
        program=program,
        manner=manner,
        api_version=request.dialect.api_version,
    )
    with naming(NAMES):
        created = await create_calls(request.database, request.account_id, wish, request.now)
    return await _shown(request, created.calls[0], status=request.dialect.created)


@get("/{call_sid:str}")
async def get_call(request: RestcommRequest, call_sid: FromPath[str]) -> Response[bytes]:
    """One call."""
    return await _shown(request, await service.get_call(request.database, request.account_id, _call_id(call_sid)))


@route("/{call_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def change_call(request: RestcommRequest, call_sid: FromPath[str]) -> Response[bytes]:
    """Redirect, end or mute a live call."""
    parameters = request.parameters
    program = read_document(parameters, is_needed=False)
    status = _read_status(parameters)
    callback = read_callback(parameters, "StatusCallback", request.dialect, CALL_EVENTS)
    limit_s = read_time_limit(parameters)
    muted, moves = parameters.flag("Mute"), parameters.flag("MoveConnectedCallLeg") or False
    if program is not None and status:
        raise invalid("Status", "cannot be given together with Url or Twiml")
    try:
        call = await service.get_call(request.database, request.account_id, _id_to_change(request, call_sid))
    except NotFound as refusal:
        raise NotFound(refusal.message, reason="CALL_TO_CHANGE_NOT_FOUND") from refusal
    if callback is not None:
        call = await orders.tell_of_call(request.database, request.account_id, call.id, callback, request.now)
    call = await _end(request, call, status) if status else call
    if program is not None:
        call = await _redirect(request, call, program, moves=moves)
    if limit_s:
        call = await orders.limit_call(request.database, request.account_id, call.id, limit_s, request.now)
    if muted is not None:
        call = await orders.mute_call(request.database, request.account_id, call.id, "in" if muted else "", request.now)
    return await _shown(request, call)


@delete("/{call_sid:str}", status_code=204)
async def delete_call(request: RestcommRequest, call_sid: FromPath[str]) -> None:
    """Take an ended call out of the lists (Twilio's)."""
    if not request.dialect.is_twilio:
        raise MethodNotAllowedException(headers={"allow": "GET, POST, PUT"})
    await service.delete_call(request.database, request.account_id, _call_id(call_sid), request.now)


async def _redirect(request: RestcommRequest, call: Call, program: ProgramSource, *, moves: bool) -> Call:
    return await orders.redirect_call(
        request.database, request.account_id, call.id, program, request.now, move_partner=moves
    )


async def _end(request: RestcommRequest, call: Call, status: str) -> Call:
    end = orders.complete_call if status == "completed" else orders.cancel_call
    return await end(request.database, request.account_id, call.id, request.now)


async def _application(request: RestcommRequest, application_id: ApplicationId) -> Application:
    """An unknown one is a wrong parameter here (21218), and no unknown resource."""
    try:
        return await get_application(request.database, request.account_id, application_id)
    except NotFound as refusal:
        raise invalid("ApplicationSid", "is no application", reason="APPLICATION_NOT_FOUND") from refusal


def _read_status(parameters: Parameters) -> str:
    status = parameters.text("Status").lower()
    if status not in ("", "canceled", "completed"):
        raise invalid("Status", "is canceled or completed")
    return status


def _id_to_change(request: RestcommRequest, sid: str) -> CallId:
    """Restcomm tells a malformed sid from an unknown one here."""
    call_id = read_sid("CA", sid)
    if call_id is None and not request.dialect.is_twilio:
        raise invalid("CallSid", "is CA and 32 hex digits")
    return _call_id(sid)


def _call_id(sid: str) -> CallId:
    call_id = read_sid("CA", sid)
    if call_id is None:
        raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    return CallId(call_id)


async def _shown(request: RestcommRequest, call: Call, *, status: int = 200) -> Response[bytes]:
    prices = await call_prices(request.database, [call])
    return show(request.asked, "Call", show_call(request.asked, call, prices.get(call.id)), status=status)


router = Router(
    "/Accounts/{account_sid:str}/Calls",
    route_handlers=[list_calls, create_call, get_call, change_call, delete_call],
    opt={RESOURCE: "Calls"},
)
