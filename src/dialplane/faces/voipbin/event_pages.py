"""`/v1.0/events`: the account's events as a feed with a cursor, beside the websocket of the same events.

The first request, without `after`, gives the cursor of this moment. Each later one gives what came since, each event
once, and the cursor to go on with; with `wait_s` it waits for the first one.
"""

import asyncio
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter

from dialplane.faces.voipbin.answers import JsonAnswer, answers
from dialplane.faces.voipbin.credentials import credential_of
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.eventing.event_feed import FollowingEnded
from dialplane.services.eventing.event_pages import MAX_PAGE, EventPage, PagedEvent, read_events
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
After = Annotated[
    str, QueryParameter(max_length=MAX_CURSOR, description="`cursor` of the answer before; 0: from the first on.")
]


class FeedEvent(msgspec.Struct):
    """`type` and `data` are what a webhook's body has. `sequence` grows with every event of a resource."""

    id: UUID
    type: str
    data: dict[str, object]
    sequence: int
    tm_event: str


class EventFeedPage(msgspec.Struct):
    """`more`: the next page is there already."""

    result: list[FeedEvent]
    cursor: str
    more: bool


@get("/events", responses=answers(EventFeedPage))
async def read_feed(request: ApiRequest, after: After = "", limit: Limit = 100, wait_s: Wait = 0) -> JsonAnswer:
    """The account's events, oldest first, each once for who goes on with `cursor`."""
    request.require_manager()
    page = await read_events(request.database, request.account_id, after, limit)
    if after and wait_s and not page.events and not page.more:
        page = await _wait(request, page.cursor, limit, wait_s)
    return JsonAnswer(_show(page))


async def _wait(request: ApiRequest, after: str, limit: int, wait_s: int) -> EventPage:
    """The first events after the cursor; none where none came in time."""
    page = EventPage((), after, more=False)
    async with request.ports.events.follow(request.user) as follower:
        await follower.subscribe([f"customer_id:{request.account_id}"])
        hints = follower.messages()
        hint = asyncio.ensure_future(anext(hints))
        try:
            async with asyncio.timeout(wait_s):
                # Looked for before the first hint too: it may have come while nobody listened.
                while not (page := await read_events(request.database, request.account_id, page.cursor, limit)).events:
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


def _show(page: EventPage) -> bytes:
    """The data stays as it was published, to the letter: who signs it anew signs what a webhook carries."""
    rows = b",".join(_show_event(each) for each in page.events)
    rest = msgspec.json.encode({"cursor": page.cursor, "more": page.more})
    return b'{"result":[' + rows + b"]," + rest[1:]


def _show_event(each: PagedEvent) -> bytes:
    more = msgspec.json.encode({"sequence": each.number, "tm_event": show_time(each.occurred_at)})
    return each.event.message[:-1] + b"," + more[1:]


router = Router("/", route_handlers=[read_feed], tags=["Webhooks"])
