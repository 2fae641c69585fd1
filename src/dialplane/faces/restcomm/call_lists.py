"""The list of `Calls`: filters, order, pages (reference 4.4)."""

from litestar import Response

from dialplane.domain.calling.call_queries import MAX_OFFSET, CallOrdering, CallProgress, CallQuery, Period
from dialplane.domain.ids import CallId
from dialplane.faces.restcomm.call_forms import LONGEST_PARTY
from dialplane.faces.restcomm.call_shapes import show_call
from dialplane.faces.restcomm.filters import read_days, read_order, read_times, sid_filter
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.paging import Collection, Listed, Page, read_page, show_list
from dialplane.faces.restcomm.request import RestcommRequest, phone_text
from dialplane.services.calling.calls import find_calls
from dialplane.services.charging.call_prices import call_prices

CALLS = Collection("Calls", "Call", "calls", "calls", prefix="CA")

_ORDERINGS = {
    "datecreated": CallOrdering.CREATED,
    "from": CallOrdering.SOURCE,
    "to": CallOrdering.DESTINATION,
    "direction": CallOrdering.DIRECTION,
    "status": CallOrdering.PROGRESS,
    "duration": CallOrdering.DURATION,
    "price": CallOrdering.PRICE,
}
_ORDERING_NAMES = "DateCreated, From, To, Direction, Status, Duration or Price"
_SCHEMES = ("client:", "sip:")


async def list_of_calls(request: RestcommRequest) -> Response[bytes]:
    """The account's calls that fit the filters, and with `SubAccounts=true` those of the accounts below it."""
    page = read_page(request, CALLS)
    filters = request.filters
    filters.flag("localOnly")  # there is one platform, and all of its calls are local
    calls, total = await find_calls(
        request.database,
        request.account_id,
        _read_query(request, page),
        sub_accounts=filters.flag("SubAccounts") or False,
    )
    shown = calls[: page.size]
    prices = await call_prices(request.database, shown)
    rows = [show_call(request.asked, call, prices.get(call.id)) for call in shown]
    return show_list(request, CALLS, Listed(rows, total, more_follow=len(calls) > page.size), page)


def _read_query(request: RestcommRequest, page: Page) -> CallQuery:
    """Raises Invalid naming the parameter."""
    filters, is_twilio = request.filters, request.dialect.is_twilio
    created, ended = _read_periods(filters, is_twilio=is_twilio)
    ordering, descending = CallOrdering.CREATED, True
    if not is_twilio:
        ordering, descending = read_order(filters, _ORDERINGS, ordering, _ORDERING_NAMES)
    goes_on = ordering is CallOrdering.CREATED and page.after is not None
    offset = page.offset if goes_on else page.number * page.size
    if offset > MAX_OFFSET:
        raise invalid("Page", f"leads beyond the first {MAX_OFFSET} calls: narrow the list, or follow its next pages")
    parent = sid_filter(filters, "ParentCallSid", "CA")
    return CallQuery(
        account_ids=(request.account_id,),
        source=_party(filters, "From"),
        destination=_party(filters, "To"),
        progress=_read_status(filters),
        created=created,
        ended=ended,
        master_call_id=None if parent is None else CallId(parent),
        conference_id=sid_filter(filters, "ConferenceSid", "CF"),
        ordering=ordering,
        descending=descending,
        after=CallId(page.after) if goes_on and page.after is not None else None,
        offset=offset,
        limit=page.size + 1,
    )


def _read_periods(filters: Parameters, *, is_twilio: bool) -> tuple[Period, Period]:
    """When they began and ended. Restcomm's `StartTime` and `EndTime` are one range of days, of the beginning."""
    if is_twilio:
        return Period(*read_times(filters, "StartTime")), Period(*read_times(filters, "EndTime"))
    since, until = read_days(filters)
    after, before = read_times(filters.without("StartTime"), "StartTime")
    return Period(since or after, until or before), Period(*read_times(filters.without("EndTime"), "EndTime"))


def _read_status(filters: Parameters) -> tuple[CallProgress, ...]:
    word = filters.text("Status").lower()
    if not word:
        return ()
    if word == "initiated":
        return (CallProgress.QUEUED,)
    try:
        return (CallProgress(word),)
    except ValueError:
        raise invalid("Status", f"is one of {', '.join(CallProgress)}") from None


def _party(filters: Parameters, name: str) -> str:
    """As addresses have it: without `client:` or `sip:`."""
    text = phone_text(filters.text(name, longest=LONGEST_PARTY))
    scheme = next((each for each in _SCHEMES if text.lower().startswith(each)), "")
    return text[len(scheme) :]
