"""All projects of a person, and making one (VoxCPaaS 2.2)."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import Deed
from dialplane.faces.portal.countries import choices
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import page_of, read_cursor
from dialplane.services.tenancy.projects import check_country, create_project, list_projects, rename_project


@page("/projects")
async def show_projects(request: PortalRequest) -> Response[str]:
    cursor = read_cursor(request.fields.get("after"))
    found = await list_projects(request.database, request.person.id, after=cursor)
    rows = page_of(
        found,
        lambda project: f"{project.name.lower()} {project.account_id}",
        path="/portal/projects",
        filters={},
        cursor=cursor,
    )
    return await show(request, "projects.html", table=rows)


@page("/projects/new")
async def show_new(request: PortalRequest) -> Response[str]:
    return await show(request, "project_new.html", form=Form({"country": "US"}), countries=choices())


@action("/projects/new")
async def take_new(request: PortalRequest) -> Response[str]:
    fields = request.fields
    try:
        account = await create_project(
            request.database,
            request.person.id,
            fields.get("name"),
            check_country(fields.get("country")),
            request.portal.terms,
            request.now,
        )
    except Refusal as refusal:
        form = typed(fields).refuse(refusal, home_country="country")
        return await show(request, "project_new.html", form=form, countries=choices())
    said = "The project is created. Its Project ID and Auth Token are below."
    return await done(request, f"/portal/projects/{account.id}", said)


@action("/projects/{project:uuid}/name", deed=Deed.PEOPLE)
async def take_name(request: PortalRequest) -> Response[str]:
    name = request.fields.get("name")
    await rename_project(request.database, request.account_id, name, request.now)
    line = json_curl(request, "PUT", "/v1.0/customer", {"name": name})
    return await done(request, request.at(), "The project has its new name.", curl=line)


HANDLERS: list[HTTPRouteHandler] = [show_projects, show_new, take_new, take_name]
