"""`/v1.0/events`: the account's events as a feed with a cursor, beside the websocket of the same events.

The first request, without `after`, gives the cursor of this moment. Each later one gives what came since, each event
once, and the cursor to go on with; with `wait_s` it waits for the first one.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter

from dialplane.domain.ids import EventId
from dialplane.faces.voipbin.answers import JsonAnswer, answers
from dialplane.faces.voipbin.credentials import credential_of
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.eventing.event_feed import FollowingEnded
from dialplane.services.eventing.event_pages import MAX_PAGE, EventPage, PagedEvent, read_events
from dialplane.services.eventing.relayed_requests import LONGEST_BASE, check_base, relayed_requests
from dialplane.services.eventing.relayed_requests import RelayedRequest as Relayed
from dialplane.services.eventing.status_callbacks import EVENT as STATUS_CALLBACK
from dialplane.services.messaging.message_hooks import EVENT as MESSAGE_HOOKED
from dialplane.services.shapes.common import show_time

LONGEST_WAIT_S = 25
"""Less than the time after which proxies usually give up on an answer."""
_POLL_S = 1.0
"""A hint may be lost; looking is the truth."""
_SETTLE_S = 0.05
"""An event is shown when everything that began before it is over: usually so long after its hint."""
MAX_CURSOR = 120

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="Events of a page.")]
Wait = Annotated[int, QueryParameter(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait where there is none yet.")]
_REQUESTS = (STATUS_CALLBACK, MESSAGE_HOOKED)
RelayTo = Annotated[
    str,
    QueryParameter(
        max_length=LONGEST_BASE,
        description="An http address of the caller's own machine: status callbacks and requests to message hooks come "
        "along, written and signed for it.",
    ),
]
After = Annotated[
    str, QueryParameter(max_length=MAX_CURSOR, description="`cursor` of the answer before; 0: from the first on.")
]


class RelayedRequest(msgspec.Struct):
    """A request as it goes to the address `relay_to`, signed for it."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


class FeedEvent(msgspec.Struct):
    """`type` and `data` are what a webhook's body has. `sequence` grows with every event of a resource. `request` is
    there where `relay_to` was given and the row is a status callback or a request to a message hook, which is no event
    of its own."""

    id: UUID
    type: str
    data: dict[str, object]
    sequence: int
    tm_event: str
    request: RelayedRequest | None = None


class EventFeedPage(msgspec.Struct):
    """`more`: the next page is there already."""

    result: list[FeedEvent]
    cursor: str
    more: bool


@get("/events", responses=answers(EventFeedPage))
async def read_feed(
    request: ApiRequest, after: After = "", limit: Limit = 100, wait_s: Wait = 0, relay_to: RelayTo = ""
) -> JsonAnswer:
    """The account's events, oldest first, each once for who goes on with `cursor`."""
    request.require_manager()
    if relay_to:
        check_base(relay_to)
    page = await read_events(request.database, request.account_id, after, limit, requests=bool(relay_to))
    if after and wait_s and not page.events and not page.more:
        page = await _wait(request, page.cursor, limit, wait_s, requests=bool(relay_to))
    relayed = await _relayed(request, page, relay_to) if relay_to else {}
    return JsonAnswer(_show(page, relayed))


async def _relayed(request: ApiRequest, page: EventPage, relay_to: str) -> Mapping[EventId, Relayed]:
    asked = [each.event.id for each in page.events if each.event.type in _REQUESTS]
    return await relayed_requests(request.database, request.account_id, asked, relay_to, request.now)


async def _wait(request: ApiRequest, after: str, limit: int, wait_s: int, *, requests: bool) -> EventPage:
    """The first events after the cursor; none where none came in time."""
    page = EventPage((), after, more=False)
    async with request.ports.events.follow(request.user) as follower:
        await follower.subscribe([f"customer_id:{request.account_id}"])
        hints = follower.messages()
        hint = asyncio.ensure_future(anext(hints))
        try:
            async with asyncio.timeout(wait_s):
                # Looked for before the first hint too: it may have come while nobody listened.
                while not (
                    page := await read_events(
                        request.database, request.account_id, page.cursor, limit, requests=requests
                    )
                ).events:
                    await asyncio.wait([hint], timeout=_POLL_S)
                    if hint.done():
                        hint.result()
                        hint = asyncio.ensure_future(anext(hints))
                        await asyncio.sleep(_SETTLE_S)
        except (TimeoutError, FollowingEnded):
            pass
        finally:
            hint.cancel()
            await asyncio.gather(hint, return_exceptions=True)
    await request.app.state.verifier.verify(credential_of(request.scope))  # it may have been revoked meanwhile
    return page


def _show(page: EventPage, relayed: Mapping[EventId, Relayed]) -> bytes:
    """The data stays as it was published, to the letter: who signs it anew signs what a webhook carries."""
    rows = b",".join(_show_row(each, relayed.get(each.event.id)) for each in page.events)
    rest = msgspec.json.encode({"cursor": page.cursor, "more": page.more})
    return b'{"result":[' + rows + b"]," + rest[1:]


def _show_row(each: PagedEvent, relayed: Relayed | None) -> bytes:
    if each.event.type not in _REQUESTS:
        return _show_event(each)
    return msgspec.json.encode(
        {
            "id": each.event.id,
            "type": each.event.type,
            "data": {},
            "sequence": each.number,
            "tm_event": show_time(each.occurred_at),
            "request": relayed,
        }
    )


def _show_event(each: PagedEvent) -> bytes:
    more = msgspec.json.encode({"sequence": each.number, "tm_event": show_time(each.occurred_at)})
    return each.event.message[:-1] + b"," + more[1:]


router = Router("/", route_handlers=[read_feed], tags=["Webhooks"])
