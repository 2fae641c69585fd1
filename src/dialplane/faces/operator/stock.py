"""The operator's stock of numbers, and numbers that accounts hold."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, Schema
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from dialplane.domain.ids import AccountId, NumberId, TrunkId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.history import OPERATOR
from dialplane.domain.numbering.numbers import parse_kind
from dialplane.domain.supply.imports import StockRow
from dialplane.domain.supply.inventory import ItemState, NewItem, StockQuery
from dialplane.faces.operator.answers import posting, refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.stock_files import as_csv, as_json, show_item
from dialplane.faces.voipbin.numbers import Number
from dialplane.services.numbering.number_life import reactivate_number, suspend_number
from dialplane.services.shapes.numbers import show_number
from dialplane.services.supply.stock import list_stock, walk_stock
from dialplane.services.supply.stocking import put_in_stock

Price = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Items of a page.")]
After = Annotated[str, QueryParameter(pattern=r"^[+ ]?[0-9]{0,15}$", description="The `next` of the page before.")]


class OfferedItem(msgspec.Struct):
    """One number as it is put into stock: on offer, or, with `account_id`, as a number of that account at once."""

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
    account_id: UUID | None = None
    trunk_id: UUID | None = None
    """The trunk by which it is reached: calls that it makes leave there first."""
    name: Annotated[str, msgspec.Meta(max_length=255)] = ""
    """Of the number, where it goes to an account."""

    def read(self) -> StockRow:
        item = NewItem(
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
            trunk_id=None if self.trunk_id is None else TrunkId(self.trunk_id),
        )
        return StockRow(item, None if self.account_id is None else AccountId(self.account_id), self.name)


class OfferedItems(msgspec.Struct):
    items: Annotated[list[OfferedItem], msgspec.Meta(max_length=10_000)]


class Imported(msgspec.Struct):
    """What was put into stock; `known`: so many were there already."""

    imported: int
    numbers: list[str]
    known: int


class ShownItem(msgspec.Struct):
    """One number of the stock, whatever its state. `account_id`: who holds, has or last had it."""

    number: str
    type: str
    country: str
    region: str
    locality: str
    postal_code: str
    latitude: float | None
    longitude: float | None
    capabilities: list[str]
    setup_micros: int
    monthly_micros: int
    documents_required: list[str]
    account_id: UUID | None
    trunk: UUID | None
    carrier: str
    state: ItemState


class ShownItems(msgspec.Struct):
    """`next` is the `after` of the page that follows; empty on the last."""

    items: list[ShownItem]
    next: str


@post("/inventory", responses=posting(402))
async def add_items(request: OperatorRequest, data: JSONBody[OfferedItems]) -> Imported:
    """Put numbers into stock, of the carrier `owned`. Those that are there already stay as they are."""
    rows = [item.read() for item in data.items]
    added = await put_in_stock(request.database, rows, OPERATOR, await request.billing_now())
    return Imported(len(added), added, len(rows) - len(added))


def read_query(
    in_state: Annotated[ItemState | None, QueryParameter(name="state", description="All, where left out.")] = None,
    type: FromQuery[str] = "",
    country: FromQuery[str] = "",
    starts_with: FromQuery[str] = "",
    region: FromQuery[str] = "",
    locality: FromQuery[str] = "",
    carrier: FromQuery[str] = "",
    account_id: FromQuery[UUID | None] = None,
    trunk_id: FromQuery[UUID | None] = None,
) -> StockQuery:
    """Which items a request is about; every given parameter must hold. Raises Invalid."""
    query = StockQuery(
        states=() if in_state is None else (in_state,),
        kinds=(parse_kind(type),) if type else (),
        country=country.upper(),
        starts_with=_plus(starts_with).removeprefix("+"),
        region=region,
        locality=locality,
        carrier=carrier,
        account_id=None if account_id is None else AccountId(account_id),
        trunk_id=None if trunk_id is None else TrunkId(trunk_id),
    )
    query.check()
    return query


def _plus(text: str) -> str:
    """An unescaped + of a query is a space."""
    return text.replace(" ", "+")


@get("/inventory", responses=refusals() | shown(ShownItems, 200))
async def list_items(
    request: OperatorRequest, wanted_items: NamedDependency[StockQuery], after: After = "", limit: Limit = 100
) -> dict[str, object]:
    """The stock in the order of its numbers, every carrier's."""
    found = await list_stock(request.database, wanted_items, after=_plus(after), limit=limit + 1)
    following = found[limit - 1].number if len(found) > limit else ""
    return {"items": [show_item(item) for item in found[:limit]], "next": following}


@dataclass
class _Export(Operation):
    """Documents that the answer is of either media type."""

    def __post_init__(self) -> None:
        done = (self.responses or {})["200"]
        items = Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT))
        done.content = {  # type: ignore[union-attr]  # never a reference
            "text/csv": OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING)),
            "application/json": OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT, properties={"items": items})),
        }


@get("/inventory/export", responses=refusals(), media_type="text/csv", operation_class=_Export)
async def export_items(
    request: OperatorRequest,
    wanted_items: NamedDependency[StockQuery],
    format: FromQuery[Literal["csv", "json"]] = "csv",
) -> Stream:
    """The whole stock, or what fits, as a file that an import reads back; sent as it is read, a part at a time.

    Texts that a spreadsheet would take for a formula have an apostrophe in front.
    """
    parts = walk_stock(request.database, wanted_items)
    return Stream(
        as_csv(parts) if format == "csv" else as_json(parts),
        media_type="text/csv; charset=utf-8" if format == "csv" else "application/json",
        headers={"Content-Disposition": f'attachment; filename="inventory.{format}"'},
    )


@post("/numbers/{number_id:uuid}/suspend", responses=posting(404) | shown(Number, 201))
async def suspend(request: OperatorRequest, number_id: FromPath[UUID]) -> dict[str, object]:
    """Let no call and no message in."""
    return show_number(await suspend_number(request.database, NumberId(number_id), await request.billing_now()))


@post("/numbers/{number_id:uuid}/reactivate", responses=posting(402, 404) | shown(Number, 201))
async def reactivate(request: OperatorRequest, number_id: FromPath[UUID]) -> dict[str, object]:
    """Let calls and messages in again."""
    return show_number(await reactivate_number(request.database, NumberId(number_id), await request.billing_now()))


router = Router(
    "/",
    route_handlers=[add_items, list_items, export_items, suspend, reactivate],
    dependencies={"wanted_items": Provide(read_query, sync_to_thread=False)},
    tags=["Stock"],
)
