"""The operator's stock of numbers, and numbers that accounts hold."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.ids import NumberId
from dialplane.domain.inventory import NewItem
from dialplane.domain.money import Micros
from dialplane.domain.numbers import parse_kind
from dialplane.faces.operator.answers import posting, shown
from dialplane.faces.operator.csv_bodies import LARGEST_CSV, csv_text
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.numbers import Number
from dialplane.services.inventory import import_items
from dialplane.services.inventory_import import apply_import, preview_import
from dialplane.services.numbers import reactivate_number, suspend_number
from dialplane.services.shapes.numbers import show_number

_SHOWN = 20
"""So many lines of each sort stand in a preview."""

Price = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class OfferedItem(msgspec.Struct):
    """One number as it is put on offer."""

    number: str
    type: str
    country: str
    region: str = ""
    locality: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    capabilities: tuple[str, ...] = ("voice", "sms")
    setup_micros: Price = 0
    monthly_micros: Price = 0
    documents_required: list[str] = []

    def checked(self) -> NewItem:
        return NewItem(
            number=self.number,
            kind=parse_kind(self.type),
            country=self.country,
            region=self.region,
            locality=self.locality,
            postal_code=self.postal_code,
            latitude=self.latitude,
            longitude=self.longitude,
            capabilities=self.capabilities,
            setup_micros=Micros(self.setup_micros),
            monthly_micros=Micros(self.monthly_micros),
            documents_required=tuple(self.documents_required),
        )


class OfferedItems(msgspec.Struct):
    items: Annotated[list[OfferedItem], msgspec.Meta(max_length=10_000)]


class Imported(msgspec.Struct, omit_defaults=True):
    """What was put on offer; `known`: so many were in stock already."""

    imported: int
    numbers: list[str]
    known: int | msgspec.UnsetType = msgspec.UNSET


class LineProblem(msgspec.Struct):
    """What is wrong with one line; the head line is line 1."""

    line: int
    field: str
    detail: str


class ImportPreview(msgspec.Struct):
    """What an import would do, with the first of its numbers and problems."""

    new: int
    known: int
    numbers: list[str]
    problems: list[LineProblem]
    problem_count: int


@post("/inventory", responses=posting())
async def add_items(request: OperatorRequest, data: JSONBody[OfferedItems]) -> Imported:
    """Put numbers on offer, of the carrier `owned`. Those in stock already stay as they are."""
    items = [item.checked() for item in data.items]
    added = await import_items(request.database, items, request.now)
    return Imported(len(added), added, len(items) - len(added))


@post(
    "/inventory/import",
    request_max_body_size=LARGEST_CSV,
    responses=posting() | shown(ImportPreview, 200) | shown(Imported, 201),
)
async def import_csv(request: OperatorRequest, apply: FromQuery[bool] = False) -> Response[Imported | ImportPreview]:
    """Put the numbers of a CSV file on offer. Without `?apply=true` it only says what would happen (200)."""
    text = csv_text(await request.body())
    if apply:
        added = await apply_import(request.database, text, request.now)
        return Response(Imported(len(added), added), status_code=201)
    plan = await preview_import(request.database, text)
    fresh = [item.number for item in plan.items if item.number not in plan.known]
    preview = ImportPreview(
        new=len(fresh),
        known=len(plan.known),
        numbers=fresh[:_SHOWN],
        problems=[LineProblem(problem.line, problem.field, problem.detail) for problem in plan.problems[:_SHOWN]],
        problem_count=len(plan.problems),
    )
    return Response(preview, status_code=200)


@post("/numbers/{number_id:uuid}/suspend", responses=posting(404) | shown(Number, 201))
async def suspend(request: OperatorRequest, number_id: FromPath[UUID]) -> dict[str, object]:
    """Let no call and no message in."""
    return show_number(await suspend_number(request.database, NumberId(number_id), await request.billing_now()))


@post("/numbers/{number_id:uuid}/reactivate", responses=posting(402, 404) | shown(Number, 201))
async def reactivate(request: OperatorRequest, number_id: FromPath[UUID]) -> dict[str, object]:
    """Let calls and messages in again."""
    return show_number(await reactivate_number(request.database, NumberId(number_id), await request.billing_now()))


router = Router("/", route_handlers=[add_items, import_csv, suspend, reactivate], tags=["Stock"])
