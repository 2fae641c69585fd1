"""App users: the names and passwords with which phones and apps register, so that numbers can ring them (3.4.5)."""

import secrets
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.calling.extensions import Extension
from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import ExtensionId
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.calling.extensions import (
    create_extension,
    delete_extension,
    list_extensions,
    update_extension,
)

_USERS = "/projects/{project:uuid}/app-users"


@page(_USERS, deed=Deed.CONFIGURE)
async def show_users(request: PortalRequest) -> Response[str]:
    return await _show(request, Form({"user": request.fields.get("new")}))


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_extensions(
        request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    path = request.at("/app-users")
    table = page_of(found, lambda each: each.created_at.isoformat(), path=path, filters={}, cursor=cursor)
    return await show(
        request, "app_users.html", form=form, table=table, domain=f"{request.account_id}.registrar.dialplane"
    )


@action(_USERS, deed=Deed.CONFIGURE)
async def take_user(request: PortalRequest) -> Response[str]:
    fields = request.fields
    try:
        made = await make_app_user(
            request, fields.get("user"), password=fields.raw("app_password"), name=fields.get("name")
        )
    except Refusal as refusal:
        return await _show(request, typed(fields).refuse(for_people(refusal), password="app_password"))
    body = {"extension": made.extension, "password": "...", "name": made.name}
    curl = json_curl(request, "POST", "/v1.0/extensions", body)
    return await done(request, request.at("/app-users"), f"{made.extension} may register now.", curl=curl)


async def make_app_user(request: PortalRequest, user: str, *, password: str = "", name: str = "") -> Extension:
    """With a password that nobody had to think of, where none is given. Raises as `create_extension` does, naming the
    field `user`."""
    try:
        return await create_extension(
            request.database,
            request.account_id,
            extension=user,
            password=password or secrets.token_urlsafe(18),
            name=name,
            detail="",
            now=request.now,
        )
    except Refusal as refusal:
        if refusal.field == "extension":
            refusal.field = "user"
        raise


def for_people(refusal: Refusal) -> Refusal:
    """The platform calls an app user an extension."""
    refusal.message = refusal.message.replace("extension must be", "An app username has").replace(
        "There is an extension", "There is an app user"
    )
    return refusal


@action(f"{_USERS}/{{user:uuid}}/password", deed=Deed.CONFIGURE)
async def take_password(request: PortalRequest, user: FromPath[UUID]) -> Response[str]:
    """Another password, made by us; whoever registered with the old one is out."""
    changed = await update_extension(
        request.database,
        request.account_id,
        ExtensionId(user),
        password=secrets.token_urlsafe(18),
        name=None,
        detail=None,
        now=request.now,
    )
    curl = json_curl(request, "PUT", f"/v1.0/extensions/{user}", {"password": "..."})
    return await done(request, request.at("/app-users"), f"{changed.extension} has a new password.", curl=curl)


@action(f"{_USERS}/{{user:uuid}}/delete", deed=Deed.CONFIGURE)
async def take_delete(request: PortalRequest, user: FromPath[UUID]) -> Response[str]:
    deleted = await delete_extension(request.database, request.account_id, ExtensionId(user), request.now)
    curl = json_curl(request, "DELETE", f"/v1.0/extensions/{user}")
    return await done(request, request.at("/app-users"), f"{deleted.extension} may no longer register.", curl=curl)


HANDLERS: list[HTTPRouteHandler] = [show_users, take_user, take_password, take_delete]
