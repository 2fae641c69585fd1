"""`Queues` and `Queues/{sid}/Members`, as Twilio has them: who waits, and is taken out by a document."""

from datetime import datetime

from litestar import Response, Router, delete, get, post, route
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import CallId, QueueId, to_sid
from dialplane.domain.rooms.queues import LARGEST_SIZE, Queue, Queuecall, average_wait_s
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.paging import Collection, Listed, read_page, show_list
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.rooms import queue_members
from dialplane.services.rooms import queues as service
from dialplane.services.rooms.queues import Line, QueueChange

QUEUES = Collection("Queues", "Queue", "queues", "queues")
MEMBERS = Collection("QueueMembers", "QueueMember", "queue_members", "queue_members")
USUAL_SIZE = 100
"""Twilio's."""
FRONT = "Front"
_LONGEST_NAME = 64
_PARAMETERS = {"name": "FriendlyName", "max_size": "MaxSize"}


@get("/")
async def list_queues(request: RestcommRequest) -> Response[bytes]:
    """The account's queues, newest first."""
    page = read_page(request, QUEUES)
    found, total = await service.page_queues(
        request.database, request.account_id, offset=page.offset, limit=page.size + 1
    )
    rows = [_show_queue(request.asked, each, request.now) for each in found[: page.size]]
    return show_list(request, QUEUES, Listed(rows, total, more_follow=len(found) > page.size), page)


@post("/", status_code=200)
async def create_queue(request: RestcommRequest) -> Response[bytes]:
    """A new queue, which documents name by its FriendlyName."""
    change = _read_queue(request.parameters)
    if not change.name:
        raise invalid("FriendlyName", "is needed", reason="QUEUE_NAME_MISSING")
    change = QueueChange(name=change.name, max_size=change.max_size or USUAL_SIZE)
    with naming(_PARAMETERS):
        made = await service.create_queue(request.database, request.account_id, change, request.now, by_name=True)
    shown = _show_queue(request.asked, made, request.now)
    return show(request.asked, "Queue", shown, status=request.dialect.created)


@get("/{queue_sid:str}")
async def get_queue(request: RestcommRequest, queue_sid: FromPath[str]) -> Response[bytes]:
    """One queue."""
    found = await service.get_queue(request.database, request.account_id, _queue_id(queue_sid))
    return show(request.asked, "Queue", _show_queue(request.asked, found, request.now))


@route("/{queue_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def update_queue(request: RestcommRequest, queue_sid: FromPath[str]) -> Response[bytes]:
    """Another name or size."""
    change = _read_queue(request.parameters)
    with naming(_PARAMETERS):
        changed = await service.update_queue(
            request.database, request.account_id, _queue_id(queue_sid), change, request.now
        )
    return show(request.asked, "Queue", _show_queue(request.asked, changed, request.now))


@delete("/{queue_sid:str}", status_code=204)
async def delete_queue(request: RestcommRequest, queue_sid: FromPath[str]) -> None:
    """Take an empty queue away."""
    await queue_members.delete_queue(
        request.database, request.account_id, _queue_id(queue_sid), request.now, only_empty=True
    )


@get("/{queue_sid:str}/Members")
async def list_members(request: RestcommRequest, queue_sid: FromPath[str]) -> Response[bytes]:
    """Who waits, the longest first."""
    page = read_page(request, MEMBERS)
    line = await service.get_queue(request.database, request.account_id, _queue_id(queue_sid))
    waiting = line.waiting
    rows = [_show_member(request.asked, each, place, request.now) for place, each in enumerate(waiting, start=1)]
    shown = rows[page.offset : page.offset + page.size]
    more = len(rows) > page.offset + page.size
    return show_list(request, MEMBERS, Listed(shown, len(rows), more_follow=more), page)


@get("/{queue_sid:str}/Members/{who:str}")
async def get_member(request: RestcommRequest, queue_sid: FromPath[str], who: FromPath[str]) -> Response[bytes]:
    """One who waits, by its call's sid; `Front` is the next."""
    found = await queue_members.find_member(request.database, request.account_id, _queue_id(queue_sid), _read_who(who))
    return _shown(request, *found)


@route("/{queue_sid:str}/Members/{who:str}", http_method=["POST", "PUT"], status_code=200)
async def dequeue_member(request: RestcommRequest, queue_sid: FromPath[str], who: FromPath[str]) -> Response[bytes]:
    """Take somebody out of the queue; it goes on with the document behind `Url`."""
    url, method = request.parameters.url("Url"), request.parameters.method("Method") or "POST"
    if not url:
        raise invalid("Url", "is needed")
    found = await queue_members.dequeue(
        request.database, request.account_id, _queue_id(queue_sid), _read_who(who),
        url=url, method=method, now=request.now,
    )  # fmt: skip
    return _shown(request, *found)


def _shown(
    request: RestcommRequest, queue: Queue, waiting: tuple[Queuecall, ...], member: Queuecall
) -> Response[bytes]:
    place = next(place for place, each in enumerate(waiting, start=1) if each.id == member.id)
    return show(request.asked, "QueueMember", _show_member(request.asked, member, place, request.now))


def _read_queue(parameters: Parameters) -> QueueChange:
    return QueueChange(
        name=parameters.find("FriendlyName", longest=_LONGEST_NAME),
        max_size=parameters.number("MaxSize", least=1, most=LARGEST_SIZE),
    )


def _queue_id(sid: str) -> QueueId:
    queue_id = read_sid("QU", sid)
    if queue_id is None:
        raise NotFound("There is no such queue", reason="QUEUE_NOT_FOUND")
    return QueueId(queue_id)


def _read_who(text: str) -> CallId | None:
    if text == FRONT:
        return None
    call_id = read_sid("CA", text)
    if call_id is None:
        raise NotFound("Nobody such waits in the queue", reason="MEMBER_NOT_FOUND")
    return CallId(call_id)


def _show_queue(asked: Asked, line: Line, now: datetime) -> dict[str, object]:
    queue, waiting = line.queue, line.waiting
    account_sid, sid = to_sid("AC", queue.account_id), to_sid("QU", queue.id)
    path = f"/Accounts/{account_sid}/Queues/{sid}"
    return {
        "sid": sid,
        "account_sid": account_sid,
        "friendly_name": queue.name,
        "current_size": len(waiting),
        "max_size": queue.max_size,
        "average_wait_time": average_wait_s(waiting, now),
        "date_created": asked.dialect.show_time(queue.created_at),
        "date_updated": asked.dialect.show_time(queue.updated_at or queue.created_at),
        "uri": asked.uri(path),
        "subresource_uris": {"members": asked.uri(f"{path}/Members")},
    }


def _show_member(asked: Asked, member: Queuecall, place: int, now: datetime) -> dict[str, object]:
    queue_sid, call_sid = to_sid("QU", member.queue_id), to_sid("CA", member.call_id)
    account_sid = to_sid("AC", member.account_id)
    return {
        "call_sid": call_sid,
        "date_enqueued": asked.dialect.show_time(member.created_at),
        "position": place,
        "queue_sid": queue_sid,
        "wait_time": int(member.waited_s(now)),
        "uri": asked.uri(f"/Accounts/{account_sid}/Queues/{queue_sid}/Members/{call_sid}"),
    }


router = Router(
    "/Accounts/{account_sid:str}/Queues",
    route_handlers=[
        list_queues,
        create_queue,
        get_queue,
        update_queue,
        delete_queue,
        list_members,
        get_member,
        dequeue_member,
    ],
    opt={RESOURCE: "Queues"},
)
