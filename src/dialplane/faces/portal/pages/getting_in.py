"""Sign-up, activation, sign-in, forgotten password, sign-out (VoxCPaaS 2.1; WEB-1, WEB-4, WEB-8)."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import AlreadyExists, Invalid, NotAuthenticated, Refusal
from dialplane.domain.identity.portal import LinkPurpose
from dialplane.domain.ids import AccountId
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.gate import give_cookie
from dialplane.faces.portal.limits import limits_of
from dialplane.faces.portal.rendering import done, go, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import Access, action, page
from dialplane.faces.portal.tokens import age_of, new_visitor, stamp
from dialplane.services.identity.people import SignUpDraft, activate, ask_for_reset, reset_password, show_link, sign_up
from dialplane.services.identity.sign_in import SignedIn, sign_in, sign_out
from dialplane.services.tenancy.projects import accept_invitation, list_projects, sign_up_by_invitation

_HONEYPOT = "website"
"""A field that no person sees; who fills it in is a program."""


@page("", access=Access.ANYBODY)
async def enter(request: PortalRequest) -> Response[str]:
    """The person's only project, else all of them."""
    found = request.user.found
    if found is None or not found.session.is_complete:
        return go("/portal/sign-in")
    projects = await list_projects(request.database, found.person.id)
    return go(f"/portal/projects/{projects[0].account_id}" if len(projects) == 1 else "/portal/projects")


# --- sign-up ---------------------------------------------------------------------------------------------------------


@page("/sign-up", access=Access.ANYBODY)
async def show_sign_up(request: PortalRequest) -> Response[str]:
    return await _show_sign_up(request, Form())


@action("/sign-up", access=Access.ANYBODY)
async def take_sign_up(request: PortalRequest) -> Response[str]:
    """Answers the same whether the address is known or not."""
    fields, form = request.fields, typed(request.fields)
    limits = limits_of(request)
    limits.check_address(request)
    if fields.get(_HONEYPOT):
        return await _check_mail(request, fields.get("email"))
    try:
        _check_patience(request)
        if not fields.is_on("terms"):
            raise Invalid("Read and accept the terms to go on", field="terms")
        draft = SignUpDraft(
            fields.get("email"),
            fields.get("name"),
            fields.get("phone"),
            fields.raw("password"),
            fields.get("timezone") or "UTC",
        )
        if limits.may_write(request, draft.email):
            ports = request.ports
            await sign_up(ports.database, ports.hasher, request.portal.letters, draft, request.now)
    except Invalid as refusal:
        return await _show_sign_up(request, form.refuse(refusal))
    return await _check_mail(request, draft.email)


def _check_patience(request: PortalRequest) -> None:
    """No captcha: the form knows when it was handed out."""
    portal = request.portal
    age = age_of(portal.secret, request.fields.get("opened"), request.now.timestamp())
    if age is None:
        raise Invalid("The form was open too long; send it again")
    if age < portal.shortest_form_s:
        raise Invalid("That was quicker than people type; send it again")


async def _show_sign_up(request: PortalRequest, form: Form) -> Response[str]:
    opened = stamp(request.portal.secret, request.now.timestamp())
    return await show(request, "sign_up.html", form=form, opened=opened)


async def _check_mail(request: PortalRequest, email: str) -> Response[str]:
    return await show(request, "check_mail.html", email=email)


@page("/activate/{token:str}", access=Access.ANYBODY)
async def show_activation(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    """A page with a button: programs that look at mails open links, too."""
    link = await show_link(request.database, token, LinkPurpose.ACTIVATE, request.now)
    return await show(request, "activate.html", link=link)


@action("/activate/{token:str}", access=Access.ANYBODY)
async def take_activation(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    try:
        await activate(request.database, token, request.now)
    except AlreadyExists:
        return go("/portal/sign-in?said=known")
    return go("/portal/sign-in?said=activated")


@page("/terms", access=Access.ANYBODY)
async def show_terms(request: PortalRequest) -> Response[str]:
    return await show(request, "terms.html")


# --- sign-in ---------------------------------------------------------------------------------------------------------

_SAID = {
    "activated": "Your account is active. Sign in to begin.",
    "known": "This account is active already. Sign in.",
    "reset": "The new password is set. Sign in with it.",
    "out": "You are signed out.",
    "changed": "Sign in again to go on.",
}


@page("/sign-in", access=Access.ANYBODY)
async def show_sign_in(request: PortalRequest) -> Response[str]:
    said = _SAID.get(request.fields.get("said"), "")
    return await show(request, "sign_in.html", next=safe(request.fields.get("next")), said=said)


@action("/sign-in", access=Access.ANYBODY)
async def take_sign_in(request: PortalRequest) -> Response[str]:
    fields = request.fields
    email, where = fields.get("email"), safe(fields.get("next"))
    limits_of(request).check_try(request, email)
    ports = request.ports
    try:
        signed_in = await sign_in(
            ports.database, ports.hasher, email, fields.raw("password"), request.browser, request.now
        )
    except NotAuthenticated as refusal:
        form = typed(fields).refuse(refusal)
        return await show(request, "sign_in.html", status=401, form=form, next=where, said="")
    return go_on(request, signed_in, where)


def go_on(request: PortalRequest, signed_in: SignedIn, where: str) -> Response[str]:
    """The browser gets the session's token, in place of any that it had (WEB-4)."""
    give_cookie(request.scope, signed_in.token)
    if signed_in.session.is_complete:
        return go(where or "/portal")
    return go(f"/portal/second-step?next={where}" if where else "/portal/second-step")


@action("/sign-out", access=Access.ANYBODY)
async def take_sign_out(request: PortalRequest) -> Response[str]:
    if request.user.found is not None:
        await sign_out(request.database, request.user.found.session, request.now)
    give_cookie(request.scope, new_visitor())
    return go("/portal/sign-in?said=out")


def safe(where: str) -> str:
    """A path of the portal, or nothing: a link must not lead to another host."""
    return where if where.startswith("/portal/") and where.isprintable() and "\\" not in where else ""


# --- forgotten password ----------------------------------------------------------------------------------------------


@page("/forgot-password", access=Access.ANYBODY)
async def show_forgotten(request: PortalRequest) -> Response[str]:
    return await show(request, "forgot_password.html")


@action("/forgot-password", access=Access.ANYBODY)
async def take_forgotten(request: PortalRequest) -> Response[str]:
    email = request.fields.get("email")
    try:
        if limits_of(request).may_write(request, email):
            await ask_for_reset(request.database, request.portal.letters, email, request.now)
    except Invalid as refusal:
        return await show(request, "forgot_password.html", form=typed(request.fields).refuse(refusal))
    return await _check_mail(request, email)


@page("/reset-password/{token:str}", access=Access.ANYBODY)
async def show_reset(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    link = await show_link(request.database, token, LinkPurpose.RESET, request.now)
    return await show(request, "reset_password.html", link=link)


@action("/reset-password/{token:str}", access=Access.ANYBODY)
async def take_reset(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    ports = request.ports
    limits_of(request).check_address(request)
    try:
        password = request.fields.raw("password")
        await reset_password(ports.database, ports.hasher, request.portal.letters, token, password, request.now)
    except Invalid as refusal:
        link = await show_link(request.database, token, LinkPurpose.RESET, request.now)
        return await show(request, "reset_password.html", form=Form().refuse(refusal), link=link)
    give_cookie(request.scope, new_visitor())
    return go("/portal/sign-in?said=reset")


# --- invitations -----------------------------------------------------------------------------------------------------


@page("/invitation/{token:str}", access=Access.ANYBODY)
async def show_invitation(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    link = await show_link(request.database, token, LinkPurpose.INVITE, request.now)
    return await show(request, "invitation.html", link=link)


@action("/invitation/{token:str}", access=Access.SIGNED_IN)
async def take_invitation(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    """Somebody who is here already joins."""
    joined = await accept_invitation(request.database, request.person.id, token, request.now)
    return await _welcome(request, joined)


@action("/invitation/{token:str}/sign-up", access=Access.ANYBODY)
async def take_invited_sign_up(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    """Somebody new joins; the link has proved the address."""
    fields, ports = request.fields, request.ports
    limits_of(request).check_address(request)
    link = await show_link(request.database, token, LinkPurpose.INVITE, request.now)
    password = fields.raw("password")
    draft = SignUpDraft(link.email, fields.get("name"), "", password, "UTC")
    try:
        if not fields.is_on("terms"):
            raise Invalid("Read and accept the terms to go on", field="terms")
        await sign_up_by_invitation(ports.database, ports.hasher, token, draft, request.now)
    except Refusal as refusal:
        return await show(request, "invitation.html", form=typed(fields).refuse(refusal), link=link)
    signed_in = await sign_in(ports.database, ports.hasher, link.email, password, request.browser, request.now)
    return go_on(request, signed_in, "")


async def _welcome(request: PortalRequest, joined: AccountId) -> Response[str]:
    return await done(request, f"/portal/projects/{joined}", "Welcome to the project.")


HANDLERS: list[HTTPRouteHandler] = [
    enter,
    show_sign_up,
    take_sign_up,
    show_activation,
    take_activation,
    show_terms,
    show_sign_in,
    take_sign_in,
    take_sign_out,
    show_forgotten,
    take_forgotten,
    show_reset,
    take_reset,
    show_invitation,
    take_invitation,
    take_invited_sign_up,
]
