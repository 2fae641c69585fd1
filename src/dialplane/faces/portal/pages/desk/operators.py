"""Who the operators are."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Refusal
from dialplane.domain.ids import PersonId
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.desk.reading import DESK
from dialplane.faces.portal.rendering import done, go, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.identity.operators import appoint_person, dismiss_operator, list_operators


@page("/operator/operators")
async def show_operators(request: PortalRequest) -> Response[str]:
    return await _show(request, Form())


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    return await show(request, "desk/operators.html", form=form, operators=await list_operators(request.database))


@action("/operator/operators")
async def take_operator(request: PortalRequest) -> Response[str]:
    try:
        made = await appoint_person(request.database, request.fields.get("email"), request.now)
    except Refusal as refusal:
        return await _show(request, typed(request.fields).refuse(refusal))
    said = f"{made.email} is an operator, and signs in again for it."
    line = operator_curl(request, "POST", "/operators", {"email": made.email})
    return await done(request, f"{DESK}/operators", said, curl=line)


@action("/operator/operators/{person:uuid}/dismiss")
async def take_dismissal(request: PortalRequest, person: FromPath[UUID]) -> Response[str]:
    try:
        dismissed = await dismiss_operator(request.database, PersonId(person), request.now)
    except Refusal as refusal:
        return await done(request, f"{DESK}/operators", refusal.message, kind="bad")
    if person == request.person.id:
        return go("/portal")
    line = operator_curl(request, "DELETE", f"/operators/{person}")
    return await done(request, f"{DESK}/operators", f"{dismissed.email} is no operator any more.", curl=line)


HANDLERS: list[HTTPRouteHandler] = [show_operators, take_operator, take_dismissal]
