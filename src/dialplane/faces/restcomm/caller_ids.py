"""`OutgoingCallerIds` (reference 4.9). A number may be shown once it was called and the code was keyed.

Restcomm shows a number from the start, with the code until it is verified; Twilio answers with the code, and shows the
number when it is verified.
"""

from uuid import UUID

from litestar import Response, Router, delete, get, post, route
from litestar.params import FromPath

from dialplane.domain.calling.caller_ids import CallerId, CallerIdFilter
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import to_sid
from dialplane.faces.restcomm.accounts import read_unpaged
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.forms import invalid
from dialplane.faces.restcomm.number_shapes import formatted
from dialplane.faces.restcomm.paging import Collection, Listed, show_list
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest, phone_text
from dialplane.services.calling import caller_ids as service

CALLER_IDS = Collection("OutgoingCallerIds", "OutgoingCallerId", "outgoing_caller_ids")

_NAMES = {"number": "PhoneNumber", "destinations": "PhoneNumber", "name": "FriendlyName", "source": "PhoneNumber"}
_LONGEST_DELAY_S = 60


@get("/")
async def list_caller_ids(request: RestcommRequest) -> Response[bytes]:
    """Numbers that may be shown: in Restcomm's dialect those that wait for their code, too."""
    page = read_unpaged(request, CALLER_IDS)
    filters = request.filters
    wanted = CallerIdFilter(
        phone_text(filters.text("PhoneNumber")), filters.text("FriendlyName"), only_verified=request.dialect.is_twilio
    )
    found, total = await service.query_caller_ids(
        request.database, request.account_id, wanted, request.now, offset=page.offset, limit=page.size + 1
    )
    rows = [_shape(request.asked, each) for each in found[: page.size]]
    return show_list(request, CALLER_IDS, Listed(rows, total, more_follow=len(found) > page.size), page)


@post("/", status_code=200)
async def create_caller_id(request: RestcommRequest) -> Response[bytes]:
    """Have a number called, and give the code that must be keyed then."""
    parameters = request.parameters
    number = phone_text(parameters.text("PhoneNumber", longest=30))
    if not number:
        raise invalid("PhoneNumber", "is needed", reason="NUMBER_MISSING")
    wish = service.CallerIdWish(
        number=number,
        name=parameters.text("FriendlyName") or formatted(number),
        extension=parameters.text("Extension", longest=20),
        delay_s=parameters.number("CallDelay", least=0, most=_LONGEST_DELAY_S) or 0,
    )
    with naming(_NAMES):
        caller_id, call = await service.ask_for_caller_id(request.database, request.account_id, wish, request.now)
    if not request.dialect.is_twilio:
        return show(request.asked, "OutgoingCallerId", _shape(request.asked, caller_id))
    members = {
        "account_sid": request.account_sid,
        "call_sid": to_sid("CA", call.id),
        "friendly_name": caller_id.name,
        "phone_number": caller_id.number,
        "validation_code": caller_id.code,
    }
    return show(request.asked, "ValidationRequest", members)


@get("/{caller_id_sid:str}")
async def get_caller_id(request: RestcommRequest, caller_id_sid: FromPath[str]) -> Response[bytes]:
    """One number that may be shown."""
    found = await service.get_caller_id(request.database, request.account_id, _caller_id(caller_id_sid), request.now)
    if request.dialect.is_twilio and found.verified_at is None:
        raise NotFound("There is no such caller ID", reason="CALLER_ID_NOT_FOUND")
    return show(request.asked, "OutgoingCallerId", _shape(request.asked, found))


@route("/{caller_id_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def update_caller_id(request: RestcommRequest, caller_id_sid: FromPath[str]) -> Response[bytes]:
    """Give it another name."""
    caller_id, name = _caller_id(caller_id_sid), request.parameters.text("FriendlyName")
    if not name:
        return await _shown(request, caller_id)
    with naming(_NAMES):
        renamed = await service.rename_caller_id(request.database, request.account_id, caller_id, name, request.now)
    return show(request.asked, "OutgoingCallerId", _shape(request.asked, renamed))


@delete("/{caller_id_sid:str}", status_code=204)
async def delete_caller_id(request: RestcommRequest, caller_id_sid: FromPath[str]) -> None:
    """It may not be shown any more."""
    await service.delete_caller_id(request.database, request.account_id, _caller_id(caller_id_sid))


async def _shown(request: RestcommRequest, caller_id: UUID) -> Response[bytes]:
    found = await service.get_caller_id(request.database, request.account_id, caller_id, request.now)
    return show(request.asked, "OutgoingCallerId", _shape(request.asked, found))


def _shape(asked: Asked, caller_id: CallerId) -> dict[str, object]:
    account_sid, sid = to_sid("AC", caller_id.account_id), to_sid("PN", caller_id.id)
    members: dict[str, object] = {
        "sid": sid,
        "date_created": asked.dialect.show_time(caller_id.created_at),
        "date_updated": asked.dialect.show_time(caller_id.updated_at or caller_id.created_at),
        "friendly_name": caller_id.name,
        "account_sid": account_sid,
        "phone_number": caller_id.number,
        "uri": asked.uri(f"/Accounts/{account_sid}/OutgoingCallerIds/{sid}"),
    }
    if not asked.dialect.is_twilio and caller_id.verified_at is None:
        members["validation_code"] = caller_id.code
    return members


def _caller_id(sid: str) -> UUID:
    caller_id = read_sid("PN", sid)
    if caller_id is None:
        raise NotFound("There is no such caller ID", reason="CALLER_ID_NOT_FOUND")
    return caller_id


router = Router(
    "/Accounts/{account_sid:str}/OutgoingCallerIds",
    route_handlers=[list_caller_ids, create_caller_id, get_caller_id, update_caller_id, delete_caller_id],
    opt={RESOURCE: "OutgoingCallerIds"},
)
