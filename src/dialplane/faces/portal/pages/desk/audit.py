"""The audit log: who did what, when, from where."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.errors import Invalid
from dialplane.domain.operating.audit import Deed, DeedFilter, Outcome, Via
from dialplane.faces.portal.forms import typed
from dialplane.faces.portal.pages.desk.reading import DESK, account_in, id_behind, one_of
from dialplane.faces.portal.rendering import show, words
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import page
from dialplane.faces.portal.tables import PAGE, Page, page_of
from dialplane.services.operating.audit import list_deeds
from dialplane.services.tenancy.accounts import names_of

_FILTERS = ("actor", "deed", "account", "via", "outcome", "since", "until")


@page("/operator/audit")
async def show_audit(request: PortalRequest) -> Response[str]:
    filters = {name: request.fields.get(name) for name in _FILTERS}
    form = typed(request.fields)
    table: Page[Deed] = Page([])
    cursor = request.fields.get("after")
    try:
        found = await list_deeds(
            request.database, _wanted(filters, request.person.timezone), before=id_behind(cursor), limit=PAGE + 1
        )
        table = page_of(found, lambda deed: str(deed.id), path=f"{DESK}/audit", filters=filters, cursor=cursor)
    except Invalid as refusal:
        form = form.refuse(refusal)
    return await show(
        request,
        "desk/audit.html",
        form=form,
        table=table,
        names=await names_of(request.database, {deed.account_id for deed in table.rows if deed.account_id}),
        vias=[(via.value, words(via.value)) for via in Via],
        outcomes=[(outcome.value, words(outcome.value)) for outcome in Outcome],
        is_filtered=any(filters.values()),
    )


def _wanted(filters: dict[str, str], zone: str) -> DeedFilter:
    """Raises Invalid naming the field."""
    return DeedFilter(
        actor=filters["actor"][:320],
        deed=filters["deed"][:200],
        account_id=account_in(filters["account"], field="account"),
        via=one_of(Via, filters["via"]),
        outcome=one_of(Outcome, filters["outcome"]),
        since=_day(filters["since"], zone, field="since"),
        until=_day(filters["until"], zone, field="until", days=1),
    )


def _day(text: str, zone: str, *, field: str, days: int = 0) -> datetime | None:
    """The beginning of a day where the person is, `days` later."""
    if not text:
        return None
    try:
        moment = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZoneInfo(zone)) + timedelta(days=days)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("Write a day such as 2026-03-01", field=field) from None


HANDLERS: list[HTTPRouteHandler] = [show_audit]
