"""What signs in to the APIs: Project ID and token, SID and auth token, access keys. Each secret is shown once."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import AccessKeyId, to_sid
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.identity.access_keys import create_key, delete_key, list_keys
from dialplane.services.tenancy.projects import rotate_auth_token, rotate_project_token


@page("/projects/{project:uuid}/keys", deed=Deed.KEYS)
async def show_keys(request: PortalRequest) -> Response[str]:
    return await _show(request)


async def _show(
    request: PortalRequest, *, form: Form | None = None, shown: dict[str, str] | None = None
) -> Response[str]:
    """`shown` are the secrets that this one answer holds."""
    return await show(
        request,
        "keys.html",
        form=form,
        keys=await list_keys(request.database, request.account_id, limit=100),
        sid=to_sid("AC", request.account_id),
        shown=shown or {},
    )


@action("/projects/{project:uuid}/keys/reveal", deed=Deed.KEYS)
async def reveal(request: PortalRequest) -> Response[str]:
    """Both tokens of the project, in an answer that nobody keeps."""
    account = request.project.account
    return await _show(request, shown={"project_token": account.project_token, "auth_token": account.auth_token})


@action("/projects/{project:uuid}/keys/project-token", deed=Deed.KEYS)
async def rotate_token(request: PortalRequest) -> Response[str]:
    token = await rotate_project_token(request.database, request.account_id, request.now)
    return await _show(request, shown={"project_token": token, "fresh": "project_token"})


@action("/projects/{project:uuid}/keys/auth-token", deed=Deed.KEYS)
async def rotate_auth(request: PortalRequest) -> Response[str]:
    token = await rotate_auth_token(request.database, request.account_id, request.now)
    return await _show(request, shown={"auth_token": token, "fresh": "auth_token"})


@action("/projects/{project:uuid}/keys/access-keys", deed=Deed.KEYS)
async def make_key(request: PortalRequest) -> Response[str]:
    name = request.fields.get("name")
    try:
        issued = await create_key(request.database, request.account_id, name=name, now=request.now)
    except Invalid as refusal:
        return await _show(request, form=typed(request.fields).refuse(refusal))
    return await _show(request, shown={"access_key": issued.token})


@action("/projects/{project:uuid}/keys/access-keys/{key:uuid}/revoke", deed=Deed.KEYS)
async def revoke_key(request: PortalRequest, key: FromPath[UUID]) -> Response[str]:
    await delete_key(request.database, request.account_id, AccessKeyId(key), now=request.now)
    said = "The access key is revoked; it signs in nowhere any more."
    curl = json_curl(request, "DELETE", f"/v1.0/accesskeys/{key}")
    return await done(request, request.at("/keys"), said, curl=curl)


HANDLERS: list[HTTPRouteHandler] = [show_keys, reveal, rotate_token, rotate_auth, make_key, revoke_key]
