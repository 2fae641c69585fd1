"""Rate decks: their flat rates and lines by prefix, files in and out, and changes that wait for their day."""

import re
from uuid import UUID, uuid4

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.errors import Invalid, NotFound, Refusal
from dialplane.domain.ids import NIL, find_uuid
from dialplane.domain.money import Micros, usd
from dialplane.faces.csv_bodies import csv_text
from dialplane.faces.downloads import csv_download
from dialplane.faces.moments import read_moment
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.desk.imports import read_upload
from dialplane.faces.portal.pages.desk.reading import DESK
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.charging import rates as service
from dialplane.services.charging.rate_changes import cancel_change, list_changes, schedule_change
from dialplane.services.charging.rate_files import DeckPlan, export_deck, import_deck, preview_deck
from dialplane.services.charging.rate_uploads import find_file, keep_file

_PRICE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_DECK = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_SHOWN = 20
_MOST_CHANGES = 20


@page("/operator/rates")
async def show_decks(request: PortalRequest) -> Response[str]:
    return await _show_all(request, Form())


async def _show_all(request: PortalRequest, form: Form) -> Response[str]:
    decks = await service.list_rate_decks(request.database)
    return await show(request, "desk/rates.html", form=form, decks=decks)


@action("/operator/rates")
async def take_deck(request: PortalRequest) -> Response[str]:
    deck, name = request.fields.get("id"), request.fields.get("name")
    try:
        if not _DECK.fullmatch(deck):
            raise Invalid("Small letters, digits, dots, - and _", field="id")
        made = await service.create_rate_deck(request.database, deck, name, request.now)
    except Refusal as refusal:
        return await _show_all(request, typed(request.fields).refuse(refusal))
    said = f"The deck {made.id} is there, without a rate of its own."
    line = operator_curl(request, "POST", "/rate_decks", {"id": made.id, "name": name})
    return await done(request, f"{DESK}/rates/{made.id}", said, curl=line)


@page("/operator/rates/{deck:str}")
async def show_deck(request: PortalRequest, deck: FromPath[str]) -> Response[str]:
    return await _show(request, deck, Form({"mode": "merge"}))


async def _show(
    request: PortalRequest, deck_id: str, form: Form, *, plan: DeckPlan | None = None, file: str = ""
) -> Response[str]:
    """`plan`: what the kept file would do."""
    decks = await service.list_rate_decks(request.database)
    deck = next((each for each in decks if each.id == deck_id), None)
    if deck is None:
        raise _not_found()
    return await show(
        request,
        "desk/rate_deck.html",
        form=form,
        deck=deck,
        rates=(await service.get_rate_deck(request.database, deck_id)).values(),
        changes=await list_changes(request.database, deck_id, before=None, limit=_MOST_CHANGES),
        plan=plan,
        file=file,
        shown=_SHOWN,
    )


@action("/operator/rates/{deck:str}/flat")
async def take_flat_rates(request: PortalRequest, deck: FromPath[str]) -> Response[str]:
    """The price of a unit, where no prefix says otherwise. Tokens stay as they are."""
    _check(deck)
    try:
        known = await service.get_rate_deck(request.database, deck)
        changed = [
            Rate(rate.cost_type, micros, rate.tokens)
            for rate in known.values()
            if (micros := _price(request, rate.cost_type)) is not None and micros != rate.micros
        ]
        if changed:
            await service.change_rate_deck(request.database, deck, changed, request.now)
    except Refusal as refusal:
        return await _show(request, deck, typed(request.fields).refuse(refusal))
    said = f"Changed for whatever begins from now on: {len(changed)}."
    rates = [{"cost_type": rate.cost_type, "credit_micros": rate.micros, "tokens": rate.tokens} for rate in changed]
    line = operator_curl(request, "PUT", f"/rate_decks/{deck}", {"rates": rates})
    return await done(request, f"{DESK}/rates/{deck}", said, curl=line)


def _price(request: PortalRequest, cost_type: CostType) -> Micros | None:
    """None where the form says nothing of it. Raises Invalid naming the field."""
    text = request.fields.get(cost_type.value)
    if not text:
        return None
    if not _PRICE.fullmatch(text):
        raise Invalid("Enter a price such as 0.0085", field=cost_type.value)
    return usd(text)


# --- files -----------------------------------------------------------------------------------------------------------


@page("/operator/rates/{deck:str}/export")
async def download_deck(request: PortalRequest, deck: FromPath[str]) -> Stream:
    """The rates by prefix as CSV; importing it changes nothing."""
    _check(deck)
    return csv_download(await export_deck(request.database, deck), "rates.csv")


@action("/operator/rates/{deck:str}/import")
async def take_file(request: PortalRequest, deck: FromPath[str]) -> Response[str]:
    """Show what a file would do. It is kept for the import, a day at most."""
    _check(deck)
    fields = request.fields
    replaces = fields.get("mode") == "replace"
    try:
        text = csv_text(await read_upload(request, "file"))
        plan = await preview_deck(request.database, deck, text, replaces=replaces)
    except Refusal as refusal:
        return await _show(request, deck, typed(fields).refuse(refusal, csv="file"))
    file_id = uuid4()
    await keep_file(request.ports.objects, file_id, text)
    return await _show(request, deck, typed(fields), plan=plan, file=str(file_id))


@action("/operator/rates/{deck:str}/apply")
async def take_import(request: PortalRequest, deck: FromPath[str]) -> Response[str]:
    """Import the file that was shown: at once, or at a time that is named."""
    _check(deck)
    fields, where = request.fields, f"{DESK}/rates/{deck}"
    mode, version = "replace" if fields.get("mode") == "replace" else "merge", fields.get("version")
    replaces = mode == "replace"
    try:
        text = await find_file(request.ports.objects, find_uuid(fields.get("file")) or NIL)
        moment = read_moment(fields.get("effective_at"), field="effective_at")
        if moment is not None:
            now = await request.billing_now()
            await schedule_change(request.database, deck, text, moment, now, replaces=replaces)
            line = _import_curl(request, deck, [("mode", mode), ("effective_at", moment.isoformat())])
            return await done(request, where, "The file waits for its day.", curl=line)
        plan = await import_deck(
            request.database,
            deck,
            text,
            request.now,
            replaces=replaces,
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None,
        )
    except Refusal as refusal:
        return await _show(request, deck, typed(fields).refuse(refusal, csv="file"))
    said = f"Rates added: {len(plan.added)}, changed: {len(plan.changed)}, removed: {len(plan.removed)}."
    return await done(request, where, said, curl=_import_curl(request, deck, [("mode", mode)]))


def _import_curl(request: PortalRequest, deck: str, query: list[tuple[str, str]]) -> str:
    asked = [("apply", "true"), *query]
    return operator_curl(request, "POST", f"/rate_decks/{deck}/import", body_file="rates.csv", query=asked)


@action("/operator/rates/{deck:str}/changes/{change:uuid}/cancel")
async def take_cancellation(request: PortalRequest, deck: FromPath[str], change: FromPath[UUID]) -> Response[str]:
    _check(deck)
    where = f"{DESK}/rates/{deck}"
    try:
        await cancel_change(request.database, deck, change, await request.billing_now())
    except Refusal as refusal:
        return await done(request, where, refusal.message, kind="bad")
    line = operator_curl(request, "DELETE", f"/rate_decks/{deck}/changes/{change}")
    return await done(request, where, "The change will not happen.", curl=line)


def _check(deck: str) -> None:
    """Raises NotFound for what can be no deck's id."""
    if not _DECK.fullmatch(deck):
        raise _not_found()


def _not_found() -> NotFound:
    return NotFound("There is no such rate deck", reason="RATE_DECK_NOT_FOUND")


HANDLERS: list[HTTPRouteHandler] = [
    show_decks,
    take_deck,
    show_deck,
    take_flat_rates,
    download_deck,
    take_file,
    take_import,
    take_cancellation,
]
