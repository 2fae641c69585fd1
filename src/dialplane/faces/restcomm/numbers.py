"""`IncomingPhoneNumbers`: the numbers that an account holds (reference 2)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from litestar import Response, Router, delete, get, post, route
from litestar.params import FromPath

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.calling.routing import forms
from dialplane.domain.errors import Invalid, NotFound, Refusal
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.number_settings import NumberSettings, apply
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import NumberOrder, Order
from dialplane.domain.numbering.targets import Targets
from dialplane.domain.supply.inventory import ItemQuery
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.number_fields import read_name, read_settings
from dialplane.faces.restcomm.number_lists import ITEM, LONGEST_NUMBER, list_of_numbers
from dialplane.faces.restcomm.number_shapes import (
    application_ids,
    is_area_of_us_or_canada,
    show_number,
    show_order,
)
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest, phone_text
from dialplane.services.numbering import number_life
from dialplane.services.numbering import numbers as service
from dialplane.services.numbering.applications import application_names
from dialplane.services.numbering.configuration import Configuration, configure_number
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.numbering.sip_numbers import create_sip_number

_AREA_CODE = re.compile(r"[2-9][0-9]{2}")


@get("/")
async def list_numbers(request: RestcommRequest) -> Response[bytes]:
    """All numbers of the account."""
    return await list_of_numbers(request)


@get("/Local")
async def list_local_numbers(request: RestcommRequest) -> Response[bytes]:
    """Local numbers of the account."""
    return await list_of_numbers(request, NumberKind.LOCAL)


@get("/TollFree")
async def list_toll_free_numbers(request: RestcommRequest) -> Response[bytes]:
    """Toll-free numbers of the account."""
    return await list_of_numbers(request, NumberKind.TOLL_FREE)


@get("/Mobile")
async def list_mobile_numbers(request: RestcommRequest) -> Response[bytes]:
    """Mobile numbers of the account."""
    return await list_of_numbers(request, NumberKind.MOBILE)


@post("/", status_code=200)
async def create_number(request: RestcommRequest) -> Response[bytes]:
    """Buy a number, or with `isSIP` make one that no carrier gives."""
    parameters = request.parameters
    wanted = read_order(request)
    if parameters.flag("isSIP"):
        if not wanted.number:
            raise invalid("PhoneNumber", "is needed", reason="NUMBER_MISSING")
        with _told_as_bad_input(_NOT_TO_BE_HAD):
            number = await create_sip_number(request.database, request.account_id, wanted, request.now)
        return await _show_created(request, number)
    area_code = parameters.text("AreaCode").strip()
    if area_code:
        return await _buy(request, replace(wanted, number="", query=_in_area(area_code)))
    return await _buy(request, wanted)


@post("/Local", status_code=200)
async def create_local_number(request: RestcommRequest) -> Response[bytes]:
    """Buy a local number."""
    return await _buy(request, replace(read_order(request), kind=NumberKind.LOCAL))


@post("/TollFree", status_code=200)
async def create_toll_free_number(request: RestcommRequest) -> Response[bytes]:
    """Buy a toll-free number."""
    return await _buy(request, replace(read_order(request), kind=NumberKind.TOLL_FREE))


@post("/Mobile", status_code=200)
async def create_mobile_number(request: RestcommRequest) -> Response[bytes]:
    """Buy a mobile number."""
    return await _buy(request, replace(read_order(request), kind=NumberKind.MOBILE))


@get("/{number_sid:str}")
async def get_number(request: RestcommRequest, number_sid: FromPath[str]) -> Response[bytes]:
    """One number."""
    number = await service.get_number(request.database, request.account_id, read_number_id(number_sid))
    return await _show(request, number)


@route("/{number_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def update_number(request: RestcommRequest, number_sid: FromPath[str]) -> Response[bytes]:
    """Change a number; with `AccountSid` it goes to another account of the tree."""
    number_id, parameters = read_number_id(number_sid), request.parameters
    wanted = Configuration(read_name(parameters), read_settings(parameters, request.dialect), _read_move(parameters))
    with _told_as_bad_input({}):
        number = await configure_number(
            request.database, request.caller_id, request.account_id, number_id, wanted, request.now
        )
    return await _show(request, number)


@delete("/{number_sid:str}", status_code=204)
async def delete_number(request: RestcommRequest, number_sid: FromPath[str]) -> None:
    """Release a number: it can be taken back for 30 days through the native API."""
    await number_life.release_number(
        request.database, request.account_id, read_number_id(number_sid), await request.billing_now()
    )


# --- buying ----------------------------------------------------------------------------------------------------------


def read_order(request: RestcommRequest) -> NumberOrder:
    """Raises Invalid naming the parameter."""
    parameters = request.parameters
    settings, targets = apply(read_settings(parameters, request.dialect), NumberSettings(), Targets())
    return NumberOrder(
        number=phone_text(parameters.text("PhoneNumber", longest=LONGEST_NUMBER)),
        targets=targets,
        settings=settings,
        name=read_name(parameters) or "",
        idempotency_key=request.idempotency_key,
    )


def _in_area(text: str) -> ItemQuery:
    if not _AREA_CODE.fullmatch(text) or not is_area_of_us_or_canada(text):
        raise invalid("AreaCode", "is three digits of the US or Canada", reason="AREA_CODE_INVALID")
    return ItemQuery(starts_with=f"1{text}", without_documents=True)  # any one, so one that can be had at once


async def _buy(request: RestcommRequest, wanted: NumberOrder) -> Response[bytes]:
    by_number = wanted.query is None
    if by_number:
        if not wanted.number:
            raise invalid(
                "PhoneNumber", "is needed" if wanted.kind else "or AreaCode is needed", reason="NUMBER_MISSING"
            )
        wanted = replace(wanted, number=_normal(wanted.number, request.account.home_country))
    with (
        _told_as_bad_input(_NOT_TO_BE_HAD if by_number else _NONE_IN_AREA),
        naming({} if by_number else {"number": "AreaCode"}),
    ):
        bought = await buy_number(
            request.database, request.ports.carriers, request.account_id, wanted, await request.billing_now()
        )
    return await _show_created(request, bought)


def _normal(text: str, country: str) -> str:
    """E.164. Without `+` it is read as dialled in the country, then as an international number without its `+`."""
    try:
        found = (text,) if text.startswith("+") else forms(text, country)
        return normalize_tel(next(form for form in found if form.startswith("+")), field="PhoneNumber")
    except (StopIteration, Invalid) as fault:
        message = f"PhoneNumber must be + and 7 to 15 digits, got {text[:40]!r}"
        raise Invalid(message, reason="NUMBER_INVALID", field="PhoneNumber") from fault


async def _show_created(request: RestcommRequest, bought: Number | Order) -> Response[bytes]:
    """The number; where the carrier or documents are still waited for, what it will be, with 202."""
    asked = request.asked
    if isinstance(bought, Number):
        return await _show(request, bought, status=asked.dialect.created)
    return show(asked, ITEM, show_order(asked, bought, request.account), status=202)


async def _show(request: RestcommRequest, number: Number, *, status: int = 200) -> Response[bytes]:
    names = await application_names(request.database, application_ids([number]))
    return show(request.asked, ITEM, show_number(request.asked, number, names), status=status)


_NOT_TO_BE_HAD = dict.fromkeys(("NUMBER_NOT_FOUND", "ALREADY_EXISTS", "CARRIER_REFUSED"), "NUMBER_NOT_AVAILABLE")
_NONE_IN_AREA = _NOT_TO_BE_HAD | {"NUMBER_NOT_FOUND": "AREA_CODE_EMPTY"}
_WRONG_REFERENCES = {reason: reason for reason in ("APPLICATION_NOT_FOUND", "ACCOUNT_NOT_FOUND")}


@contextmanager
def _told_as_bad_input(reasons: Mapping[str, str]) -> Iterator[None]:
    """Both dialects answer 400 where what a parameter names cannot be had: Invalid for a refusal of `reasons`."""
    try:
        yield
    except Refusal as refusal:
        reason = (_WRONG_REFERENCES | dict(reasons)).get(refusal.reason)
        if reason is None:
            raise
        raise Invalid(refusal.message, reason=reason, field=refusal.field) from refusal


def _read_move(parameters: Parameters) -> AccountId | None:
    sid = parameters.text("AccountSid")
    if not sid:
        return None
    account_id = read_sid("AC", sid)
    if account_id is None:
        raise invalid("AccountSid", "is no sid of an account")
    return AccountId(account_id)


def read_number_id(sid: str) -> NumberId:
    number_id = read_sid("PN", sid)
    if number_id is None:
        raise NotFound("There is no such number", reason="NUMBER_NOT_FOUND")
    return NumberId(number_id)


router = Router(
    "/Accounts/{account_sid:str}/IncomingPhoneNumbers",
    route_handlers=[
        list_numbers,
        list_local_numbers,
        list_toll_free_numbers,
        list_mobile_numbers,
        create_number,
        create_local_number,
        create_toll_free_number,
        create_mobile_number,
        get_number,
        update_number,
        delete_number,
    ],
    opt={RESOURCE: "IncomingPhoneNumbers"},
)
