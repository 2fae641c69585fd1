"""The dashboard of a project: its use this month, its details and keys (VoxCPaaS 2.2.6)."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.charging.spending import by_bucket
from dialplane.domain.charging.usage_records import this_month
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import to_sid
from dialplane.faces.portal.rendering import show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import page
from dialplane.services.charging.usage_records import query_daily_spending
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.orders import list_orders
from dialplane.services.tenancy.projects import list_members

_SOME = 5


@page("/projects/{project:uuid}", deed=Deed.VIEW)
async def show_dashboard(request: PortalRequest) -> Response[str]:
    days = this_month((await request.billing_now()).date())
    daily = await query_daily_spending(request.database, request.account_id, days)
    members = await list_members(request.database, request.account_id)
    return await show(
        request,
        "dashboard.html",
        days=days,
        lines=by_bucket(each for day in daily for each in day.spent),
        total=sum(each.micros for each in daily),
        numbers=await list_numbers(request.database, request.account_id, limit=_SOME),
        orders=await list_orders(request.database, request.account_id, limit=_SOME),
        member_count=len(members),
        sid=to_sid("AC", request.account_id),
    )


HANDLERS: list[HTTPRouteHandler] = [show_dashboard]
