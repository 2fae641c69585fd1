"""Settings for all numbers of the project (VoxCPaaS 3.5), and the list of those that take texts (3.3.3 to 3.3.8)."""

from typing import Literal

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.errors import Invalid
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.number_defaults import defaults_of
from dialplane.domain.numbering.numbers import NumberFilter
from dialplane.faces.portal.configuration import configuration
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.numbers import number_id
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_cursor
from dialplane.faces.portal.targets_as_text import message_words
from dialplane.services.numbering.number_defaults import set_default_message_url, set_default_trunk
from dialplane.services.numbering.numbers import get_number, list_numbers_after


@page("/projects/{project:uuid}/numbers/settings", deed=Deed.VIEW)
async def show_settings(request: PortalRequest) -> Response[str]:
    return await _show(request, Form())


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    defaults = defaults_of(request.project.account.metadata)
    return await show(request, "number_settings.html", form=form, defaults=defaults)


@action("/projects/{project:uuid}/numbers/settings/trunk", deed=Deed.CONFIGURE)
async def take_trunk(request: PortalRequest) -> Response[str]:
    """Add under SIP Trunk for Incoming Call, and Upload (3.5.4 and 3.5.5)."""
    fields = request.fields
    removes = fields.get("do") == "remove"
    try:
        if not removes and not fields.get("sip_server"):
            raise Invalid("Enter the server's address, such as 192.0.2.1", field="sip_server")
        host, port = ("", "") if removes else (fields.get("sip_server"), fields.get("sip_port"))
        await set_default_trunk(request.database, request.account_id, host, port, request.now)
    except Invalid as refusal:
        return await _show(request, typed(fields).refuse(refusal))
    said = "The SIP trunk is removed." if removes else "Calls to numbers without a setting of their own go there."
    body: dict[str, object] = {"sip_server": host}
    if port:
        body["sip_port"] = int(port)
    curl = json_curl(request, "PUT", "/v1.0/number_defaults/trunk", body)
    return await done(request, request.at("/numbers/settings"), said, curl=curl)


@action("/projects/{project:uuid}/numbers/settings/messages", deed=Deed.CONFIGURE)
async def take_messages(request: PortalRequest) -> Response[str]:
    """Add under Set Message Post URL, and Upload (3.5.9 to 3.5.11)."""
    fields = request.fields
    removes = fields.get("do") == "remove"
    method: Literal["GET", "POST"] = "GET" if fields.get("method") == "GET" else "POST"
    try:
        if not removes and not fields.get("url"):
            raise Invalid("Enter an http or https URL", field="url")
        url = "" if removes else fields.get("url")
        await set_default_message_url(request.database, request.account_id, url, method, request.now)
    except Invalid as refusal:
        return await _show(request, typed(fields).refuse(refusal))
    said = "The URL is removed." if removes else "Messages to numbers without a setting of their own go there."
    curl = json_curl(request, "PUT", "/v1.0/number_defaults/message_url", {"url": url, "method": method})
    return await done(request, request.at("/numbers/settings"), said, curl=curl)


@page("/projects/{project:uuid}/sms/settings", deed=Deed.VIEW)
async def show_sms(request: PortalRequest) -> Response[str]:
    """Numbers with SMS Capability, one of them expanded."""
    cursor = read_cursor(request.fields.get("after"))
    found = await list_numbers_after(
        request.database,
        request.account_id,
        NumberFilter(capabilities=("sms",)),
        after=number_id(cursor),
        limit=PAGE + 1,
    )
    table = page_of(found, lambda each: str(each.id), path=request.at("/sms/settings"), filters={}, cursor=cursor)
    chosen: NumberId | None = number_id(request.fields.get("expand"))
    expanded = None
    if chosen is not None:
        expanded = await configuration(request, await get_number(request.database, request.account_id, chosen), Form())
    return await show(request, "sms_settings.html", table=table, expanded=expanded, message_words=message_words)


HANDLERS: list[HTTPRouteHandler] = [show_settings, take_trunk, take_messages, show_sms]
