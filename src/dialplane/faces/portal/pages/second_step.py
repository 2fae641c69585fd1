"""The second step of signing in, and setting up an authenticator app (WEB-2)."""

import segno
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.errors import Invalid, LimitExceeded, NotAuthenticated
from dialplane.domain.identity.one_time_codes import otpauth_uri, show_secret
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.gate import give_cookie
from dialplane.faces.portal.limits import limits_of
from dialplane.faces.portal.pages.getting_in import go_on, safe
from dialplane.faces.portal.rendering import done, go, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import Access, action, page
from dialplane.services.identity.passkeys import list_passkeys
from dialplane.services.identity.people import check_own_password
from dialplane.services.identity.second_step import begin_totp, confirm_totp, remove_totp, renew_recovery_codes
from dialplane.services.identity.sign_in import enter_code, renew_token

_SECURITY = "/portal/profile/security"


@page("/second-step", access=Access.HALF)
async def show_step(request: PortalRequest) -> Response[str]:
    if request.signed_in.is_complete:
        return go("/portal")
    return await _show_step(request, Form())


@action("/second-step", access=Access.HALF)
async def take_step(request: PortalRequest) -> Response[str]:
    limits_of(request).check_address(request)
    half = request.signed_in
    if half.is_complete:
        return go("/portal")
    try:
        signed_in = await enter_code(request.database, half, request.fields.get("code"), request.browser, request.now)
    except (NotAuthenticated, LimitExceeded) as refusal:
        return await _show_step(request, Form(errors={"code": refusal.message}))
    return go_on(request, signed_in, safe(request.fields.get("next")))


async def _show_step(request: PortalRequest, form: Form) -> Response[str]:
    return await show(
        request,
        "second_step.html",
        form=form,
        next=safe(request.fields.get("next")),
        has_totp=request.person.has_totp,
        has_passkeys=bool(await list_passkeys(request.database, request.person.id)),
    )


# --- setting it up ---------------------------------------------------------------------------------------------------


@action("/profile/security/app")
async def begin(request: PortalRequest) -> Response[str]:
    """Shows the secret once a form asks for it: to look at the page changes nothing."""
    await begin_totp(request.database, request.person.id, request.now)
    return await _show_app(request, Form())


@action("/profile/security/app/confirm")
async def confirm(request: PortalRequest) -> Response[str]:
    try:
        codes = await confirm_totp(request.database, request.person.id, request.fields.get("code"), request.now)
    except Invalid as refusal:
        return await _show_app(request, Form().refuse(refusal))
    give_cookie(request.scope, await renew_token(request.database, request.signed_in))
    return await show(request, "recovery_codes.html", codes=codes)


@action("/profile/security/app/remove")
async def remove(request: PortalRequest) -> Response[str]:
    await _check_password(request)
    await remove_totp(request.database, request.person.id, request.now)
    give_cookie(request.scope, await renew_token(request.database, request.signed_in))
    return await done(request, _SECURITY, "The authenticator app is removed.")


@action("/profile/security/recovery-codes")
async def renew_codes(request: PortalRequest) -> Response[str]:
    await _check_password(request)
    codes = await renew_recovery_codes(request.database, request.person.id)
    return await show(request, "recovery_codes.html", codes=codes)


async def _check_password(request: PortalRequest) -> None:
    """Whoever finds a browser open does not switch the second step off. Raises Invalid, LimitExceeded."""
    limits_of(request).check_try(request, request.person.email)
    ports = request.ports
    await check_own_password(ports.database, ports.hasher, request.person.id, request.fields.raw("old_password"))


async def _show_app(request: PortalRequest, form: Form) -> Response[str]:
    secret = await begin_totp(request.database, request.person.id, request.now)
    uri = otpauth_uri(secret, issuer="Dialplane", account=request.person.email)
    code = segno.make(uri, error="m").svg_inline(scale=4, svgclass="qr-code", lineclass="qr-lines", omitsize=True)
    return await show(request, "authenticator_app.html", form=form, qr_code=code, secret=show_secret(secret))


HANDLERS: list[HTTPRouteHandler] = [show_step, take_step, begin, confirm, remove, renew_codes]
