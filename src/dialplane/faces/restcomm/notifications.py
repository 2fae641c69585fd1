"""`Notifications`, and those of a call: faults of the account's own applications (reference 4.9)."""

from litestar import Response, Router, get
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import CallId, NotificationId, to_sid
from dialplane.domain.programs.notifications import Notification, NotificationQuery
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.filters import read_days, read_times
from dialplane.faces.restcomm.paging import Collection, Listed, read_page, show_list
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.programs import notifications as service

NOTIFICATIONS = Collection("Notifications", "Notification", "notifications", "notifications", prefix="NO")
MORE_INFO = "https://www.twilio.com/docs/errors/"
"""Twilio's catalogue, whose codes these are."""
LARGEST_CODE = 99_999
_ONE_ONLY = ("request_variables", "response_headers", "response_body")
"""Twilio shows these of a single notification and not in lists."""


@get("/Notifications")
async def list_notifications(request: RestcommRequest) -> Response[bytes]:
    """All of the account, newest first."""
    return await _list(request, None)


@get("/Calls/{call_sid:str}/Notifications")
async def list_notifications_of_call(request: RestcommRequest, call_sid: FromPath[str]) -> Response[bytes]:
    """Those of one call."""
    call_id = read_sid("CA", call_sid)
    if call_id is None:
        raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    return await _list(request, CallId(call_id))


@get("/Notifications/{notification_sid:str}")
async def get_notification(request: RestcommRequest, notification_sid: FromPath[str]) -> Response[bytes]:
    """One notification, with what was asked and answered."""
    return await _show(request, notification_sid, None)


@get("/Calls/{call_sid:str}/Notifications/{notification_sid:str}")
async def get_notification_of_call(
    request: RestcommRequest, call_sid: FromPath[str], notification_sid: FromPath[str]
) -> Response[bytes]:
    """One notification of a call."""
    return await _show(request, notification_sid, call_sid)


async def _list(request: RestcommRequest, call_id: CallId | None) -> Response[bytes]:
    page = read_page(request, NOTIFICATIONS)
    filters, is_twilio = request.filters, request.dialect.is_twilio
    since, until = read_times(filters, "MessageDate") if is_twilio else read_days(filters)
    query = NotificationQuery(
        call_id=call_id,
        since=since,
        until=until,
        error_code=filters.number("ErrorCode", least=0, most=LARGEST_CODE),
        request_url=filters.text("RequestUrl"),
        message=filters.text("MessageText"),
        log=filters.number("Log", least=0, most=1),
        after=NotificationId(page.after) if page.after else None,
        offset=page.offset,
        limit=page.size + 1,
    )
    found, total = await service.list_notifications(request.database, request.account_id, query)
    rows = [show_notification(request.asked, each) for each in found[: page.size]]
    if is_twilio:
        rows = [{name: value for name, value in row.items() if name not in _ONE_ONLY} for row in rows]
    return show_list(request, NOTIFICATIONS, Listed(rows, total, more_follow=len(found) > page.size), page)


async def _show(request: RestcommRequest, notification_sid: str, call_sid: str | None) -> Response[bytes]:
    notification_id = read_sid("NO", notification_sid)
    if notification_id is None:
        raise NotFound("There is no such notification", reason="RESOURCE_NOT_FOUND")
    found = await service.get_notification(request.database, request.account_id, NotificationId(notification_id))
    if call_sid is not None and (found.call_id is None or to_sid("CA", found.call_id) != call_sid):
        raise NotFound("There is no such notification", reason="RESOURCE_NOT_FOUND")
    return show(request.asked, "Notification", show_notification(request.asked, found))


def show_notification(asked: Asked, notification: Notification) -> dict[str, object]:
    account_sid, sid = to_sid("AC", notification.account_id), to_sid("NO", notification.id)
    when = asked.dialect.show_time(notification.created_at)
    members: dict[str, object] = {
        "sid": sid,
        "date_created": when,
        "date_updated": when,
        "account_sid": account_sid,
        "call_sid": to_sid("CA", notification.call_id) if notification.call_id else None,
        "api_version": notification.api_version,
        "log": str(notification.log) if asked.dialect.is_twilio else notification.log,
        "error_code": str(notification.error_code) if asked.dialect.is_twilio else notification.error_code,
        "more_info": f"{MORE_INFO}{notification.error_code}",
        "message_text": notification.message,
        "message_date": asked.dialect.show_moment(notification.created_at),
        "request_url": notification.request_url,
        "request_method": notification.request_method,
        "request_variables": notification.request_variables,
        "response_headers": notification.response_headers,
        "response_body": notification.response_body,
        "uri": asked.uri(f"/Accounts/{account_sid}/Notifications/{sid}"),
    }
    if asked.dialect.is_twilio:
        return members
    return {name: value for name, value in members.items() if value is not None}


router = Router(
    "/Accounts/{account_sid:str}",
    route_handlers=[
        list_notifications,
        get_notification,
        list_notifications_of_call,
        get_notification_of_call,
    ],
    opt={RESOURCE: "Notifications"},
)
