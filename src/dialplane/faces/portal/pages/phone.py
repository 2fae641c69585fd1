"""The browser's phone: an app user of the project, in the page itself."""

import secrets
from collections.abc import Sequence
from urllib.parse import urlencode

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.calling.extensions import Extension
from dialplane.domain.errors import NotFound
from dialplane.domain.identity.people import Deed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.calling.extensions import create_extension, list_extensions
from dialplane.services.numbering.numbers import list_numbers

_MOST = 100
_SUGGESTED = 20


@page("/projects/{project:uuid}/phone", deed=Deed.CONFIGURE)
async def show_phone(request: PortalRequest) -> Response[str]:
    """The page holds the chosen app user's password, which whoever may configure phones can read anyway."""
    users = await list_extensions(request.database, request.account_id, before=None, limit=_MOST)
    return await show(
        request,
        "phone.html",
        users=users,
        chosen=_chosen(users, request.fields.get("user")),
        numbers=await list_numbers(request.database, request.account_id, limit=_SUGGESTED),
        domain=f"{request.account_id}.registrar.dialplane",
        call=request.fields.get("call")[:64],
    )


def _chosen(users: Sequence[Extension], name: str) -> Extension | None:
    """By name; the newest where none is named. Raises NotFound."""
    if not name:
        return next(iter(users), None)
    found = next((user for user in users if user.extension == name), None)
    if found is None:
        raise NotFound("There is no such app user", field="user")
    return found


@action("/projects/{project:uuid}/phone", deed=Deed.CONFIGURE)
async def make_phone(request: PortalRequest) -> Response[str]:
    """Make an app user for this browser, with a password that nobody has to know."""
    made = await create_extension(
        request.database,
        request.account_id,
        extension=f"browser.{secrets.token_hex(3)}",
        password=secrets.token_urlsafe(24),
        name=request.person.name,
        detail="Made for the phone in the browser",
        now=request.now,
    )
    given = {"user": made.extension, "call": request.fields.get("call")[:64]}
    path = request.at(f"/phone?{urlencode({name: value for name, value in given.items() if value})}")
    return await done(request, path, f"{made.extension} is your phone here.")


HANDLERS: list[HTTPRouteHandler] = [show_phone, make_phone]
