"""The stock of numbers: looked through, added to by hand, exported."""

from collections.abc import AsyncIterator

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.money import ZERO
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.numbers import NumberKind, parse_kind
from dialplane.domain.supply.imports import StockRow
from dialplane.domain.supply.inventory import CAPABILITIES, Item, ItemState, NewItem, StockQuery
from dialplane.faces.portal.countries import choices
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.billing import read_amount
from dialplane.faces.portal.pages.desk.reading import DESK, account_in, one_of
from dialplane.faces.portal.rendering import done, show, words
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, Page, page_of, read_cursor
from dialplane.faces.stock_files import as_csv, as_json
from dialplane.services.supply.stock import list_stock, walk_stock
from dialplane.services.supply.stocking import put_in_stock
from dialplane.services.tenancy.accounts import names_of

_STOCKED = (NumberKind.LOCAL, NumberKind.TOLL_FREE, NumberKind.MOBILE)
KINDS = [(kind.value, words(kind.value)) for kind in _STOCKED]
_STATES = [(state.value, words(state.value)) for state in ItemState]
_FILTERS = ("starts_with", "country", "kind", "state", "locality", "carrier", "account")


@page("/operator/stock")
async def show_stock(request: PortalRequest) -> Response[str]:
    return await _show(request, typed(request.fields))


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    filters = {name: request.fields.get(name) for name in _FILTERS}
    table: Page[Item] = Page([])
    if not form.is_refused:
        try:
            cursor = read_cursor(request.fields.get("after"))
            found = await list_stock(request.database, _query(filters), after=cursor, limit=PAGE + 1)
            path = f"{DESK}/stock"
            table = page_of(found, lambda item: item.number, path=path, filters=filters, cursor=cursor)
        except Invalid as refusal:
            form = form.refuse(refusal)
    return await show(
        request,
        "desk/stock.html",
        form=form,
        table=table,
        filters={name: value for name, value in filters.items() if value},
        names=await names_of(request.database, {item.account_id for item in table.rows if item.account_id}),
        kinds=KINDS,
        states=_STATES,
        countries=choices(),
        capabilities=CAPABILITIES,
    )


def _query(filters: dict[str, str]) -> StockQuery:
    """Raises Invalid naming the field."""
    state = one_of(ItemState, filters["state"])
    query = StockQuery(
        states=() if state is None else (state,),
        kinds=(parse_kind(filters["kind"]),) if filters["kind"] else (),
        country=filters["country"],
        starts_with="".join(filters["starts_with"].split()).removeprefix("+"),
        locality=filters["locality"],
        carrier=filters["carrier"],
        account_id=account_in(filters["account"], field="account"),
    )
    query.check()
    return query


@page("/operator/stock/export")
async def download_stock(request: PortalRequest) -> Stream:
    """What the filters leave, as a file that an import reads back."""
    parts = walk_stock(request.database, _query({name: request.fields.get(name) for name in _FILTERS}))
    is_json = request.fields.get("format") == "json"
    return _file(as_json(parts) if is_json else as_csv(parts), "json" if is_json else "csv")


def _file(parts: AsyncIterator[bytes], ending: str) -> Stream:
    media_type = "application/json" if ending == "json" else "text/csv; charset=utf-8"
    disposition = f'attachment; filename="inventory.{ending}"'
    return Stream(
        parts, media_type=media_type, headers={"Content-Disposition": disposition, "Content-Type": media_type}
    )


@action("/operator/stock")
async def take_item(request: PortalRequest) -> Response[str]:
    """One number into the operator's own stock."""
    fields = request.fields
    try:
        item = NewItem(
            number="".join(fields.get("number").split()),
            kind=parse_kind(fields.get("new_kind")),
            country=fields.get("new_country"),
            region=fields.get("region")[:128],
            locality=fields.get("new_locality")[:128],
            capabilities=tuple(each for each in fields.all("capability") if each in CAPABILITIES),
            setup_micros=read_amount(fields.get("setup")) if fields.get("setup") else ZERO,
            monthly_micros=read_amount(fields.get("monthly")) if fields.get("monthly") else ZERO,
        )
        by = Actor(ActorKind.OPERATOR, request.person.id)
        added = await put_in_stock(request.database, [StockRow(item)], by, await request.billing_now())
    except Refusal as refusal:
        names = dict.fromkeys(("items", "items[0].number", "number"), "number")
        return await _show(request, typed(fields).refuse(refusal, **names, country="new_country", kind="new_kind"))
    said = f"{item.number} is in stock." if added else f"{item.number} was there already and stays as it is."
    line = operator_curl(request, "POST", "/inventory", {"items": [_written(item)]})
    return await done(request, f"{DESK}/stock", said, curl=line)


def _written(item: NewItem) -> dict[str, object]:
    return {
        "number": item.number,
        "type": item.kind,
        "country": item.country,
        "region": item.region,
        "locality": item.locality,
        "capabilities": item.capabilities,
        "setup_micros": item.setup_micros,
        "monthly_micros": item.monthly_micros,
    }


HANDLERS: list[HTTPRouteHandler] = [show_stock, download_stock, take_item]
