"""Number usage logs and credit history (section 3.6 of the document).

The document describes the portal's pages and gives no addresses: spent summary, usage history with its split into SMS,
Voice, DID Charges, Storage and PayG, what each number cost, credit history. The names here follow `listnewnumbers`.
All take `fromdate` and `todate` (days of UTC, both within; the current month where left out) and `format=csv`; lists by
number take `limit` as `listnewnumbers` does, 1000 where left out, and a file has them all.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from litestar import HttpMethod, route
from litestar.response import Stream

from dialplane.domain.charging.entry_filters import EntryFilter
from dialplane.domain.charging.ledger import Entry
from dialplane.domain.charging.spending import Bucket, Spending, SpendingPage, SpendingQuery, by_bucket, sum_buckets
from dialplane.domain.charging.usage_records import Range, this_month
from dialplane.domain.csv_cells import csv_lines
from dialplane.domain.errors import Invalid
from dialplane.faces.downloads import csv_download
from dialplane.faces.vox.amounts import cost, dollars
from dialplane.faces.vox.numbers import read_limit
from dialplane.faces.vox.request import VoxRequest
from dialplane.services.charging.billing_files import read_entries
from dialplane.services.charging.usage_records import query_daily_spending, query_number_sums, query_spending

Answer = dict[str, object]

_BOTH = [HttpMethod.GET, HttpMethod.POST]
_DEFAULT_LIMIT = "0,1000"

_TYPES: Mapping[str, Bucket] = {
    **{bucket.value.lower(): bucket for bucket in Bucket},
    "did": Bucket.DID,
    "calls": Bucket.VOICE,
}


@route("/numberspentsummary", http_method=_BOTH, status_code=200)
async def show_spent_summary(request: VoxRequest) -> Answer | Stream:
    """What each number cost, and all of them together: the portal's Overview."""
    days, wanted = await _read_days(request), _wanted(request)
    spent = await query_number_sums(request.database, request.account_id, days, wanted)
    if _wants_csv(request):
        rows = ((line.number, line.count, dollars(line.micros)) for line in spent.lines)
        return _csv("spent_summary", ("number", "quantity", "amount"), rows)
    shown = [
        {"number": line.number or None, "quantity": line.count, "amount": cost(line.micros)} for line in spent.lines
    ]
    return _success(days, spent.count, spent.micros, {"numbers": shown}) | _shown_of(spent)


@route("/numberusagehistory", http_method=_BOTH, status_code=200)
async def show_usage_history(request: VoxRequest) -> Answer | Stream:
    """The split of all charges, for all numbers together: the portal's Usage History."""
    days = await _read_days(request)
    numbers = _numbers(request)
    if numbers is None:
        daily = await query_daily_spending(request.database, request.account_id, days)
        spent = [each for day in daily for each in day.spent]
        lines, count = by_bucket(spent), sum(each.count for each in spent)
    else:
        page = await query_spending(request.database, request.account_id, days, SpendingQuery(numbers=numbers))
        lines, count = sum_buckets(page.lines), page.count
    if _wants_csv(request):
        rows = ((line.bucket, line.quantity, dollars(line.micros)) for line in lines)
        return _csv("usage_history", ("type", "quantity", "amount"), rows)
    micros = sum(line.micros for line in lines)
    return _success(days, count, micros, {"usage": [_show_line(line) for line in lines]})


@route("/numberusage", http_method=_BOTH, status_code=200)
async def show_number_usage(request: VoxRequest) -> Answer | Stream:
    """The split for each number; `type` (SMS, Voice, DID, Storage, PayG) and `number` ask for less."""
    days, wanted = await _read_days(request), _wanted(request)
    wanted = replace(wanted, buckets=_buckets(request.fields.get("type")))
    spent = await query_spending(request.database, request.account_id, days, wanted)
    if _wants_csv(request):
        rows = ((line.number, line.bucket, line.quantity, dollars(line.micros)) for line in spent.lines)
        return _csv("number_usage", ("number", "type", "quantity", "amount"), rows)
    shown = [{"number": line.number or None, **_show_line(line)} for line in spent.lines]
    return _success(days, spent.count, spent.micros, {"usage": shown}) | _shown_of(spent)


@route("/credithistory", http_method=_BOTH, status_code=200)
async def show_credit_history(request: VoxRequest) -> Answer | Stream:
    """What was paid in, corrected and given back, newest first."""
    days = await _read_days(request)
    wanted = EntryFilter(since=_midnight(days.first), until=_midnight(days.last + timedelta(days=1))).only_credit()
    found = read_entries(request.database, request.account_id, wanted)
    if _wants_csv(request):
        return csv_download(_credit_lines(found), "credit_history.csv")
    offset, limit = read_limit(request.fields.get("limit") or _DEFAULT_LIMIT)
    entries: list[Entry] = []
    async for batch in found:
        entries += batch
        if len(entries) >= offset + limit:
            break
    page = entries[offset : offset + limit]
    data: Answer = {"fromdate": str(days.first), "todate": str(days.last), "history": [_show_credit(e) for e in page]}
    return {"status": "Success", "count": len(page), "code": 200, "data": data}


# --- what is asked ---------------------------------------------------------------------------------------------------


def _wanted(request: VoxRequest) -> SpendingQuery:
    """The lines that `limit` asks for; for a file all of them."""
    offset, limit = read_limit(request.fields.get("limit") or _DEFAULT_LIMIT)
    if _wants_csv(request):
        return SpendingQuery(numbers=_numbers(request))
    return SpendingQuery(numbers=_numbers(request), offset=offset, limit=limit)


def _numbers(request: VoxRequest) -> tuple[str, ...] | None:
    """Those that `number` may stand for; None where it was not given."""
    return request.spellings("number") if request.fields.get("number") else None


async def _read_days(request: VoxRequest) -> Range:
    """Raises Invalid naming the parameter."""
    month = this_month((await request.billing_now()).date())
    first = _read_day(request, "fromdate")
    last = _read_day(request, "todate")
    days = Range(first or month.first, last or max(month.last, first or month.last))
    if days.last < days.first:
        raise Invalid("todate is before fromdate", field="todate")
    return days


def _read_day(request: VoxRequest, name: str) -> date | None:
    text = request.fields.get(name)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        _midnight(day + timedelta(days=1))
    except (ValueError, OverflowError):
        raise Invalid(f"{name} is a day such as 2026-01-31", field=name) from None
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _buckets(word: str) -> tuple[Bucket, ...] | None:
    if not word:
        return None
    if word.lower() not in _TYPES:
        raise Invalid(f"type is one of {', '.join(Bucket)}", field="type")
    return (_TYPES[word.lower()],)


def _wants_csv(request: VoxRequest) -> bool:
    """Raises Invalid."""
    word = request.fields.get("format").lower() or "json"
    if word not in ("json", "csv"):
        raise Invalid("format is json or csv", field="format")
    return word == "csv"


# --- what is shown ---------------------------------------------------------------------------------------------------


def _success(days: Range, count: int, micros: int, more: Answer) -> Answer:
    data: Answer = {
        "fromdate": str(days.first),
        "todate": str(days.last),
        "quantity": count,
        "amount": cost(micros),
    }
    return {"status": "Success", "code": 200, "data": data | more}


def _shown_of(spent: SpendingPage[object]) -> Answer:
    return {"count": len(spent.lines), "total": spent.total}


def _show_line(line: Spending) -> Answer:
    return {"type": line.bucket.value, "quantity": line.quantity, "amount": cost(line.micros)}


def _show_credit(entry: Entry) -> Answer:
    return {
        "date": entry.created_at.isoformat(timespec="seconds"),
        "type": entry.transaction_type.value,
        "amount": cost(entry.amount_micros),
        "balance": cost(entry.credit_after),
        "remarks": entry.detail,
    }


def _csv(name: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Stream:
    return csv_download(iter([csv_lines([columns]), csv_lines(rows)]), f"{name}.csv")


async def _credit_lines(found: AsyncIterator[Iterable[Entry]]) -> AsyncIterator[str]:
    yield csv_lines([("date", "type", "amount", "balance", "remarks")])
    async for entries in found:
        yield csv_lines(
            (
                entry.created_at.isoformat(timespec="seconds"), entry.transaction_type, dollars(entry.amount_micros),
                dollars(entry.credit_after), entry.detail,
            )
            for entry in entries
        )  # fmt: skip
