"""`AssignedAddOns` of a number, which every answer about a number leads to: Twilio's marketplace is not here, so that
none is assigned."""

from litestar import Response, Router, get
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.faces.restcomm.credentials import RESOURCE
from dialplane.faces.restcomm.numbers import read_number_id
from dialplane.faces.restcomm.paging import Collection, Listed, read_page, show_list
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.numbering.numbers import get_number

ADD_ONS = Collection("AssignedAddOns", "AssignedAddOn", "assigned_add_ons")


@get("/")
async def list_add_ons(request: RestcommRequest, number_sid: FromPath[str]) -> Response[bytes]:
    """No add-on, of a number that exists."""
    if not request.dialect.is_twilio:
        raise NotFound("The requested resource was not found")
    await get_number(request.database, request.account_id, read_number_id(number_sid))
    return show_list(request, ADD_ONS, Listed([], 0, more_follow=False), read_page(request, ADD_ONS))


router = Router(
    "/Accounts/{account_sid:str}/IncomingPhoneNumbers/{number_sid:str}/AssignedAddOns",
    route_handlers=[list_add_ons],
    opt={RESOURCE: "IncomingPhoneNumbers"},
)
