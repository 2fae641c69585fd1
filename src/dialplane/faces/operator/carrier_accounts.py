"""Accounts at carriers, what was said between them and us, and how numbers stand there."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.supply.carrier_accounts import (
    CarrierAccount,
    CarrierKind,
    CarrierNumber,
    CarrierNumberState,
    CarrierStatus,
)
from dialplane.faces.operator.answers import posting, refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.answers import Paged
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.services.supply import carrier_accounts as service
from dialplane.services.supply import carrier_numbers

PAGE = 100

_Text = Annotated[str, msgspec.Meta(max_length=1024)]
_Price = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class AccountFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is; `null` counts as left out."""

    name: _Text | None = None
    """The carrier of the account's numbers: small letters, digits, - and _."""
    account_sid: _Text | None = None
    """Twilio's AC and 32 hex digits."""
    api_key: _Text | None = None
    """Kept sealed, never shown."""
    signing_key: _Text | None = None
    """Telnyx's public key; Twilio's auth token, where api_key is an API key. Kept sealed, never shown."""
    api_url: _Text | None = None
    """Of another server that speaks the carrier's API; empty: the carrier's own."""
    public_url: _Text | None = None
    """Where the carrier reaches this platform, as it calls it."""
    voice: _Text | None = None
    """Telnyx's connection, Twilio's trunk, by which calls come."""
    messaging: _Text | None = None
    """Telnyx's messaging profile."""
    setup_micros: _Price | None = None
    """What we ask for a number; left out: what the carrier says."""
    monthly_micros: _Price | None = None
    requirements: dict[str, str] | None = None
    """By country and type (`DE/local`): requirement group, bundle or address."""
    status: CarrierStatus | None = None


class NewAccount(AccountFields, kw_only=True, forbid_unknown_fields=True):
    kind: CarrierKind


class ShownAccount(msgspec.Struct):
    """Of the keys only whether they are set."""

    id: UUID
    name: str
    kind: CarrierKind
    status: CarrierStatus
    account_sid: str
    has_signing_key: bool
    api_url: str
    public_url: str
    webhook_url: str
    """The address to enter at the carrier."""
    voice: str
    messaging: str
    setup_micros: int | None
    monthly_micros: int | None
    requirements: dict[str, str]
    created_at: datetime
    updated_at: datetime


class ShownAccounts(msgspec.Struct):
    accounts: list[ShownAccount]


class ShownExchange(msgspec.Struct):
    """One request and its answer, without secrets and texts."""

    id: UUID
    carrier: str
    direction: str
    method: str
    path: str
    request: str
    status: int | None
    answer: str
    fault: str
    about: str
    duration_ms: int
    created_at: datetime


class ShownCarrierNumber(msgspec.Struct):
    """How a number stands at its carrier, as it was last seen."""

    carrier: str
    number: str
    state: CarrierNumberState
    drift: list[str]
    """Names of settings that differ."""
    wanted: dict[str, str]
    found: dict[str, str]
    saved: dict[str, str] | None
    """What was there before ours was first written."""
    fault: str
    looked_at: datetime
    written_at: datetime | None


class ShownCarrierNumbers(msgspec.Struct):
    numbers: list[ShownCarrierNumber]


@post("/carrier_accounts", responses=posting())
async def create_carrier_account(request: OperatorRequest, data: JSONBody[NewAccount]) -> ShownAccount:
    """Set an account at a carrier up; it is searched and bought from at once."""
    return show_account(await service.add_account(request.database, data.kind, _change(data), request.now))


@get("/carrier_accounts", responses=refusals())
async def list_carrier_accounts(request: OperatorRequest) -> ShownAccounts:
    """By name."""
    return ShownAccounts([show_account(account) for account in await service.list_accounts(request.database)])


@get("/carrier_accounts/{account_id:uuid}", responses=refusals(404))
async def get_carrier_account(request: OperatorRequest, account_id: FromPath[UUID]) -> ShownAccount:
    """One account."""
    return show_account(await service.get_account(request.database, account_id))


@patch("/carrier_accounts/{account_id:uuid}", responses=refusals(404, 409, 413))
async def change_carrier_account(
    request: OperatorRequest, account_id: FromPath[UUID], data: JSONBody[AccountFields]
) -> ShownAccount:
    """Counts from the next request to the carrier on."""
    return show_account(await service.change_account(request.database, account_id, _change(data), request.now))


@delete("/carrier_accounts/{account_id:uuid}", status_code=200, responses=refusals(404, 409))
async def delete_carrier_account(request: OperatorRequest, account_id: FromPath[UUID]) -> ShownAccount:
    """Where no number of it is held any more; its items on offer go with it."""
    return show_account(await service.delete_account(request.database, account_id))


@get("/carrier_exchanges", responses=refusals() | shown(Paged[ShownExchange], 200))
async def list_carrier_exchanges(
    request: OperatorRequest,
    page: Paging,
    carrier: Annotated[str, QueryParameter(description="Name of a carrier account.", max_length=64)] = "",
    about: Annotated[str, QueryParameter(description="A number.", max_length=64)] = "",
) -> dict[str, object]:
    """What was said between carriers and us, newest first. Kept for 30 days."""
    found = await service.list_exchanges(
        request.database, carrier=_clean(carrier), about=_clean(about), before=page.before, limit=page.fetch
    )
    return show_page(found, show_exchange, page)


@get("/carrier_numbers", responses=refusals())
async def list_carrier_numbers(
    request: OperatorRequest,
    carrier: Annotated[str, QueryParameter(description="Name of a carrier account.", max_length=64)] = "",
    standing: Annotated[CarrierNumberState | None, QueryParameter(name="state")] = None,
    after: Annotated[str, QueryParameter(description="The last number of the page before.", max_length=64)] = "",
) -> ShownCarrierNumbers:
    """How numbers stand at their carriers, as they were last seen: a hundred in the order of the numbers."""
    found = await carrier_numbers.list_carrier_numbers(
        request.database, carrier=_clean(carrier), state=standing, after=_clean(after), limit=PAGE
    )
    return ShownCarrierNumbers([show_carrier_number(number) for number in found])


@post("/carrier_accounts/{account_id:uuid}/numbers/{number:str}/look", status_code=200, responses=posting(404))
async def look_at_number(
    request: OperatorRequest, account_id: FromPath[UUID], number: FromPath[str]
) -> ShownCarrierNumber:
    """Ask the carrier now how the number stands there."""
    carrier, where = await _place(request, account_id, number)
    return show_carrier_number(
        await carrier_numbers.look(request.database, request.ports.carriers, carrier, where, request.now)
    )


@post("/carrier_accounts/{account_id:uuid}/numbers/{number:str}/repair", status_code=200, responses=posting(404))
async def repair_number(
    request: OperatorRequest, account_id: FromPath[UUID], number: FromPath[str]
) -> ShownCarrierNumber:
    """Write our settings where the carrier's differ; what was there before the first time is kept."""
    carrier, where = await _place(request, account_id, number)
    return show_carrier_number(
        await carrier_numbers.repair(request.database, request.ports.carriers, carrier, where, request.now)
    )


@post("/carrier_accounts/{account_id:uuid}/numbers/{number:str}/restore", status_code=200, responses=posting(404))
async def restore_settings(
    request: OperatorRequest, account_id: FromPath[UUID], number: FromPath[str]
) -> ShownCarrierNumber:
    """Put back what the carrier had before ours was first written."""
    carrier, where = await _place(request, account_id, number)
    return show_carrier_number(
        await carrier_numbers.restore(request.database, request.ports.carriers, carrier, where, request.now)
    )


async def _place(request: OperatorRequest, account_id: UUID, number: str) -> tuple[str, str]:
    """The carrier's name and the number. Raises NotFound, Invalid."""
    account = await service.get_account(request.database, account_id)
    return account.name, normalize_tel(number, field="number")


def _change(data: AccountFields) -> service.AccountChange:
    return service.AccountChange(**{name: getattr(data, name) for name in AccountFields.__struct_fields__})


def _clean(text: str) -> str:
    return text.replace("\x00", "")


def show_account(account: CarrierAccount) -> ShownAccount:
    return ShownAccount(
        id=account.id,
        name=account.name,
        kind=account.kind,
        status=account.status,
        account_sid=account.account_sid,
        has_signing_key=bool(account.signing_key),
        api_url=account.api_url,
        public_url=account.public_url,
        webhook_url=f"{account.webhook_base}/messages",
        voice=account.voice,
        messaging=account.messaging,
        setup_micros=account.setup_micros,
        monthly_micros=account.monthly_micros,
        requirements=dict(account.requirements),
        created_at=account.created_at,
        updated_at=account.updated_at,
    )


def show_exchange(exchange: service.Exchange) -> ShownExchange:
    return ShownExchange(**{name: getattr(exchange, name) for name in ShownExchange.__struct_fields__})


def show_carrier_number(number: CarrierNumber) -> ShownCarrierNumber:
    return ShownCarrierNumber(
        carrier=number.carrier,
        number=number.number,
        state=number.state,
        drift=list(number.drift),
        wanted=dict(number.wanted),
        found=dict(number.found),
        saved=None if number.saved is None else dict(number.saved),
        fault=number.fault,
        looked_at=number.looked_at,
        written_at=number.written_at,
    )


router = Router(
    "/",
    route_handlers=[
        create_carrier_account,
        list_carrier_accounts,
        get_carrier_account,
        change_carrier_account,
        delete_carrier_account,
        list_carrier_exchanges,
        list_carrier_numbers,
        look_at_number,
        repair_number,
        restore_settings,
    ],
    tags=["Carriers"],
)
