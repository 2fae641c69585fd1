"""Number usage: the month's spent summary, and the history split as the document lists it (VoxCPaaS 3.6)."""

from collections.abc import Iterable
from datetime import date, timedelta

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from dialplane.domain.charging.spending import Bucket, Spending, Spent, by_bucket, by_number
from dialplane.domain.charging.usage_records import Range, this_month
from dialplane.domain.csv_cells import csv_lines
from dialplane.domain.errors import Invalid
from dialplane.domain.identity.people import Deed
from dialplane.faces.downloads import csv_download
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.rendering import show, show_money
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import page
from dialplane.faces.portal.tables import PAGE, Page, page_of, read_cursor
from dialplane.services.charging.usage_records import query_spending

_MONTHS = 13


@page("/projects/{project:uuid}/numbers/overview", deed=Deed.VIEW)
async def show_overview(request: PortalRequest) -> Response[str]:
    """Spent summary of the current month: each number and its amount, the sum at the top right."""
    days = this_month(await _today(request))
    spent = await query_spending(request.database, request.account_id, days)
    sums = _by_number(spent)
    return await show(
        request,
        "usage_overview.html",
        days=days,
        table=_page(request, sums, "/numbers/overview", {}),
        quantity=len(sums),
        total=sum(each.micros for each in spent),
    )


@page("/projects/{project:uuid}/numbers/usage", deed=Deed.VIEW)
async def show_history(request: PortalRequest) -> Response[str]:
    """Usage History: SMS, Voice, DID Charges, Storage, PayG for all numbers together, then number by number."""
    today = await _today(request)
    days = _chosen(request, today)
    spent = await query_spending(request.database, request.account_id, days)
    lines = _of_bucket(by_number(spent), request.fields.get("type"))
    month = f"{days.first:%Y-%m}"
    return await show(
        request,
        "usage_history.html",
        form=Form({"month": month, "type": request.fields.get("type")}),
        months=[(f"{each:%Y-%m}", f"{each:%B %Y}") for each in _months(today)],
        buckets=[(bucket.value, bucket.value) for bucket in Bucket],
        lines=by_bucket(spent),
        total=sum(each.micros for each in spent),
        most=max((line.micros for line in by_bucket(spent)), default=0),
        table=_page(request, lines, "/numbers/usage", {"month": month, "type": request.fields.get("type")}),
        month=month,
    )


@page("/projects/{project:uuid}/numbers/usage.csv", deed=Deed.VIEW)
async def download_history(request: PortalRequest) -> Stream:
    days = _chosen(request, await _today(request))
    lines = by_number(await query_spending(request.database, request.account_id, days))
    rows = ((line.number, line.bucket, line.quantity, show_money(line.micros)) for line in lines)
    parts = iter([csv_lines([("number", "type", "quantity", "amount")]), csv_lines(rows)])
    return csv_download(parts, f"usage_{days.first:%Y_%m}.csv")


async def _today(request: PortalRequest) -> date:
    return (await request.billing_now()).date()


def _chosen(request: PortalRequest, today: date) -> Range:
    """Raises Invalid (`month`)."""
    text = request.fields.get("month")
    if not text:
        return this_month(today)
    try:
        return this_month(date.fromisoformat(f"{text}-01"))
    except ValueError:
        raise Invalid("A month is written such as 2026-01", field="month") from None


def _months(today: date) -> list[date]:
    """The first days of this month and of those before it."""
    found = [today.replace(day=1)]
    while len(found) < _MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def _by_number(spent: Iterable[Spent]) -> list[Spending]:
    """One line for each number, whatever it was for."""
    sums: dict[str, int] = {}
    for each in spent:
        sums[each.number] = sums.get(each.number, 0) + each.micros
    return [Spending(Bucket.PAYG, 1, micros, number) for number, micros in sorted(sums.items())]


def _of_bucket(lines: list[Spending], word: str) -> list[Spending]:
    return [line for line in lines if line.bucket.value == word] if word else lines


def _page(request: PortalRequest, lines: list[Spending], path: str, filters: dict[str, str]) -> Page[Spending]:
    cursor = read_cursor(request.fields.get("after"))
    behind = [line for line in lines if _key(line) > cursor][: PAGE + 1] if cursor else lines[: PAGE + 1]
    return page_of(behind, _key, path=request.at(path), filters=filters, cursor=cursor)


def _key(line: Spending) -> str:
    return f"{line.number} {list(Bucket).index(line.bucket)}"


HANDLERS: list[HTTPRouteHandler] = [show_overview, show_history, download_history]
