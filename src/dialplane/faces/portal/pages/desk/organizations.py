"""Organizations: accounts that share SIP domains."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.errors import Refusal
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.desk.reading import DESK, id_behind
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of
from dialplane.services.operating.directory import search_organizations
from dialplane.services.tenancy.provisioning import create_organization


@page("/operator/organizations")
async def show_organizations(request: PortalRequest) -> Response[str]:
    return await _show(request, typed(request.fields))


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    filters, cursor = {"q": request.fields.get("q")[:255]}, request.fields.get("after")
    found = await search_organizations(request.database, filters["q"], before=id_behind(cursor), limit=PAGE + 1)
    return await show(
        request,
        "desk/organizations.html",
        form=form,
        table=page_of(found, lambda row: str(row.id), path=f"{DESK}/organizations", filters=filters, cursor=cursor),
        is_filtered=bool(filters["q"]),
    )


@action("/operator/organizations")
async def take_organization(request: PortalRequest) -> Response[str]:
    domains = tuple(request.fields.get("domains").replace(",", " ").split())
    try:
        made = await create_organization(request.database, request.fields.get("name"), domains, now=request.now)
    except Refusal as refusal:
        return await _show(request, typed(request.fields).refuse(refusal))
    where, said = f"{DESK}/accounts/new?organization={made.id}", f"{made.name} is there; open an account."
    line = operator_curl(request, "POST", "/organizations", {"name": made.name, "domains": list(made.domains)})
    return await done(request, where, said, curl=line)


HANDLERS: list[HTTPRouteHandler] = [show_organizations, take_organization]
