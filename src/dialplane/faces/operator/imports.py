"""Imports of the operator's stock: a file is read and shown, then applied, and may be taken back."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import parse_kind
from dialplane.domain.supply.import_cells import Defaults
from dialplane.domain.supply.import_columns import read_mapping
from dialplane.domain.supply.imports import ImportId, ImportLine, ImportState, Outcome, StockImport
from dialplane.faces.idempotency import HEADER
from dialplane.faces.imported_files import LARGEST_FILE, Columns, ShownReading, show_reading
from dialplane.faces.operator.answers import posting, refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.supply import imports as service

_SHOWN = 20
"""So many lines of each sort stand in a preview."""
_PAGE = 100_000
"""Numbers of an import that was applied in one request, in its answer: all."""

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Lines of a page.")]
Position = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="The `next` of the page before.")]
Price = Annotated[int, QueryParameter(ge=0, le=10**12)]


class LineProblem(msgspec.Struct):
    """What is wrong with one line; the first line of the file is line 1. Of a JSON array, the element's place."""

    line: int
    field: str
    detail: str


class ShownImport(msgspec.Struct):
    """An import. `lines` are its numbers, ranges counted number by number; `done` of them are through with what is
    under way. `added` are in stock by it, `withdrawn` out again, `kept` there although it was taken back."""

    id: UUID
    state: ImportState
    lines: int
    done: int
    new: int
    known: int
    problems: int
    added: int
    withdrawn: int
    kept: int
    skip_problems: bool
    reading: ShownReading
    created_at: datetime
    updated_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None


class ShownImports(msgspec.Struct):
    imports: list[ShownImport]


class ShownLine(msgspec.Struct):
    """One number; `field` and `detail` say what is wrong, or why an undo left it."""

    position: int
    line: int
    number: str
    outcome: Outcome
    field: str
    detail: str
    type: str = ""
    country: str = ""
    locality: str = ""
    setup_micros: int = 0
    monthly_micros: int = 0
    account_id: UUID | None = None


class ShownLines(msgspec.Struct):
    """`next` is the `after` of the page that follows; null on the last."""

    lines: list[ShownLine]
    next: int | None


class ImportPreview(msgspec.Struct):
    """What an import would do, with the first of its numbers and problems. `id` is the import, to be applied."""

    new: int
    known: int
    numbers: list[str]
    problems: list[LineProblem]
    problem_count: int
    id: UUID
    reading: ShownReading


class Applied(msgspec.Struct):
    """What was put into stock; `known`: so many were there already, `problems`: so many lines were passed over."""

    imported: int
    numbers: list[str]
    known: int
    problems: int
    id: UUID


@post(
    "/inventory/import",
    request_max_body_size=LARGEST_FILE,
    responses=posting(402) | shown(ImportPreview, 200) | shown(Applied, 201),
)
async def read_file(
    request: OperatorRequest,
    apply: FromQuery[bool] = False,
    skip_problems: FromQuery[bool] = False,
    column: Columns = None,
    country: FromQuery[str] = "",
    type: FromQuery[str] = "",
    setup_micros: Price = 0,
    monthly_micros: Price = 0,
    account_id: FromQuery[UUID | None] = None,
    trunk: FromQuery[str] = "",
) -> Response[Applied | ImportPreview]:
    """Read a file of numbers, CSV or JSON: without `?apply=true` it is only kept and shown (200).

    The other parameters hold for every line that does not say otherwise. With `account_id` the numbers are not offered
    but become that account's own; `trunk` is the id or name of the trunk by which they are reached. One line with a
    problem keeps everything out, unless `?skip_problems=true`.
    """
    wish = service.ImportWish(
        mapping=read_mapping(column or []),
        defaults=Defaults(
            country=_country(country),
            kind=parse_kind(type) if type else None,
            setup_micros=Micros(setup_micros),
            monthly_micros=Micros(monthly_micros),
            account_id=None if account_id is None else AccountId(account_id),
        ),
        trunk=trunk,
        idempotency_key=request.headers.get(HEADER.decode(), ""),
    )
    database, now = request.database, await request.billing_now()
    read = await service.preview_import(database, await request.body(), wish, now)
    if not apply:
        return Response(await _preview(request, read), status_code=200)
    await service.start_import(database, read.id, now, skip_problems=skip_problems)
    done = await service.finish(database, read.id, now)
    added = await service.list_lines(database, read.id, [Outcome.ADDED], limit=_PAGE)
    numbers = [line.number for line in added]
    return Response(Applied(len(numbers), numbers, done.counts.known, done.counts.problem, read.id), status_code=201)


async def _preview(request: OperatorRequest, read: StockImport) -> ImportPreview:
    new = await service.list_lines(request.database, read.id, [Outcome.NEW], limit=_SHOWN)
    wrong = await service.list_lines(request.database, read.id, [Outcome.PROBLEM], limit=_SHOWN)
    return ImportPreview(
        new=read.counts.new,
        known=read.counts.known,
        numbers=[line.number for line in new],
        problems=[LineProblem(line.line, line.field, line.detail) for line in wrong],
        problem_count=read.counts.problem,
        id=read.id,
        reading=show_reading(read.reading),
    )


@get("/inventory/imports", responses=refusals())
async def list_imports(request: OperatorRequest, before: FromQuery[datetime | None] = None) -> ShownImports:
    """The newest hundred that were read earlier than `before`."""
    return ShownImports([show_import(each) for each in await service.list_imports(request.database, before=before)])


@get("/inventory/imports/{import_id:uuid}", responses=refusals(404))
async def get_import(request: OperatorRequest, import_id: FromPath[UUID]) -> ShownImport:
    """One import, and how far it has come."""
    return show_import(await service.get_import(request.database, ImportId(import_id)))


@get("/inventory/imports/{import_id:uuid}/lines", responses=refusals(404))
async def list_lines(
    request: OperatorRequest,
    import_id: FromPath[UUID],
    outcome: FromQuery[Outcome | None] = None,
    after: Position = 0,
    limit: Limit = 100,
) -> ShownLines:
    """Its numbers in the order of the file; `?outcome=problem` are those to correct."""
    wanted = [] if outcome is None else [outcome]
    found = await service.list_lines(request.database, ImportId(import_id), wanted, after=after, limit=limit + 1)
    more = len(found) > limit
    return ShownLines([show_line(line) for line in found[:limit]], found[limit - 1].position if more else None)


@post("/inventory/imports/{import_id:uuid}/apply", responses=posting(402, 404))
async def apply_import(
    request: OperatorRequest, import_id: FromPath[UUID], skip_problems: FromQuery[bool] = False
) -> ShownImport:
    """Put what a preview shows into stock: the first thousand at once, the rest by and by, as `done` tells."""
    now = await request.billing_now()
    await service.start_import(request.database, ImportId(import_id), now, skip_problems=skip_problems)
    return show_import(await service.go_on(request.database, ImportId(import_id), now))


@post("/inventory/imports/{import_id:uuid}/undo", responses=posting(404))
async def undo_import(request: OperatorRequest, import_id: FromPath[UUID]) -> ShownImport:
    """Take out of stock again what an import put there and nobody has touched; `?outcome=kept` of its lines says what
    stays, and why."""
    now = await request.billing_now()
    await service.start_undo(request.database, ImportId(import_id), now)
    return show_import(await service.go_on(request.database, ImportId(import_id), now))


def show_import(each: StockImport) -> ShownImport:
    counts = each.counts
    waiting = {ImportState.APPLYING: counts.new, ImportState.UNDOING: counts.added, ImportState.PREVIEWED: counts.new}
    return ShownImport(
        id=each.id,
        state=each.state,
        lines=counts.total,
        done=counts.total - waiting.get(each.state, 0),
        new=counts.new,
        known=counts.known,
        problems=counts.problem,
        added=counts.added,
        withdrawn=counts.withdrawn,
        kept=counts.kept,
        skip_problems=each.skip_problems,
        reading=show_reading(each.reading),
        created_at=each.created_at,
        updated_at=each.updated_at,
        applied_at=each.applied_at,
        undone_at=each.undone_at,
    )


def show_line(line: ImportLine) -> ShownLine:
    facts: dict[str, Any] = {}
    if line.row is not None:
        item = line.row.item
        facts = {
            "type": item.kind.value,
            "country": item.country,
            "locality": item.locality,
            "setup_micros": item.setup_micros,
            "monthly_micros": item.monthly_micros,
            "account_id": line.row.account_id,
        }
    return ShownLine(line.position, line.line, line.number, line.outcome, line.field, line.detail, **facts)


def _country(text: str) -> str:
    if text and not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise Invalid("country is a country's two letters (ISO 3166)", reason="INVALID_ARGUMENT", field="country")
    return text.upper()


router = Router(
    "/",
    route_handlers=[read_file, list_imports, get_import, list_lines, apply_import, undo_import],
    tags=["Stock"],
)
