"""`Organizations`: who shares SIP domains (reference 4.2). Twilio has no such thing."""

from litestar import Response, Router, get, put
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.identity.role_permissions import Action
from dialplane.domain.ids import OrganizationId, to_sid
from dialplane.faces.restcomm.clients import CLIENTS
from dialplane.faces.restcomm.credentials import ACTION, RESOURCE, read_sid
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.forms import invalid
from dialplane.faces.restcomm.paging import Collection, show_rows
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.tenancy import organizations as service
from dialplane.services.tenancy.organizations import SeenOrganization

ORGANIZATIONS = Collection("Organizations", "Organization", "organizations")
_STATUSES = ("active", "closed")


@get("/")
async def list_organizations(request: RestcommRequest) -> Response[bytes]:
    """The account's own; of an account at the top also those that it made. Filter: `Status`."""
    _only_restcomm(request)
    wanted = request.filters.text("Status").lower()
    if wanted and wanted not in _STATUSES:
        raise invalid("Status", "is active or closed")
    seen = await service.organizations_of(request.database, request.account)
    rows = [show_organization(request.asked, each) for each in seen if wanted in ("", _status(each))]
    return show_rows(request.asked, ORGANIZATIONS, rows, request.asked.uri("/Organizations"))


@get("/{organization_sid:str}")
async def get_organization(request: RestcommRequest, organization_sid: FromPath[str]) -> Response[bytes]:
    """One organization."""
    _only_restcomm(request)
    organization_id = read_sid("OR", organization_sid)
    if organization_id is None:
        raise NotFound("There is no such organization", reason="ORGANIZATION_NOT_FOUND")
    seen = await service.get_organization(request.database, request.account, OrganizationId(organization_id))
    return show(request.asked, "Organization", show_organization(request.asked, seen))


@put("/{domain_name:str}", status_code=200, opt={ACTION: Action.CREATE})
async def create_organization(request: RestcommRequest, domain_name: FromPath[str]) -> Response[bytes]:
    """An organization with a SIP domain of this name, below the domain of the caller's own."""
    _only_restcomm(request)
    with naming({"domain_name": "DomainName"}):
        seen = await service.create_domain(request.database, request.account, domain_name, request.now)
    return show(request.asked, "Organization", show_organization(request.asked, seen))


@put("/{organization_sid:str}/Migrate", status_code=200, opt={ACTION: Action.MODIFY})
async def migrate_clients(request: RestcommRequest, organization_sid: FromPath[str]) -> Response[bytes]:
    """Restcomm hashes the passwords of an organization's clients here and lists those that it changed. What is shown of
    a password in this dialect is its hash from the first day on, so the list is empty."""
    _only_restcomm(request)
    organization_id = read_sid("OR", organization_sid)
    if organization_id is None:
        raise invalid("OrganizationSid", "is OR and 32 hexadecimal digits")
    await service.get_own_organization(request.database, request.account, OrganizationId(organization_id))
    return show_rows(request.asked, CLIENTS, [], request.asked.uri(request.asked.path))


def show_organization(asked: Asked, seen: SeenOrganization) -> dict[str, object]:
    organization = seen.organization
    created = asked.dialect.show_time(organization.created_at)
    return {
        "sid": to_sid("OR", organization.id),
        "domain_name": organization.domains[0] if organization.domains else None,
        "date_created": created,
        "date_updated": created,  # an organization does not change
        "status": _status(seen),
    }


def _status(seen: SeenOrganization) -> str:
    return _STATUSES[seen.is_closed]


def _only_restcomm(request: RestcommRequest) -> None:
    if request.dialect.is_twilio:
        raise NotFound("The requested resource was not found")


router = Router(
    "/Organizations",
    route_handlers=[list_organizations, get_organization, create_organization, migrate_clients],
    opt={RESOURCE: "Organizations"},
)
