"""The person's own pages: profile, password and second step, sessions."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import SessionId
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.gate import give_cookie
from dialplane.faces.portal.limits import limits_of
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.zones import ZONES
from dialplane.services.identity.passkeys import list_passkeys
from dialplane.services.identity.people import change_password, update_profile
from dialplane.services.identity.second_step import count_recovery_codes
from dialplane.services.identity.sign_in import begin_again, end_other_sessions, end_session, list_sessions


@page("/profile")
async def show_profile(request: PortalRequest) -> Response[str]:
    person = request.person
    form = Form({"name": person.name, "phone": person.phone, "timezone": person.timezone})
    return await show(request, "profile.html", form=form, zones=ZONES)


@action("/profile")
async def take_profile(request: PortalRequest) -> Response[str]:
    fields = request.fields
    try:
        await update_profile(
            request.database,
            request.person.id,
            name=fields.get("name"),
            phone=fields.get("phone"),
            timezone=fields.get("timezone"),
            now=request.now,
        )
    except Invalid as refusal:
        return await show(request, "profile.html", form=typed(fields).refuse(refusal), zones=ZONES)
    return await done(request, "/portal/profile", "Your profile is saved.")


@page("/profile/security")
async def show_security(request: PortalRequest) -> Response[str]:
    return await _show_security(request, Form())


async def _show_security(request: PortalRequest, form: Form) -> Response[str]:
    person = request.person
    return await show(
        request,
        "security.html",
        form=form,
        passkeys=await list_passkeys(request.database, person.id),
        codes_left=await count_recovery_codes(request.database, person.id),
        sessions=await list_sessions(request.database, person.id, request.now),
        this_session=request.signed_in.id,
    )


@action("/profile/security/password")
async def take_password(request: PortalRequest) -> Response[str]:
    """Every browser is signed out, and this one in again with another session."""
    limits_of(request).check_try(request, request.person.email)
    fields, ports, person = request.fields, request.ports, request.person
    try:
        await change_password(
            ports.database,
            ports.hasher,
            request.portal.letters,
            person.id,
            fields.raw("old_password"),
            fields.raw("password"),
            request.now,
        )
    except Invalid as refusal:
        return await _show_security(request, Form().refuse(refusal))
    signed_in = await begin_again(request.database, person.id, request.browser, request.now)
    give_cookie(request.scope, signed_in.token)
    request.user.found = signed_in
    return await done(request, "/portal/profile/security", "The password is changed; other browsers are signed out.")


@action("/profile/sessions/{session:uuid}/end")
async def take_end(request: PortalRequest, session: FromPath[UUID]) -> Response[str]:
    await end_session(request.database, request.person.id, SessionId(session), request.now)
    return await done(request, "/portal/profile/security", "That browser is signed out.")


@action("/profile/sessions/end-others")
async def take_end_others(request: PortalRequest) -> Response[str]:
    await end_other_sessions(request.database, request.signed_in, request.now)
    return await done(request, "/portal/profile/security", "All other browsers are signed out.")


HANDLERS: list[HTTPRouteHandler] = [
    show_profile,
    take_profile,
    show_security,
    take_password,
    take_end,
    take_end_others,
]
