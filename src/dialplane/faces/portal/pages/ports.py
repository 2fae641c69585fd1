"""Porting in: the orders, a new one, and what each is at in plain words, until its numbers work here."""

import re
from collections.abc import Mapping
from dataclasses import fields as fields_of
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import DocumentId, PortId
from dialplane.domain.numbering.documents import DocumentStatus
from dialplane.domain.numbering.porting import (
    LETTER_OF_AUTHORIZATION,
    MEANING,
    MOST_NUMBERS,
    Holder,
    Port,
    PortStatus,
)
from dialplane.faces.moments import read_moment
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Fields, Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.faces.portal.target_fields import target_choices
from dialplane.faces.portal.targets_as_text import message_words, voice_words
from dialplane.services.numbering.documents import list_documents
from dialplane.services.numbering.port_outs import list_port_outs
from dialplane.services.numbering.porting import (
    PortDraft,
    WantedNumber,
    cancel_port,
    check_portability,
    create_port,
    get_port,
    list_ports,
    set_port_targets,
    submit_port,
    update_port,
)
from dialplane.services.shapes.porting import show_portability
from dialplane.services.shapes.targets import target_shape

_PORTS = "/projects/{project:uuid}/numbers/ports"
_PORT = f"{_PORTS}/{{port:uuid}}"
_MANY = 100
_BETWEEN = re.compile(r"[\n,;]+")

WORDS: Mapping[PortStatus, tuple[str, str]] = {
    PortStatus.DRAFT: ("Draft", ""),
    PortStatus.SUBMITTED: ("Submitted", "wait"),
    PortStatus.IN_PROCESS: ("With the other carrier", "wait"),
    PortStatus.EXCEPTION: ("Needs a correction", "bad"),
    PortStatus.DATE_CONFIRMED: ("Date confirmed", "good"),
    PortStatus.PORTED: ("Ported", "good"),
    PortStatus.CANCEL_PENDING: ("Being cancelled", "wait"),
    PortStatus.CANCELLED: ("Cancelled", ""),
}
"""What a status is called, and how it looks."""

HOLDER = (
    ("name", "Company or person in the contract"),
    ("authorized_person", "Who may sign for them"),
    ("carrier", "Carrier that has the numbers now"),
    ("account_number", "Account number there"),
    ("pin", "PIN or passcode there"),
    ("billing_number", "Billing number there"),
    ("street", "Street"),
    ("locality", "City"),
    ("region", "State"),
    ("postal_code", "Postal code"),
    ("country", "Country"),
)
_NAMES = {f"holder.{name}": label for name, label in HOLDER} | {
    "numbers": "the numbers",
    "document_ids": "the documents",
    "requested_date": "the day",
}
"""What the fields that an exception names are called here."""


@page(_PORTS, deed=Deed.VIEW)
async def show_ports(request: PortalRequest) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_ports(request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1)
    path = request.at("/numbers/ports")
    table = page_of(found, lambda each: each.created_at.isoformat(), path=path, filters={}, cursor=cursor)
    leaving = await list_port_outs(request.database, request.account_id, limit=_MANY)
    asked = sum(not each.status.is_over for each in leaving)
    return await show(request, "ports.html", table=table, words=WORDS, meaning=MEANING, asked=asked)


# --- a new order -----------------------------------------------------------------------------------------------------


@page(f"{_PORTS}/new", deed=Deed.BUY)
async def show_new(request: PortalRequest) -> Response[str]:
    return await show(request, "port_new.html", form=Form(), known=(), most=MOST_NUMBERS)


@action(_PORTS, deed=Deed.BUY)
async def take_new(request: PortalRequest) -> Response[str]:
    """Check the numbers, or begin the order with them."""
    fields = request.fields
    try:
        numbers = _numbers(fields.get("numbers"))
        if fields.get("do") == "check":
            known = [show_portability(each) for each in await check_portability(request.database, numbers)]
            return await show(request, "port_new.html", form=typed(fields), known=known, most=MOST_NUMBERS)
        draft = PortDraft(numbers=tuple(map(WantedNumber, numbers)), name=fields.get("name"))
        made = await create_port(request.database, request.account_id, draft, await request.billing_now())
    except Refusal as refusal:
        return await show(request, "port_new.html", form=_refused(fields, refusal), known=(), most=MOST_NUMBERS)
    curl = json_curl(request, "POST", "/v1.0/ports", {"numbers": numbers, "name": made.name})
    said = "The order is begun. Say who has the numbers now, hand in the letter of authorization, and submit it."
    return await done(request, request.at(f"/numbers/ports/{made.id}"), said, curl=curl)


def _numbers(text: str) -> list[str]:
    """One a line, or parted by commas. Raises Invalid."""
    numbers = list(dict.fromkeys(part for each in _BETWEEN.split(text) if (part := each.strip())))
    if not 1 <= len(numbers) <= MOST_NUMBERS:
        raise Invalid(f"Enter 1 to {MOST_NUMBERS} numbers, one a line", field="numbers")
    return numbers


# --- one order -------------------------------------------------------------------------------------------------------


@page(_PORT, deed=Deed.VIEW)
async def show_port(request: PortalRequest, port: FromPath[UUID]) -> Response[str]:
    found = await get_port(request.database, request.account_id, PortId(port))
    return await _show(request, found, _filled(found))


async def _show(request: PortalRequest, port: Port, form: Form) -> Response[str]:
    documents = await list_documents(request.database, request.account_id, limit=_MANY)
    named = {document.id for document in port.documents}
    return await show(
        request,
        "port.html",
        form=form,
        port=port,
        words=WORDS,
        meaning=MEANING,
        holder=HOLDER,
        field_names=_NAMES,
        letter=LETTER_OF_AUTHORIZATION,
        at_hand=[
            document
            for document in documents
            if document.id not in named and document.status is not DocumentStatus.REJECTED
        ],
        targets=(await target_choices(request)).choices,
        voice_words=voice_words,
        message_words=message_words,
    )


def _filled(port: Port) -> Form:
    values = {f"holder.{each.name}": getattr(port.holder, each.name) for each in fields_of(Holder)}
    values["holder.pin"] = ""
    values |= {
        "name": port.name,
        "numbers": "\n".join(each.number for each in port.numbers),
        "requested_date": port.requested_at.date().isoformat() if port.requested_at else "",
    }
    return Form(values)


@action(f"{_PORT}/details", deed=Deed.BUY)
async def take_details(request: PortalRequest, port: FromPath[UUID]) -> Response[str]:
    """Save what the order says, and submit it where that is asked for."""
    fields, port_id, now = request.fields, PortId(port), await request.billing_now()
    path = request.at(f"/numbers/ports/{port}")
    try:
        kept = await get_port(request.database, request.account_id, port_id)
        await update_port(request.database, request.account_id, port_id, _draft(fields, kept), now)
        if fields.get("do") != "submit":
            body = {"name": fields.get("name"), "numbers": _numbers(fields.get("numbers"))}
            line = json_curl(request, "PUT", f"/v1.0/ports/{port}", body)
            return await done(request, path, "The order is saved.", curl=line)
        await submit_port(request.database, request.account_id, port_id, now)
    except Refusal as refusal:
        found = await get_port(request.database, request.account_id, port_id)
        return await _show(request, found, _refused(fields, refusal))
    curl = json_curl(request, "POST", f"/v1.0/ports/{port}/submit")
    return await done(request, path, "The order is submitted. We tell you when there is something to do.", curl=curl)


def _draft(fields: Fields, kept: Port) -> PortDraft:
    """An empty PIN leaves the one that is there. Raises Invalid."""
    holder = {name: fields.get(f"holder.{name}") for name, _ in HOLDER if fields.values.get(f"holder.{name}")}
    if not holder.get("pin"):
        holder.pop("pin", None)
    before = {each.number: each for each in kept.numbers}
    wanted = tuple(
        WantedNumber(number, before[number].targets, before[number].name) if number in before else WantedNumber(number)
        for number in _numbers(fields.get("numbers"))
    )
    ticked = dict.fromkeys(map(_document_id, fields.all("document")))
    return PortDraft(
        numbers=wanted,
        holder=holder,
        document_ids=tuple(ticked),
        requested_at=read_moment(fields.get("requested_date"), field="requested_date"),
        name=fields.get("name"),
    )


def _document_id(text: str) -> DocumentId:
    try:
        return DocumentId(UUID(text))
    except ValueError:
        raise Invalid("Choose a document", field="document_ids") from None


@action(f"{_PORT}/targets", deed=Deed.CONFIGURE)
async def take_targets(request: PortalRequest, port: FromPath[UUID]) -> Response[str]:
    """What the ticked numbers shall do from the cut-over on."""
    fields, port_id = request.fields, PortId(port)
    found = await get_port(request.database, request.account_id, port_id)
    ticked = set(fields.all("number"))
    try:
        change = (await target_choices(request)).read(fields)
        wanted = [
            WantedNumber(each.number, change.over(each.targets)) for each in found.numbers if each.number in ticked
        ]
        if not wanted:
            raise Invalid("Tick the numbers that it is for", field="number")
        await set_port_targets(request.database, request.account_id, port_id, wanted, await request.billing_now())
    except Refusal as refusal:
        form = typed(fields).refuse(refusal, call_flow_id="calls", message_flow_id="messages")
        return await _show(request, found, Form({**_filled(found).values, **form.values}, form.errors, form.problem))
    said = "From the cut-over on, the numbers do what you chose."
    curl = json_curl(request, "PUT", f"/v1.0/ports/{port}/targets", {"numbers": list(map(_written, wanted))})
    return await done(request, request.at(f"/numbers/ports/{port}"), said, curl=curl)


def _written(each: WantedNumber) -> dict[str, object]:
    """As the native API takes it; what is not written stays."""
    targets = {"voice": each.targets.voice, "message": each.targets.message, "refer": each.targets.refer}
    return {"number": each.number} | {name: target_shape(target) for name, target in targets.items() if target}


@action(f"{_PORT}/cancel", deed=Deed.BUY)
async def take_cancel(request: PortalRequest, port: FromPath[UUID]) -> Response[str]:
    path = request.at(f"/numbers/ports/{port}")
    try:
        cancelled = await cancel_port(request.database, request.account_id, PortId(port), await request.billing_now())
    except Refusal as refusal:
        return await done(request, path, refusal.message, kind="bad")
    curl = json_curl(request, "POST", f"/v1.0/ports/{port}/cancel")
    return await done(request, path, MEANING[cancelled.status], curl=curl)


def _refused(fields: Fields, refusal: Refusal) -> Form:
    """A refusal of one of the numbers stands beside the field that has them all."""
    field = "numbers" if refusal.field.startswith("numbers[") else refusal.field
    label = _NAMES.get(field, "")
    if label and refusal.message.startswith(refusal.field):
        refusal.message = f"{label[:1].upper()}{label[1:]}{refusal.message.removeprefix(refusal.field)}"
    return typed(fields).refuse(refusal, **{refusal.field: field})


HANDLERS: list[HTTPRouteHandler] = [
    show_ports,
    show_new,
    take_new,
    show_port,
    take_details,
    take_targets,
    take_cancel,
]
