"""Purchased numbers, one number's own page, its release and the way back."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.numbers import QUARANTINE, Number
from dialplane.faces.portal.configuration import configuration
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.metadata_as_text import read_metadata, write_metadata
from dialplane.faces.portal.number_filters import KINDS, STATUSES, read_filters, wanted_by
from dialplane.faces.portal.pages.number_selection import read_tags
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, Page, page_of, read_cursor, read_id, read_moment_cursor
from dialplane.faces.portal.targets_as_text import message_words, voice_words
from dialplane.services.numbering.history import list_history
from dialplane.services.numbering.number_life import list_resting, release_number, restore_number
from dialplane.services.numbering.numbers import (
    NumberChange,
    get_number,
    list_numbers_after,
    update_number,
)
from dialplane.services.numbering.orders import list_open_orders
from dialplane.services.tenancy.projects import list_members

_SHOWN_ORDERS = 5
_SHOWN_EVENTS = 10


@page("/projects/{project:uuid}/numbers", deed=Deed.VIEW)
async def show_numbers(request: PortalRequest) -> Response[str]:
    """Purchased Numbers. One of them may be expanded, to configure it."""
    fields = request.fields
    filters = read_filters(fields)
    form = typed(fields)
    table: Page[object] = Page([])
    try:
        table = await _numbers(request, filters)
    except Invalid as refusal:
        form = form.refuse(refusal, type="kind")
    return await show(
        request,
        "numbers.html",
        form=form,
        table=table,
        statuses=STATUSES,
        kinds=KINDS,
        filters=filters,
        is_filtered=any(filters.values()),
        orders=await list_open_orders(request.database, request.account_id, limit=_SHOWN_ORDERS + 1),
        voice_words=voice_words,
        message_words=message_words,
        expanded=await _expanded(request),
    )


async def _numbers(request: PortalRequest, filters: dict[str, str]) -> Page[object]:
    cursor = read_cursor(request.fields.get("after"))
    found = await list_numbers_after(
        request.database, request.account_id, wanted_by(filters), after=number_id(cursor), limit=PAGE + 1
    )
    page = page_of(found, lambda each: str(each.id), path=request.at("/numbers"), filters=filters, cursor=cursor)
    return Page(page.rows, page.next_url, page.first_url)


def number_id(text: str) -> NumberId | None:
    found = read_id(text)
    return None if found is None else NumberId(found)


async def _expanded(request: PortalRequest) -> dict[str, object] | None:
    chosen = number_id(request.fields.get("expand"))
    if chosen is None:
        return None
    return await configuration(request, await get_number(request.database, request.account_id, chosen), Form())


@page("/projects/{project:uuid}/numbers/released", deed=Deed.VIEW)
async def show_released(request: PortalRequest) -> Response[str]:
    """What rests for 30 days and can be taken back."""
    cursor = request.fields.get("after")
    found = await list_resting(
        request.database,
        request.account_id,
        await request.billing_now(),
        before=read_moment_cursor(cursor),
        limit=PAGE + 1,
    )
    path = request.at("/numbers/released")
    table = page_of(found, _released_at, path=path, filters={}, cursor=cursor)
    return await show(request, "numbers_released.html", table=table, rests=QUARANTINE)


def _released_at(number: Number) -> str:
    return number.released_at.isoformat() if number.released_at else ""


# --- one number ------------------------------------------------------------------------------------------------------


@page("/projects/{project:uuid}/numbers/{number:uuid}", deed=Deed.VIEW)
async def show_number(request: PortalRequest, number: FromPath[UUID]) -> Response[str]:
    return await _show(request, NumberId(number), Form())


async def _show(request: PortalRequest, number_id: NumberId, form: Form) -> Response[str]:
    number = await get_number(request.database, request.account_id, number_id)
    if not form.is_refused:
        form = Form(_details(number))
    history = await list_history(request.database, request.account_id, number.id, limit=_SHOWN_EVENTS + 1)
    return await show(
        request,
        "number.html",
        form=form,
        expanded=await configuration(request, number, Form()),
        history=history[:_SHOWN_EVENTS],
        has_more=len(history) > _SHOWN_EVENTS,
        people=await _people(request),
    )


def _details(number: Number) -> dict[str, str]:
    return {
        "name": number.name,
        "detail": number.detail,
        "tags": ", ".join(number.tags),
        "metadata": write_metadata(number.metadata),
        "protected": "yes" * number.protected,
    }


async def _people(request: PortalRequest) -> dict[UUID, str]:
    """Who is in the project, by id, for who did what."""
    members = await list_members(request.database, request.account_id)
    return {member.person_id: member.name for member in members}


@page("/projects/{project:uuid}/numbers/{number:uuid}/history", deed=Deed.VIEW)
async def show_history(request: PortalRequest, number: FromPath[UUID]) -> Response[str]:
    """Every change with who made it, from what and to what."""
    held = await get_number(request.database, request.account_id, NumberId(number))
    cursor = request.fields.get("after")
    found = await list_history(
        request.database, request.account_id, held.id, before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    path = request.at(f"/numbers/{number}/history")
    return await show(
        request,
        "number_history.html",
        number=held,
        table=page_of(found, lambda each: each.created_at.isoformat(), path=path, filters={}, cursor=cursor),
        people=await _people(request),
    )


@action("/projects/{project:uuid}/numbers/{number:uuid}/details", deed=Deed.CONFIGURE)
async def take_details(request: PortalRequest, number: FromPath[UUID]) -> Response[str]:
    fields, number_id = request.fields, NumberId(number)
    try:
        held = await get_number(request.database, request.account_id, number_id)
        change = NumberChange(
            name=fields.get("name")[:255],
            detail=fields.get("detail")[:4096],
            tags=read_tags(fields, "tags"),
            metadata=read_metadata(fields.get("metadata"), held.metadata),
            protected=fields.is_on("protected"),
        )
        await update_number(request.database, request.account_id, number_id, change, request.now, by=_by(request))
    except Refusal as refusal:
        field = refusal.field.partition(".")[0]
        return await _show(request, number_id, typed(fields).refuse(refusal, **{refusal.field: field}))
    body = {"name": change.name, "tags": list(change.tags or ()), "protected": change.protected}
    curl = json_curl(request, "PUT", f"/v1.0/numbers/{number}", body)
    return await done(request, request.at(f"/numbers/{number}"), "The details are saved.", curl=curl)


@action("/projects/{project:uuid}/numbers/{number:uuid}/release", deed=Deed.BUY)
async def take_release(request: PortalRequest, number: FromPath[UUID]) -> Response[str]:
    now = await request.billing_now()
    try:
        released = await release_number(request.database, request.account_id, NumberId(number), now, by=_by(request))
    except Refusal as refusal:
        return await done(request, request.at(f"/numbers/{number}"), refusal.message, kind="bad")
    curl = json_curl(request, "DELETE", f"/v1.0/numbers/{number}")
    return await show(request, "number_released.html", number=released, curl=curl)


@action("/projects/{project:uuid}/numbers/{number:uuid}/restore", deed=Deed.BUY)
async def take_restore(request: PortalRequest, number: FromPath[UUID]) -> Response[str]:
    now = await request.billing_now()
    try:
        restored = await restore_number(request.database, request.account_id, NumberId(number), now, by=_by(request))
    except Refusal as refusal:
        return await done(request, request.at("/numbers/released"), refusal.message, kind="bad")
    path, curl = request.at(f"/numbers/{number}"), json_curl(request, "POST", f"/v1.0/numbers/{number}/restore")
    return await done(request, path, f"{restored.number} is yours again, as it was.", curl=curl)


def _by(request: PortalRequest) -> Actor:
    return Actor(ActorKind.PERSON, request.person.id)


HANDLERS: list[HTTPRouteHandler] = [
    show_numbers,
    show_released,
    show_number,
    show_history,
    take_details,
    take_release,
    take_restore,
]
