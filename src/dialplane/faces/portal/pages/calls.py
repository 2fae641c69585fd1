"""Calls: the log with its filters, and those that go on now, which can be hung up and sent elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.calling.call_queries import CallLogPage, CallLogQuery, CallPlace, CallProgress, Period
from dialplane.domain.calling.calls import Call, Direction, HangupReason
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import CallId
from dialplane.domain.programs.sources import DocumentSource, FlowSource
from dialplane.faces.portal.call_words import REASONS, STATES
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import typed
from dialplane.faces.portal.moments_as_text import read_local
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, Page, page_of, read_cursor, write_cursor
from dialplane.services.calling.call_orders import complete_call, redirect_call
from dialplane.services.calling.calls import get_call, list_live_calls, read_log
from dialplane.services.charging.call_prices import call_prices
from dialplane.services.eventing.webhooks import check_url
from dialplane.services.programs.flows import list_flows

_FILTERS = ("number", "direction", "state", "reason", "from", "to", "text")
_MOST_LIVE = 200
_MOST_FLOWS = 100
_CALL = "/projects/{project:uuid}/calls/{call:uuid}"

WordT = TypeVar("WordT", bound=StrEnum)


@page("/projects/{project:uuid}/calls", deed=Deed.VIEW)
async def show_calls(request: PortalRequest) -> Response[str]:
    form = typed(request.fields)
    found, next_look = CallLogPage(()), ""
    try:
        found = await read_log(request.database, request.account_id, _query(request))
    except Refusal as refusal:
        form = form.refuse(refusal)
    if found.looked_to is not None:
        next_look = write_cursor(_key(found.looked_to))
    return await show(
        request,
        "calls.html",
        form=form,
        table=_page(request, found),
        next_look=next_look,
        filters=_given(request),
        is_filtered=bool(_given(request)),
        prices=await call_prices(request.database, found.calls),
        directions=[(each.value, each.value.capitalize()) for each in Direction],
        states=[(state.value, words) for state, (words, _) in STATES.items()],
        causes=[(reason.value, words) for reason, words in REASONS.items()],
    )


def _query(request: PortalRequest) -> CallLogQuery:
    """Raises Invalid naming the form's field."""
    fields, zone = request.fields, request.person.timezone
    since = read_local(fields.get("from"), zone, field="from")
    until = read_local(fields.get("to"), zone, field="to")
    if since and until and until <= since:
        raise Invalid("The end lies before the beginning", field="to")
    return CallLogQuery(
        number=_number(fields.get("number")),
        direction=_word(Direction, fields.get("direction"), field="direction"),
        progress=_word(CallProgress, fields.get("state"), field="state"),
        reason=_word(HangupReason, fields.get("reason"), field="reason"),
        created=Period(since, until),
        text=fields.get("text"),
        after=_place(read_cursor(fields.get("after"))),
        limit=PAGE + 1,
    )


def _number(text: str) -> str:
    """As calls have it: `(202) 555-0100` is nobody's, but `+1 202 555 0100` is; names of app users stay as they are."""
    try:
        return normalize_tel(text, field="number") if text.startswith("+") else text
    except Invalid:
        return text


def _word(words: type[WordT], text: str, *, field: str) -> WordT | None:
    try:
        return words(text) if text else None
    except ValueError:
        raise Invalid("Choose one of the list", field=field) from None


def _page(request: PortalRequest, found: CallLogPage) -> Page[Call]:
    return page_of(
        found.calls,
        lambda call: _key((call.created_at, call.id)),
        path=request.at("/calls"),
        filters=_given(request),
        cursor=request.fields.get("after"),
    )


def _given(request: PortalRequest) -> Mapping[str, str]:
    return {name: text for name in _FILTERS if (text := request.fields.get(name))}


def _key(place: CallPlace) -> str:
    return f"{place[0].isoformat()} {place[1]}"


def _place(cursor: str) -> CallPlace | None:
    moment, _, call_id = cursor.partition(" ")
    try:
        return (datetime.fromisoformat(moment), CallId(UUID(call_id))) if cursor else None
    except ValueError:
        return None


@page("/projects/{project:uuid}/calls/live", deed=Deed.VIEW)
async def show_live(request: PortalRequest) -> Response[str]:
    """Those that go on; a script asks for the page again every few seconds."""
    calls = await list_live_calls(request.database, request.account_id, limit=_MOST_LIVE)
    return await show(request, "calls_live.html", calls=calls, most=_MOST_LIVE)


@action(f"{_CALL}/hangup", deed=Deed.CONFIGURE)
async def hang_up(request: PortalRequest, call: FromPath[UUID]) -> Response[str]:
    """The call's node ends it; that takes a moment."""
    await complete_call(request.database, request.account_id, CallId(call), request.now)
    curl = json_curl(request, "POST", f"/v1.0/calls/{call}/hangup")
    return await done(request, _back(request, call), "The call is being hung up.", curl=curl)


@page(f"{_CALL}/redirect", deed=Deed.CONFIGURE)
async def ask_where(request: PortalRequest, call: FromPath[UUID]) -> Response[str]:
    return await _ask(request, CallId(call))


@action(f"{_CALL}/redirect", deed=Deed.CONFIGURE)
async def redirect(request: PortalRequest, call: FromPath[UUID]) -> Response[str]:
    """Let a live call drop what it does and run something else."""
    try:
        source = _source(request)
        await redirect_call(request.database, request.account_id, CallId(call), source, request.now)
    except Refusal as refusal:
        return await _ask(request, CallId(call), refusal)
    curl = json_curl(request, "POST", f"/v1.0/calls/{call}/redirect", {"target": _target(source)})
    return await done(request, request.at(f"/calls/{call}"), "The call goes on with what you chose.", curl=curl)


def _target(source: FlowSource | DocumentSource) -> dict[str, object]:
    """As the native API takes it."""
    if isinstance(source, FlowSource):
        return {"type": "flow", "flow_id": str(source.flow_id)}
    return {"type": "document", "url": source.url}


async def _ask(request: PortalRequest, call_id: CallId, refusal: Refusal | None = None) -> Response[str]:
    found = await get_call(request.database, request.account_id, call_id)
    flows = await list_flows(request.database, request.account_id, before=None, limit=_MOST_FLOWS)
    form = typed(request.fields)
    return await show(
        request,
        "call_redirect.html",
        form=form if refusal is None else form.refuse(refusal),
        call=found,
        flows=[(str(flow.id), flow.name or str(flow.id)) for flow in flows],
    )


def _source(request: PortalRequest) -> FlowSource | DocumentSource:
    """Raises Invalid naming the form's field."""
    flow, url = request.fields.get("flow"), request.fields.get("url")
    if flow and not url:
        try:
            return FlowSource(UUID(flow))
        except ValueError:
            raise Invalid("Choose a flow of the list", field="flow") from None
    if not url or flow:
        raise Invalid("Choose a flow or give the address of a document, one of the two", field="url")
    return DocumentSource(check_url(url))


def _back(request: PortalRequest, call: UUID) -> str:
    return request.at("/calls/live" if request.fields.get("back") == "live" else f"/calls/{call}")


HANDLERS: list[HTTPRouteHandler] = [show_calls, show_live, hang_up, ask_where, redirect]
