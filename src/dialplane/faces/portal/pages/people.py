"""Who is in a project, and in which role."""

from urllib.parse import quote
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import Deed, Role, parse_role
from dialplane.domain.ids import PersonId
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.limits import limits_of
from dialplane.faces.portal.rendering import done, go, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.tenancy.projects import (
    change_role,
    invite,
    list_invitations,
    list_members,
    remove_member,
    revoke_invitation,
)

_ROLES = (
    (Role.OWNER, "Everything, and makes other owners"),
    (Role.ADMIN, "Everything but changing owners"),
    (Role.DEVELOPER, "Numbers, flows, settings and keys; buys numbers"),
    (Role.BILLING, "Credits and usage"),
    (Role.VIEWER, "Looks at everything but keys"),
)


@page("/projects/{project:uuid}/people", deed=Deed.VIEW)
async def show_people(request: PortalRequest) -> Response[str]:
    return await _show(request, Form({"role": Role.DEVELOPER.value}))


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    return await show(
        request,
        "people.html",
        form=form,
        members=await list_members(request.database, request.account_id),
        invitations=await list_invitations(request.database, request.account_id, request.now),
        roles=[(role.value, f"{role.value.capitalize()}: {says}") for role, says in _ROLES],
        may_change=request.member.may(Deed.PEOPLE),
    )


@action("/projects/{project:uuid}/people", deed=Deed.PEOPLE)
async def take_invitation(request: PortalRequest) -> Response[str]:
    fields = request.fields
    email = fields.get("email")
    try:
        role = parse_role(fields.get("role"))
        if limits_of(request).may_write(request, email):
            await invite(request.database, request.portal.letters, request.member, email, role, request.now)
    except Refusal as refusal:
        return await _show(request, typed(fields).refuse(refusal))
    curl = json_curl(request, "POST", "/v1.0/invitations", {"email": email, "role": role.value})
    return await done(request, request.at("/people"), f"An invitation is on its way to {email}.", curl=curl)


@action("/projects/{project:uuid}/people/revoke", deed=Deed.PEOPLE)
async def take_revocation(request: PortalRequest) -> Response[str]:
    email = request.fields.get("email")
    await revoke_invitation(request.database, request.account_id, email, request.now)
    curl = json_curl(request, "DELETE", f"/v1.0/invitations/{quote(email, safe='')}")
    return await done(request, request.at("/people"), "The invitation is taken back.", curl=curl)


@action("/projects/{project:uuid}/people/{person:uuid}/role", deed=Deed.PEOPLE)
async def take_role(request: PortalRequest, person: FromPath[UUID]) -> Response[str]:
    role = parse_role(request.fields.get("role"))
    await change_role(request.database, request.member, PersonId(person), role, request.now)
    curl = json_curl(request, "PUT", f"/v1.0/members/{person}", {"role": role.value})
    return await done(request, request.at("/people"), "The role is changed.", curl=curl)


@action("/projects/{project:uuid}/people/{person:uuid}/remove", deed=Deed.PEOPLE)
async def take_removal(request: PortalRequest, person: FromPath[UUID]) -> Response[str]:
    await remove_member(request.database, request.member, PersonId(person), request.now)
    if person == request.person.id:
        return go("/portal/projects")
    curl = json_curl(request, "DELETE", f"/v1.0/members/{person}")
    return await done(request, request.at("/people"), "They are no longer in the project.", curl=curl)


HANDLERS: list[HTTPRouteHandler] = [show_people, take_invitation, take_revocation, take_role, take_removal]
