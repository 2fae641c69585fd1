"""Rate decks beside their flat rates: which there are, who pays by which, their lines by prefix as files, prices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import Provide
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from dialplane.domain.charging.rate_changes import RateChange, RateChangeState
from dialplane.domain.charging.tariffs import DeckLine
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.csv_bodies import LARGEST_CSV, csv_text
from dialplane.faces.downloads import csv_download
from dialplane.faces.moments import read_moment
from dialplane.faces.operator.answers import posting, refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.price_queries import Asked, Quoted, read_enquiry
from dialplane.services.charging import prices
from dialplane.services.charging import rates as service
from dialplane.services.charging.rate_changes import cancel_change, list_changes, schedule_change
from dialplane.services.charging.rate_files import DeckPlan, export_deck, import_deck, preview_deck
from dialplane.services.shapes.prices import show_quote

_SHOWN = 20
"""So many lines of each sort stand in a preview."""
_SHOWN_PROBLEMS = 1000

_DeckId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
_Micros = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class NewDeck(msgspec.Struct, forbid_unknown_fields=True):
    id: _DeckId
    name: Annotated[str, msgspec.Meta(max_length=255)] = ""


class ShownDeck(msgspec.Struct):
    """`lines`: how many rates by prefix. `accounts`: how many have it for their own. `version` counts its changes."""

    id: str
    name: str
    version: int
    lines: int
    plans: list[Plan]
    accounts: int
    created_at: datetime
    updated_at: datetime | None


class ShownDecks(msgspec.Struct):
    rate_decks: list[ShownDeck]


class ShownLine(msgspec.Struct):
    """The price of a slice (`increment_s`; of texts a segment) for numbers that begin with `prefix`."""

    cost_type: str
    prefix: str
    description: str
    per_slice_micros: int
    increment_s: int
    setup_micros: int


class DeckProblem(msgspec.Struct):
    """What is wrong with one line; the head line is line 1."""

    line: int
    field: str
    detail: str


class DeckImport(msgspec.Struct):
    """What an import does, or did. `version` is the deck's: give it with the import, and it is refused if somebody
    changed the deck meanwhile. The first lines of each sort are shown."""

    version: int
    added: int
    changed: int
    unchanged: int
    removed: int
    new_lines: list[ShownLine]
    changed_lines: list[ShownLine]
    removed_lines: list[ShownLine]
    problem_count: int
    problems: list[DeckProblem]
    change_id: UUID | None = None
    """Of the change that waits for `effective_at`; what it does by then depends on the deck of that day."""
    effective_at: datetime | None = None


class ShownChange(msgspec.Struct):
    id: UUID
    effective_at: datetime
    state: RateChangeState
    mode: Literal["merge", "replace"]
    created_at: datetime
    ended_at: datetime | None
    """When it was applied or cancelled."""


class ShownChanges(msgspec.Struct):
    changes: list[ShownChange]


class PortedNumbers(msgspec.Struct):
    """What a month of a ported number costs, by its type. Orders keep the price that they began with."""

    local: _Micros
    mobile: _Micros
    toll_free: _Micros


class PortedNumbersChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    local: _Micros | None = None
    mobile: _Micros | None = None
    toll_free: _Micros | None = None


class DeckChoice(msgspec.Struct, forbid_unknown_fields=True):
    """null: the plan's deck for an account, `default` for a plan."""

    rate_deck: Annotated[str, msgspec.Meta(max_length=64)] | None


class ChosenDeck(msgspec.Struct):
    """What is paid by from now on."""

    rate_deck: str


@get("/rate_decks", responses=refusals())
async def list_decks(request: OperatorRequest) -> ShownDecks:
    """Every deck. `default`, the first, is what accounts pay by who have no other, and what others stand over."""
    return ShownDecks([show_deck(deck) for deck in await service.list_rate_decks(request.database)])


@post("/rate_decks", responses=posting())
async def create_deck(request: OperatorRequest, data: JSONBody[NewDeck]) -> ShownDeck:
    """Make a deck without a rate of its own."""
    return show_deck(await service.create_rate_deck(request.database, data.id, data.name, request.now))


@post(
    "/rate_decks/{deck_id:str}/import",
    request_max_body_size=LARGEST_CSV,
    responses=posting(404, 429) | shown(DeckImport, 200) | shown(DeckImport, 201) | shown(DeckImport, 202),
)
async def import_rates(
    request: OperatorRequest,
    deck_id: FromPath[str],
    apply: FromQuery[bool] = False,
    mode: FromQuery[Literal["merge", "replace"]] = "merge",
    version: FromQuery[int | None] = None,
    effective_at: FromQuery[str | None] = None,
) -> Response[DeckImport]:
    """Read rates by prefix from a CSV file: `prefix`, one of `per_minute`, `per_slice` (dollars), `per_minute_micros`,
    `per_slice_micros`, and `description`, `increment_s`, `setup` or `setup_micros`, `cost_type`. Without `?apply=true`
    it only says what would happen (200). `mode=replace` removes the lines that the file has not. `effective_at`, a time
    with a zone or a day (its beginning in UTC), lets the deck change then (202): see `/rate_decks/{deck_id}/changes`.
    `version` is of no use with it: the deck may well change until then."""
    text = csv_text(await request.body())
    moment = read_moment(effective_at, field="effective_at")
    if not apply:
        plan = await preview_deck(request.database, deck_id, text, replaces=mode == "replace")
        return Response(show_plan(plan), status_code=200)
    if moment is not None:
        change, plan = await schedule_change(
            request.database, deck_id, text, moment, await request.billing_now(), replaces=mode == "replace"
        )
        return Response(show_plan(plan, change), status_code=202)
    plan = await import_deck(request.database, deck_id, text, request.now, replaces=mode == "replace", version=version)
    return Response(show_plan(plan), status_code=201)


@get("/rate_decks/{deck_id:str}/changes", responses=refusals(404))
async def list_deck_changes(
    request: OperatorRequest, deck_id: FromPath[str], before: FromQuery[datetime | None] = None
) -> ShownChanges:
    """The newest hundred changes of the deck that waited or wait for their day, made earlier than `before`."""
    found = await list_changes(request.database, deck_id, before=before, limit=100)
    return ShownChanges([show_change(change) for change in found])


@delete("/rate_decks/{deck_id:str}/changes/{change_id:uuid}", status_code=200, responses=refusals(404, 409))
async def cancel_deck_change(
    request: OperatorRequest, deck_id: FromPath[str], change_id: FromPath[UUID]
) -> ShownChange:
    """Let a change that waits for its day not happen."""
    return show_change(await cancel_change(request.database, deck_id, change_id, await request.billing_now()))


@get("/rate_decks/{deck_id:str}/export", media_type="text/csv", responses=refusals(404))
async def export_rates(request: OperatorRequest, deck_id: FromPath[str]) -> Stream:
    """The rates by prefix as CSV; importing it changes nothing."""
    parts = await export_deck(request.database, deck_id)
    return csv_download(parts, "rates.csv")


@get("/rate_decks/{deck_id:str}/ported_numbers", responses=refusals(404))
async def get_ported_numbers(request: OperatorRequest, deck_id: FromPath[str]) -> PortedNumbers:
    """What a month of a ported number costs."""
    return show_ported(await service.get_port_prices(request.database, deck_id))


@put("/rate_decks/{deck_id:str}/ported_numbers", responses=refusals(404, 413))
async def put_ported_numbers(
    request: OperatorRequest, deck_id: FromPath[str], data: JSONBody[PortedNumbersChange]
) -> PortedNumbers:
    """Set what a month of ported numbers costs in orders from now on."""
    given = {NumberKind.LOCAL: data.local, NumberKind.MOBILE: data.mobile, NumberKind.TOLL_FREE: data.toll_free}
    set_now = {kind: Micros(micros) for kind, micros in given.items() if micros is not None}
    return show_ported(await service.change_port_prices(request.database, deck_id, set_now, request.now))


@put("/accounts/{account_id:uuid}/rate_deck", responses=refusals(404, 413))
async def choose_for_account(
    request: OperatorRequest, account_id: FromPath[UUID], data: JSONBody[DeckChoice]
) -> ChosenDeck:
    """Let the account pay by a deck, from its next call and text on."""
    return ChosenDeck(await service.assign_deck_to_account(request.database, AccountId(account_id), data.rate_deck))


@put("/plans/{plan:str}/rate_deck", responses=refusals(404, 413))
async def choose_for_plan(request: OperatorRequest, plan: FromPath[Plan], data: JSONBody[DeckChoice]) -> ChosenDeck:
    """Let the accounts of a plan pay by a deck, unless they have one of their own."""
    return ChosenDeck(await service.assign_deck_to_plan(request.database, plan, data.rate_deck))


@get("/rate_decks/{deck_id:str}/price", responses=refusals(404))
async def get_deck_price(request: OperatorRequest, deck_id: FromPath[str], enquiry: Asked) -> Quoted:
    """What a call or text costs who pays by the deck."""
    return msgspec.convert(show_quote(await prices.quote_of_deck(request.database, deck_id, enquiry)), Quoted)


@get("/accounts/{account_id:uuid}/price", responses=refusals(404))
async def get_account_price(request: OperatorRequest, account_id: FromPath[UUID], enquiry: Asked) -> Quoted:
    """What a call or text costs the account."""
    quote = await prices.quote_for(request.database, AccountId(account_id), enquiry)
    return msgspec.convert(show_quote(quote), Quoted)


def show_deck(deck: service.DeckInfo) -> ShownDeck:
    return ShownDeck(
        id=deck.id,
        name=deck.name,
        version=deck.version,
        lines=deck.lines,
        plans=list(deck.plans),
        accounts=deck.accounts,
        created_at=deck.created_at,
        updated_at=deck.updated_at,
    )


def show_change(change: RateChange) -> ShownChange:
    return ShownChange(
        id=change.id,
        effective_at=change.effective_at,
        state=change.state,
        mode="replace" if change.replaces else "merge",
        created_at=change.created_at,
        ended_at=change.ended_at,
    )


def show_plan(plan: DeckPlan, change: RateChange | None = None) -> DeckImport:
    return DeckImport(
        version=plan.version,
        added=len(plan.added),
        changed=len(plan.changed),
        unchanged=plan.unchanged,
        removed=len(plan.removed),
        new_lines=[show_line(line) for line in plan.added[:_SHOWN]],
        changed_lines=[show_line(line) for line in plan.changed[:_SHOWN]],
        removed_lines=[show_line(line) for line in plan.removed[:_SHOWN]],
        problem_count=len(plan.faults),
        problems=[DeckProblem(fault.line, fault.field, fault.detail) for fault in plan.faults[:_SHOWN_PROBLEMS]],
        change_id=change.id if change else None,
        effective_at=change.effective_at if change else None,
    )


def show_line(line: DeckLine) -> ShownLine:
    rate = line.rate
    return ShownLine(rate.cost_type, line.prefix, line.description, rate.micros, rate.increment_s, rate.setup)


def show_ported(months: Mapping[NumberKind, Micros]) -> PortedNumbers:
    return PortedNumbers(months[NumberKind.LOCAL], months[NumberKind.MOBILE], months[NumberKind.TOLL_FREE])


router = Router(
    "/",
    route_handlers=[
        list_decks,
        create_deck,
        import_rates,
        list_deck_changes,
        cancel_deck_change,
        export_rates,
        get_ported_numbers,
        put_ported_numbers,
        choose_for_account,
        choose_for_plan,
        get_deck_price,
        get_account_price,
    ],
    dependencies={"enquiry": Provide(read_enquiry, sync_to_thread=False)},
    tags=["Rates"],
)
