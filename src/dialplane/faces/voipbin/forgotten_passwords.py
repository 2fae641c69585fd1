"""`/auth/password-forgot` and `/auth/password-reset`: a new password by mail, by API alone (reference 1.4).

The links are the portal's own, so that either way uses them up."""

import time
from contextlib import suppress
from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar import get, post
from litestar.params import FromQuery, JSONBody
from litestar.response import Redirect

from dialplane.domain.errors import Invalid, NotFound
from dialplane.faces.portal_ports import PortalPorts
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.members import Mails
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.identity import people as service


class Forgotten(msgspec.Struct):
    """`username` is the address that signs in to the portal."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]


class NewPassword(msgspec.Struct):
    """`token` is the last part of the link in the mail."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    password: Annotated[str, msgspec.Meta(min_length=8, max_length=320)]


class Nothing(msgspec.Struct):
    """Empty."""


@post("/password-forgot", status_code=200, security=[{}], responses=answers(Nothing))
async def forget_password(request: ApiRequest, data: JSONBody[Forgotten], mails: Mails) -> Fields:
    """Have a link to a new password sent. The answer is the same whoever asks (WEB-8)."""
    ports = request.ports
    if ports.portal is not None and mails.take(data.username.strip().casefold(), time.monotonic()) >= 0:
        with suppress(Invalid):
            await service.ask_for_reset(ports.database, ports.portal.letters, data.username, request.now)
    return {}


@post("/password-reset", status_code=200, security=[{}], responses=answers(Nothing, 404))
async def reset_password(request: ApiRequest, data: JSONBody[NewPassword]) -> Fields:
    """Set the password that the mail's reader chose; it signs in here and in the portal, whose sessions end."""
    ports, letters = request.ports, _portal(request).letters
    await service.reset_password(ports.database, ports.hasher, letters, data.token, data.password, request.now)
    request.forget_credentials()
    return {}


@get("/password-reset", include_in_schema=False)
async def show_reset(request: ApiRequest, token: FromQuery[str] = "") -> Redirect:
    """The page where the password is chosen."""
    _portal(request)
    return Redirect(f"/portal/reset-password/{quote(token or 'none', safe='')}")


def _portal(request: ApiRequest) -> PortalPorts:
    """Raises NotFound where there is no portal: then there are no links either."""
    if request.ports.portal is None:
        raise NotFound("This link was used already, or its time is over", reason="LINK_NOT_FOUND")
    return request.ports.portal
