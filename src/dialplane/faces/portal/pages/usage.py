"""Number usage: the month's spent summary, and the history split as the document lists it (VoxCPaaS 3.6).

Days and all numbers together are added up by the store, and numbers are read a page at a time: an account with 100,000
charged numbers sees its pages as fast as one with ten.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from dialplane.domain.charging.spending import DaySpent, NumberSpent, Spending, by_bucket
from dialplane.domain.charging.usage_records import Range, this_month
from dialplane.domain.csv_cells import csv_lines
from dialplane.domain.errors import Invalid
from dialplane.domain.identity.people import Deed
from dialplane.faces.downloads import csv_download
from dialplane.faces.portal.charts import KINDS, chart_of
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.rendering import show, show_money
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import page
from dialplane.faces.portal.tables import PAGE, Page, page_of, read_cursor
from dialplane.services.charging.usage_records import query_daily_spending, query_number_spending

_MONTHS = 13
_BATCH = 1000
"""Numbers that are read at a time for a file."""
_KEY = tuple((bucket.value, kind) for bucket, kind in KINDS.items())


@page("/projects/{project:uuid}/numbers/overview", deed=Deed.VIEW)
async def show_overview(request: PortalRequest) -> Response[str]:
    """Spent summary of the current month: each number and its amount; how often was charged, and what, at the top
    right."""
    days = this_month(await _today(request))
    daily = await query_daily_spending(request.database, request.account_id, days)
    return await show(
        request,
        "usage_overview.html",
        days=days,
        chart=chart_of(days, daily),
        key=_KEY,
        table=await _numbers(request, days, "/numbers/overview", {}),
        quantity=sum(each.count for day in daily for each in day.spent),
        total=sum(each.micros for each in daily),
    )


@page("/projects/{project:uuid}/numbers/usage", deed=Deed.VIEW)
async def show_history(request: PortalRequest) -> Response[str]:
    """Usage History: SMS, Voice, DID Charges, Storage, PayG for all numbers together, then number by number."""
    today = await _today(request)
    days = _chosen(request, today)
    daily = await query_daily_spending(request.database, request.account_id, days)
    lines = _together(daily)
    month = f"{days.first:%Y-%m}"
    return await show(
        request,
        "usage_history.html",
        form=Form({"month": month}),
        months=[(f"{each:%Y-%m}", f"{each:%B %Y}") for each in _months(today)],
        lines=lines,
        chart=chart_of(days, daily),
        key=_KEY,
        total=sum(line.micros for line in lines),
        most=max(line.micros for line in lines),
        table=await _numbers(request, days, "/numbers/usage", {"month": month}),
        month=month,
    )


@page("/projects/{project:uuid}/numbers/usage.csv", deed=Deed.VIEW)
async def download_history(request: PortalRequest) -> Stream:
    """A line for each number and each thing that it was charged for; the last lines are what belongs to no number."""
    days = _chosen(request, await _today(request))
    return csv_download(_csv(request, days), f"usage_{days.first:%Y_%m}.csv")


async def _csv(request: PortalRequest, days: Range) -> AsyncIterator[str]:
    yield csv_lines([("number", "type", "quantity", "amount")])
    daily = await query_daily_spending(request.database, request.account_id, days)
    rest = {line.bucket: line for line in _together(daily)}
    async for spent in _all_numbers(request, days):
        lines = [line for line in spent.lines if line.quantity or line.micros]
        for line in lines:
            left = rest[line.bucket]
            rest[line.bucket] = Spending(line.bucket, left.quantity - line.quantity, left.micros - line.micros)
        yield csv_lines((spent.number, line.bucket, line.quantity, show_money(line.micros)) for line in lines)
    yield csv_lines(
        ("", line.bucket, line.quantity, show_money(line.micros))
        for line in rest.values()
        if line.quantity > 0 or line.micros > 0  # below zero: charged while the file was written
    )


async def _all_numbers(request: PortalRequest, days: Range) -> AsyncIterator[NumberSpent]:
    after = ""
    while True:
        found = await query_number_spending(request.database, request.account_id, days, after=after, limit=_BATCH)
        for each in found:
            yield each
        if len(found) < _BATCH:
            return
        after = found[-1].number


async def _today(request: PortalRequest) -> date:
    return (await request.billing_now()).date()


def _chosen(request: PortalRequest, today: date) -> Range:
    """The month that is asked for, as far as it has come. Raises Invalid (`month`)."""
    text = request.fields.get("month")
    if not text:
        return this_month(today)
    try:
        first = date.fromisoformat(f"{text}-01")
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    except (ValueError, OverflowError):
        raise Invalid("A month is written such as 2026-01", field="month") from None
    return Range(first, max(first, min(last, today)))


def _months(today: date) -> list[date]:
    """The first days of this month and of those before it."""
    found = [today.replace(day=1)]
    while len(found) < _MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def _together(daily: list[DaySpent]) -> list[Spending]:
    """All numbers and days together: a line for each bucket."""
    return by_bucket(each for day in daily for each in day.spent)


async def _numbers(request: PortalRequest, days: Range, path: str, filters: Mapping[str, str]) -> Page[NumberSpent]:
    cursor = read_cursor(request.fields.get("after"))
    found = await query_number_spending(request.database, request.account_id, days, after=cursor, limit=PAGE + 1)
    return page_of(found, lambda each: each.number, path=request.at(path), filters=filters, cursor=cursor)


HANDLERS: list[HTTPRouteHandler] = [show_overview, show_history, download_history]
