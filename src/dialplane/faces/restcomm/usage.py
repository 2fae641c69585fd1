"""`Usage/Records` with its sub-resources (reference 4.9)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from urllib.parse import urlencode

from litestar import Response, Router, get
from litestar.params import FromPath
from litestar.response import Stream

from dialplane.domain.charging.usage_records import (
    Category,
    Granularity,
    Range,
    UsageRecord,
    last_month,
    this_month,
    today,
    yesterday,
)
from dialplane.domain.csv_cells import csv_lines
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import to_sid
from dialplane.domain.tenancy.accounts import Account
from dialplane.faces.downloads import csv_download
from dialplane.faces.restcomm.accounts import read_unpaged
from dialplane.faces.restcomm.credentials import RESOURCE
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.paging import Collection, Listed, show_list
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.charging.usage_records import UsageQuery, query_usage

USAGE = Collection("UsageRecords", "UsageRecord", "usage_records")

_CSV = ".csv"
_CSV_COLUMNS = (
    "category", "description", "account_sid", "start_date", "end_date", "usage", "usage_unit", "count", "count_unit",
    "price", "price_unit",
)  # fmt: skip

_OFFSET = re.compile(r"([+-])([0-9]{1,5})days?")
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class View:
    """One sub-resource: which days it is about, and how they are cut."""

    granularity: Granularity = Granularity.ALL
    days: Callable[[date], Range] | None = None
    """None: since the account was made."""


VIEWS: Mapping[str, View] = {
    "": View(),
    "AllTime": View(),
    "Daily": View(Granularity.DAY),
    "Monthly": View(Granularity.MONTH),
    "Yearly": View(Granularity.YEAR),
    "Today": View(days=today),
    "Yesterday": View(days=yesterday),
    "ThisMonth": View(days=this_month),
    "LastMonth": View(days=last_month),
}

_DESCRIPTIONS: Mapping[Category, str] = {
    Category.CALLS: "Voice Minutes",
    Category.CALLS_INBOUND: "Inbound Voice Minutes",
    Category.CALLS_INBOUND_LOCAL: "Inbound Local Calls",
    Category.CALLS_INBOUND_TOLLFREE: "Inbound Toll-Free Calls",
    Category.CALLS_OUTBOUND: "Outbound Voice Minutes",
    Category.CALLS_CLIENT: "Client Minutes",
    Category.CALLS_SIP: "SIP Minutes",
    Category.SMS: "SMS",
    Category.SMS_INBOUND: "Inbound SMS",
    Category.SMS_INBOUND_SHORTCODE: "Inbound Short Code SMS",
    Category.SMS_INBOUND_LONGCODE: "Inbound Long Code SMS",
    Category.SMS_OUTBOUND: "Outbound SMS",
    Category.SMS_OUTBOUND_SHORTCODE: "Outbound Short Code SMS",
    Category.SMS_OUTBOUND_LONGCODE: "Outbound Long Code SMS",
    Category.PHONENUMBERS: "Phone Numbers",
    Category.PHONENUMBERS_TOLLFREE: "Toll-Free Phone Numbers",
    Category.PHONENUMBERS_LOCAL: "Local Phone Numbers",
    Category.SHORTCODES: "Short Codes",
    Category.SHORTCODES_VANITY: "Vanity Short Codes",
    Category.SHORTCODES_RANDOM: "Random Short Codes",
    Category.SHORTCODES_CUSTOMEROWNED: "Customer-Owned Short Codes",
    Category.CALLERIDLOOKUPS: "Caller ID Lookups",
    Category.RECORDINGS: "Recordings",
    Category.TRANSCRIPTIONS: "Transcriptions",
    Category.RECORDINGSTORAGE: "Recording Storage",
    Category.TOTALPRICE: "Total Price",
}
_UNITS: Mapping[str, tuple[str, str]] = {
    "calls": ("minutes", "calls"),
    "sms": ("segments", "messages"),
    "phonenumbers": ("numbers", "numbers"),
    "shortcodes": ("numbers", "numbers"),
    "calleridlookups": ("lookups", "lookups"),
    "recordings": ("minutes", "recordings"),
    "transcriptions": ("minutes", "transcriptions"),
    "recordingstorage": ("megabytes", "recordings"),
    "totalprice": ("usd", ""),
}
"""Unit of usage and of count, by the first word of the category."""


@get("/Usage/Records")
async def list_usage(request: RestcommRequest) -> Response[bytes]:
    """What was used in a range of days, all in one; without a range since the account was made."""
    return await _list(request, "")


@get("/Usage/Records/{view:str}")
async def list_usage_by_period(request: RestcommRequest, view: FromPath[str]) -> Response[bytes] | Stream:
    """The same by day, month or year, or of one of the named periods; with `.csv` behind it as a file."""
    name = view.removesuffix(_CSV)
    if name not in VIEWS or not name:
        raise NotFound("The requested resource was not found")
    return await _list(request, name) if name == view else await _write(request, name)


@get("/Usage/Records.csv")
async def write_usage(request: RestcommRequest) -> Stream:
    """The records of a range of days as a file."""
    return await _write(request, "")


async def _list(request: RestcommRequest, view: str) -> Response[bytes]:
    page = read_unpaged(request, USAGE)
    now = await request.billing_now()
    found = await _find(request, view, now)
    rows = [
        show_record(request.asked, request.account, view, record, now)
        for record in found[page.offset : page.offset + page.size]
    ]
    more_follow = len(found) > page.offset + page.size
    return show_list(request, USAGE, Listed(rows, len(found), more_follow=more_follow), page)


async def _write(request: RestcommRequest, view: str) -> Stream:
    """All records, without pages, each with what the lists show of it and a program can add up."""
    now = await request.billing_now()
    found = await _find(request, view, now)
    shown = (show_record(request.asked, request.account, view, record, now) for record in found)
    lines = (csv_lines([[_cell(record[name]) for name in _CSV_COLUMNS]]) for record in shown)
    return csv_download(chain([csv_lines([_CSV_COLUMNS])], lines), "usage.csv")


async def _find(request: RestcommRequest, view: str, now: datetime) -> list[UsageRecord]:
    query = _read_query(request, VIEWS[view], now.date())
    return await query_usage(request.database, request.account_id, query)


def _read_query(request: RestcommRequest, view: View, now: date) -> UsageQuery:
    """Raises Invalid naming the parameter. A range narrows the view's days; none lies in the future."""
    filters = request.filters
    days = Range(min(request.account.created_at.date(), now), now) if view.days is None else view.days(now)
    first, last = _read_day(filters, "StartDate", now), _read_day(filters, "EndDate", now)
    if first and last and last < first:
        raise invalid("EndDate", "is before StartDate")
    with_sub_accounts = filters.flag("IncludeSubaccounts")
    if with_sub_accounts is None:
        with_sub_accounts = request.dialect.is_twilio
    return UsageQuery(days.narrowed(first, last), view.granularity, _read_category(filters), with_sub_accounts)


def _read_category(filters: Parameters) -> Category | None:
    word = filters.text("Category").strip().lower()
    if not word:
        return None
    try:
        return Category(word)
    except ValueError:
        raise invalid("Category", "is none of the usage categories") from None


def _read_day(filters: Parameters, name: str, now: date) -> date | None:
    """`2026-11-21`, or `-30days` from now; a `+` that was not encoded arrives as a space."""
    text = filters.text(name)
    if not text:
        return None
    offset = _OFFSET.fullmatch(f"+{text[1:]}" if text.startswith(" ") else text)
    try:
        if offset:
            days = timedelta(days=int(offset[2]))
            return now + days if offset[1] == "+" else now - days
        if len(text) != len("2026-11-21"):
            raise ValueError
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise invalid(name, "is a day, yyyy-MM-dd, or an offset such as -30days") from None


def show_record(asked: Asked, account: Account, view: str, record: UsageRecord, now: datetime) -> dict[str, object]:
    path = f"/Accounts/{to_sid('AC', account.id)}/Usage/Records"
    days = {"StartDate": str(record.first), "EndDate": str(record.last)}
    usage_unit, count_unit = _UNITS[record.category.partition("-")[0]]
    is_total = record.category is Category.TOTALPRICE
    price = record.micros / _MICROS
    members: dict[str, object] = {
        "category": record.category.value,
        "description": _DESCRIPTIONS[record.category],
        "account_sid": to_sid("AC", account.id),
        "start_date": days["StartDate"],
        "end_date": days["EndDate"],
        "usage": price if is_total else record.amount,
        "usage_unit": usage_unit,
        "count": record.count,
        "count_unit": count_unit,
        "price": price,
        "price_unit": "USD",
        "uri": _with_query(asked.uri(f"{path}/{view}" if view else path), {"Category": record.category} | days),
    }
    if not asked.dialect.is_twilio:
        return members
    texts = {"usage": _text(price) if is_total else str(record.amount), "count": str(record.count)}
    own = {"price": _text(price), "price_unit": "usd", "api_version": asked.dialect.api_version}
    others = {
        _snake(name): _with_query(asked.uri(f"{path}/{name}"), {"Category": record.category}) for name in VIEWS if name
    }
    return members | texts | own | {"as_of": now.isoformat(timespec="seconds"), "subresource_uris": others}


def _with_query(uri: str, query: Mapping[str, str]) -> str:
    return f"{uri}?{urlencode(query)}"


def _cell(value: object) -> object:
    return _text(value) if isinstance(value, float) else value


def _text(price: float) -> str:
    return f"{price:.6f}".rstrip("0").rstrip(".")


def _snake(name: str) -> str:
    """`ThisMonth` gives `this_month`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


router = Router(
    "/Accounts/{account_sid:str}",
    route_handlers=[list_usage, list_usage_by_period, write_usage],
    opt={RESOURCE: "Usage"},
)
