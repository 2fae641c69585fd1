"""Imports of stock: a file is read and shown, then applied, and may be taken back."""

from uuid import UUID

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.money import ZERO
from dialplane.domain.numbering.numbers import parse_kind
from dialplane.domain.supply.import_cells import Defaults
from dialplane.domain.supply.import_columns import FIELDS
from dialplane.domain.supply.imports import ImportId, ImportLine, ImportState, Outcome, StockImport
from dialplane.faces.portal.countries import choices
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.import_columns import column_choices, guessed, read_columns
from dialplane.faces.portal.pages.billing import read_amount
from dialplane.faces.portal.pages.desk.reading import DESK, account_in, one_of
from dialplane.faces.portal.pages.desk.stock import KINDS
from dialplane.faces.portal.rendering import done, go, show, words
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_cursor, read_moment_cursor
from dialplane.services.supply import imports as service

_OUTCOMES = [(outcome.value, words(outcome.value)) for outcome in Outcome]


@page("/operator/stock/imports")
async def show_imports(request: PortalRequest) -> Response[str]:
    return await _show_all(request, Form())


async def _show_all(request: PortalRequest, form: Form) -> Response[str]:
    cursor = request.fields.get("after")
    found = await service.list_imports(request.database, before=read_moment_cursor(cursor), limit=PAGE + 1)
    return await show(
        request,
        "desk/imports.html",
        form=form,
        table=page_of(
            found, lambda each: each.created_at.isoformat(), path=f"{DESK}/stock/imports", filters={}, cursor=cursor
        ),
        kinds=KINDS,
        countries=choices(),
    )


@action("/operator/stock/imports")
async def take_file(request: PortalRequest) -> Response[str]:
    """Read a file and show what it would do; the stock stays as it is."""
    fields = request.fields
    try:
        wish = service.ImportWish(
            defaults=Defaults(
                country=fields.get("country"),
                kind=parse_kind(fields.get("kind")) if fields.get("kind") else None,
                setup_micros=read_amount(fields.get("setup")) if fields.get("setup") else ZERO,
                monthly_micros=read_amount(fields.get("monthly")) if fields.get("monthly") else ZERO,
                account_id=account_in(fields.get("account"), field="account"),
            ),
            trunk=fields.get("trunk"),
        )
        body = await read_upload(request, "file")
        read = await service.preview_import(request.database, body, wish, await request.billing_now())
    except Refusal as refusal:
        return await _show_all(request, typed(fields).refuse(refusal, csv="file", json="file", column="file"))
    return go(f"{DESK}/stock/imports/{read.id}")


async def read_upload(request: PortalRequest, name: str) -> bytes:
    """The file of a form. Raises Invalid where none was chosen."""
    form = await request.form()
    found = form.get(name)
    if not isinstance(found, UploadFile) or not (content := await found.read()):
        raise Invalid("Choose a file", field=name)
    return content


@page("/operator/stock/imports/{imported:uuid}")
async def show_import(request: PortalRequest, imported: FromPath[UUID]) -> Response[str]:
    found = await service.get_import(request.database, ImportId(imported))
    return await _show(request, found, Form({"outcome": request.fields.get("outcome"), **guessed(found.reading)}))


@action("/operator/stock/imports/{imported:uuid}/columns")
async def take_columns(request: PortalRequest, imported: FromPath[UUID]) -> Response[str]:
    """Read the file once more, its columns as they were chosen."""
    found = await service.get_import(request.database, ImportId(imported))
    try:
        mapping = read_columns(request.fields, found.reading, FIELDS)
        read = await service.read_again(request.database, found.id, mapping, await request.billing_now())
    except Refusal as refusal:
        form = typed(request.fields).refuse(refusal, csv="", json="", column="")
        return await _show(request, found, form)
    query = [("column", f"{field}:{heading}") for field, heading in mapping.items()]
    line = operator_curl(request, "POST", "/inventory/import", body_file=f"stock.{read.reading.format}", query=query)
    return await done(request, f"{DESK}/stock/imports/{read.id}", "The file is read again.", kind="wait", curl=line)


async def _show(request: PortalRequest, found: StockImport, form: Form) -> Response[str]:
    imported, outcome = found.id, form["outcome"]
    return await show(
        request,
        "desk/import.html",
        form=form,
        found=found,
        choices=column_choices(found.reading),
        known=[(each, words(each)) for each in FIELDS],
        counts=found.counts,
        done_part=_done(found),
        table=page_of(
            await _lines(request, found, one_of(Outcome, outcome)),
            lambda line: str(line.position),
            path=f"{DESK}/stock/imports/{imported}",
            filters={"outcome": outcome},
            cursor=request.fields.get("after"),
        ),
        outcomes=_OUTCOMES,
    )


async def _lines(request: PortalRequest, found: StockImport, outcome: Outcome | None) -> list[ImportLine]:
    cursor = read_cursor(request.fields.get("after"))
    after = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 10 else 0
    wanted = [] if outcome is None else [outcome]
    return await service.list_lines(request.database, found.id, wanted, after=after, limit=PAGE + 1)


def _done(found: StockImport) -> int:
    """How many of its numbers are through with what is under way."""
    counts = found.counts
    waiting = {ImportState.APPLYING: counts.new, ImportState.UNDOING: counts.added}
    return counts.total - waiting.get(found.state, 0)


@action("/operator/stock/imports/{imported:uuid}/apply")
async def take_apply(request: PortalRequest, imported: FromPath[UUID]) -> Response[str]:
    """The first thousand at once, the rest by and by."""
    now, where = await request.billing_now(), f"{DESK}/stock/imports/{imported}"
    try:
        skip = request.fields.is_on("skip_problems")
        await service.start_import(request.database, ImportId(imported), now, skip_problems=skip)
        found = await service.go_on(request.database, ImportId(imported), now)
    except Refusal as refusal:
        return await done(request, where, refusal.message, kind="bad")
    said = "is applied" if found.state is ImportState.APPLIED else "is being applied"
    line = operator_curl(request, "POST", f"/inventory/imports/{imported}/apply")
    return await done(request, where, f"The import {said}. In stock by it so far: {found.counts.added}.", curl=line)


@action("/operator/stock/imports/{imported:uuid}/undo")
async def take_undo(request: PortalRequest, imported: FromPath[UUID]) -> Response[str]:
    now, where = await request.billing_now(), f"{DESK}/stock/imports/{imported}"
    try:
        await service.start_undo(request.database, ImportId(imported), now)
        await service.go_on(request.database, ImportId(imported), now)
    except Refusal as refusal:
        return await done(request, where, refusal.message, kind="bad")
    said = "What nobody has touched is taken out of stock again."
    return await done(request, where, said, curl=operator_curl(request, "POST", f"/inventory/imports/{imported}/undo"))


HANDLERS: list[HTTPRouteHandler] = [show_imports, take_file, show_import, take_columns, take_apply, take_undo]
