"""Events as a feed that is read page by page: whoever keeps the cursor goes on after any absence, without loss and
without a second copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.eventing.feed_cursors import FeedCursor
from dialplane.domain.eventing.topics import FedEvent
from dialplane.domain.ids import AccountId
from dialplane.services.transaction import Database

STRETCH = 20_000
"""Numbers that one look goes through: of everybody's events, so a quiet account's page may need several."""
MOST_LOOKS = 25
MAX_PAGE = 500
FROM_THE_FIRST = "0"


@dataclass(frozen=True, slots=True)
class PagedEvent:
    """An event with its number, which grows within a resource, and its time."""

    event: FedEvent
    number: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class EventPage:
    """`more`: the next page may be asked for at once."""

    events: Sequence[PagedEvent]
    cursor: str
    more: bool


async def read_events(
    database: Database, account_id: AccountId, after: str, limit: int, *, requests: bool = False
) -> EventPage:
    """The account's public events after the cursor: "" is from now on, `0` from the first that is kept. With `requests`
    also what made status callbacks and requests to message hooks.

    Events of one resource come by their numbers, but for those of transactions that overlapped. Raises Invalid.
    """
    async with database.reading() as tx:
        moment = await tx.webhook_log.moment()
        if not after:
            return EventPage((), str(FeedCursor.newest(moment)), more=False)
        cursor = (FeedCursor.first() if after == FROM_THE_FIRST else FeedCursor.parse(after)).opened(moment)
        found: list[PagedEvent] = []
        for _ in range(MOST_LOOKS):
            if not cursor.is_open:
                return EventPage(found, str(cursor), more=False)
            until = cursor.number + STRETCH
            room = limit - len(found)
            events = await tx.webhook_log.list_window(account_id, cursor, until=until, limit=room, requests=requests)
            found += events
            if len(events) == room:
                return EventPage(found, str(cursor.passed(events[-1].number)), more=True)
            cursor = cursor.closed() if until >= moment.number else cursor.passed(until)
    return EventPage(found, str(cursor), more=cursor.is_open)
