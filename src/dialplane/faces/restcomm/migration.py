"""`IncomingPhoneNumbers/migrate`: the numbers of an account go to another organization (reference 2.9)."""

from litestar import Response, Router, post

from dialplane.domain.errors import NotFound
from dialplane.domain.identity.role_permissions import Action
from dialplane.domain.ids import OrganizationId
from dialplane.faces.restcomm.credentials import ACTION, RESOURCE, read_sid
from dialplane.faces.restcomm.forms import invalid
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.tenancy.organizations import migrate_numbers as move_numbers

_PARAMETERS = {"organization_id": "OrganizationSid", "account_id": "AccountSid"}


@post("/", status_code=200, opt={ACTION: Action.MODIFY})
async def migrate_numbers(request: RestcommRequest) -> Response[bytes]:
    """Move the numbers of the account in the path, and of all below it. Twilio has no such thing."""
    if request.dialect.is_twilio:
        raise NotFound("The requested resource was not found")
    organization_id = read_sid("OR", request.parameters.text("OrganizationSid"))
    if organization_id is None:
        raise invalid("OrganizationSid", "is OR and 32 hexadecimal digits")
    with naming(_PARAMETERS):
        await move_numbers(
            request.database, request.user.caller, request.account, OrganizationId(organization_id), request.now
        )
    return Response(b"", media_type=request.asked.media_type)


router = Router(
    "/Accounts/{account_sid:str}/IncomingPhoneNumbers/migrate",
    route_handlers=[migrate_numbers],
    opt={RESOURCE: "IncomingPhoneNumbers"},
)
