"""Passkeys: set up on the security page, used where one signs in (WEB-3). The browser's part is `passkeys.js`."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from litestar import Response
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.ids import PasskeyId
from dialplane.faces.bodies import body_of
from dialplane.faces.portal.errors import status_of
from dialplane.faces.portal.gate import give_cookie
from dialplane.faces.portal.limits import limits_of
from dialplane.faces.portal.pages.getting_in import go_on, safe
from dialplane.faces.portal.rendering import done
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import Access, action
from dialplane.services.identity.passkeys import (
    add_passkey,
    offer_creation,
    offer_request,
    remove_passkey,
    sign_in_with_passkey,
)
from dialplane.services.identity.people import check_own_password
from dialplane.services.identity.sign_in import renew_token

_SECURITY = "/portal/profile/security"


class _Answer(msgspec.Struct):
    """What the script sends; `credential` is the browser's own JSON."""

    credential: dict[str, object]
    name: str = "Passkey"
    next: str = ""


@action("/passkeys/creation")
async def begin_creation(request: PortalRequest) -> Response[str]:
    options = await offer_creation(
        request.database, request.portal.webauthn, request.person, request.user.token, request.now
    )
    return _json(options)


@action("/passkeys")
async def finish_creation(request: PortalRequest) -> Response[str]:
    try:
        answer = _read(request)
        await add_passkey(
            request.database,
            request.portal.webauthn,
            request.person.id,
            request.user.token,
            answer.credential,
            answer.name.strip() or "Passkey",
            request.now,
        )
    except Refusal as refusal:
        return _refuse(refusal)
    give_cookie(request.scope, await renew_token(request.database, request.signed_in))
    await done(request, _SECURITY, "The passkey is set up. From now on you can sign in with it.")
    return _json_of({"go": _SECURITY})


@action("/passkeys/request", access=Access.ANYBODY)
async def begin_request(request: PortalRequest) -> Response[str]:
    limits_of(request).check_address(request)
    found = request.user.found
    half = found.session if found and not found.session.is_complete else None
    options = await offer_request(request.database, request.portal.webauthn, half, request.user.token, request.now)
    return _json(options)


@action("/passkeys/sign-in", access=Access.ANYBODY)
async def finish_request(request: PortalRequest) -> Response[str]:
    limits_of(request).check_address(request)
    found = request.user.found
    half = found.session if found and not found.session.is_complete else None
    try:
        answer = _read(request)
        signed_in = await sign_in_with_passkey(
            request.database,
            request.portal.webauthn,
            half,
            request.user.token,
            answer.credential,
            request.browser,
            request.now,
        )
    except Refusal as refusal:
        return _refuse(refusal)
    return _json_of({"go": go_on(request, signed_in, safe(answer.next)).headers["Location"]})


@action("/profile/security/passkeys/{passkey:uuid}/remove")
async def remove(request: PortalRequest, passkey: FromPath[UUID]) -> Response[str]:
    limits_of(request).check_try(request, request.person.email)
    ports = request.ports
    await check_own_password(ports.database, ports.hasher, request.person.id, request.fields.raw("old_password"))
    await remove_passkey(request.database, request.person.id, PasskeyId(passkey))
    give_cookie(request.scope, await renew_token(request.database, request.signed_in))
    return await done(request, _SECURITY, "The passkey is removed.")


def _read(request: PortalRequest) -> _Answer:
    """Raises Invalid."""
    try:
        return msgspec.json.decode(body_of(request.scope), type=_Answer)
    except msgspec.MsgspecError as fault:
        raise Invalid("The browser's answer cannot be read", field="passkey") from fault


def _refuse(refusal: Refusal) -> Response[str]:
    return _json_of({"error": refusal.message}, status=status_of(refusal))


def _json(text: str) -> Response[str]:
    return Response(text, media_type=MediaType.TEXT, headers={"Content-Type": "application/json"})


def _json_of(value: Mapping[str, str], *, status: int = 200) -> Response[str]:
    text = msgspec.json.encode(value).decode()
    return Response(text, media_type=MediaType.TEXT, status_code=status, headers={"Content-Type": "application/json"})


HANDLERS: list[HTTPRouteHandler] = [begin_creation, finish_creation, begin_request, finish_request, remove]
