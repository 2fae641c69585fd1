"""Events as they happen, for those who follow them over a websocket.

One process hears the hints of all accounts that are followed through it on one connection, reads each event once, after
its commit, and puts it before every follower that wants it. Whoever is too slow, or was out of reach of the hints, is
told so and may go on after the last event that it saw.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from dialplane.domain.errors import Invalid, LimitExceeded, NotFound, NotPermitted, Unavailable
from dialplane.domain.eventing.topics import FedEvent, Topic
from dialplane.domain.ids import AccountId, EventId
from dialplane.domain.tenancy.accounts import Principal
from dialplane.services.transaction import Database

MOST_WAITING = 1_000
"""Events that wait for one follower."""
MOST_TOPICS = 100
MOST_FOLLOWERS = 200
"""Of one account in one process."""
MOST_VISITORS = 1_000
"""Connections of all visitors of one account, in one process."""
MOST_OF_VISITOR = 4
"""Connections of one visitor: a page that was loaded again has two for a while."""
PAGE = 500
MOST_REPLAYED = 10_000
"""Events that are given again after an absence."""

_WATCH_FOR = timedelta(seconds=30)
_WATCH_EVERY_S = 10.0
_SETTLE_S = 2.0
_SETTLE_STEP_S = 0.01

log = structlog.get_logger()


class Hints(Protocol):
    """Port: words from the store; here the ids of events."""

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        """Stay connected until cancelled. `on_hint` gets each word, and "" after each connecting."""
        ...


class FollowingEnded(Exception):
    """The follower has missed events, and can go on after the last one that it has; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The topics are followed from here on."""

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Replay:
    """Here belongs what came after the event."""

    account_ids: tuple[AccountId, ...]
    after: EventId
    topics: tuple[Topic, ...]


class Follower:
    """One who follows; made by `EventFeed.follow`."""

    def __init__(self, feed: "EventFeed", principal: Principal) -> None:
        self.principal = principal
        self.topics: dict[str, Topic] = {}
        self._feed = feed
        self._waiting: deque[FedEvent | _Replay | Subscribed] = deque()
        self._filled = asyncio.Event()
        self._ended = ""

    async def subscribe(self, topics: Sequence[str], after: str | None = None) -> None:
        """Follow the topics from now on, or where `after` is an event's id, from after that event on.

        With `after`, `Subscribed` comes when they are followed; "" is from now on. Raises Invalid, NotPermitted,
        LimitExceeded, Unavailable.
        """
        parsed = {text: Topic.parse(text) for text in topics}
        if len(self.topics | parsed) > MOST_TOPICS:
            raise LimitExceeded(f"A connection follows {MOST_TOPICS} topics at most")
        account_ids = tuple(dict.fromkeys(self._account_of(topic) for topic in parsed.values()))
        await self._feed.watch(self, account_ids, settled=after is not None)
        if after:
            self._put(_Replay(account_ids, _read_id(after), tuple(parsed.values())))
        self.topics |= parsed
        if after is not None:
            self._put(Subscribed(tuple(topics)))

    def unsubscribe(self, topics: Iterable[str]) -> None:
        """Unknown ones are passed over."""
        for text in topics:
            self.topics.pop(text, None)

    async def messages(self) -> AsyncIterator[FedEvent | Subscribed]:
        """Everything that it follows, in order; once. Raises FollowingEnded, NotFound (nobody knows `after`)."""
        replayed: deque[EventId] = deque(maxlen=2 * MOST_WAITING)
        while True:
            match await self._take():
                case _Replay() as replay:
                    async for event in self._feed.replay(replay.account_ids, replay.after):
                        replayed.append(event.id)
                        if any(topic.takes(event) for topic in replay.topics):
                            yield event
                case FedEvent() as event if event.id in replayed:
                    pass
                case message:
                    yield message

    def offer(self, event: FedEvent) -> None:
        if any(topic.takes(event) for topic in self.topics.values()):
            self._put(event)

    def end(self, reason: str) -> None:
        """It has missed something: what waits is dropped, and the follower told."""
        self._ended = reason
        self._waiting.clear()
        self._filled.set()

    def _put(self, message: "FedEvent | _Replay | Subscribed") -> None:
        if self._ended:
            return
        if len(self._waiting) == MOST_WAITING:
            self.end("events were not read fast enough")
            return
        self._waiting.append(message)
        self._filled.set()

    async def _take(self) -> "FedEvent | _Replay | Subscribed":
        while not self._waiting:
            if self._ended:
                raise FollowingEnded(self._ended)
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft()

    def _account_of(self, topic: Topic) -> AccountId:
        account_id = topic.account_for(self.principal)
        if account_id is None:
            raise NotPermitted("The topic belongs to somebody else")
        return account_id


class EventFeed:
    """The followers of one process. `run` must go on for as long as there are any."""

    def __init__(self, database: Database, hints: Hints) -> None:
        self._database = database
        self._hints = hints
        self._watcher = uuid4()
        self._followers: defaultdict[AccountId, set[Follower]] = defaultdict(set)
        self._open: Counter[object] = Counter()
        """Connections by whose they are, whether they follow anything yet or not."""
        self._hinted: list[EventId] = []
        self._has_hints = asyncio.Event()
        self._is_heard = asyncio.Event()
        """Whether hints have ever come through."""

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hints.keep(self._on_hint))
            tasks.create_task(self._distribute())
            tasks.create_task(self._keep_watching())

    @asynccontextmanager
    async def follow(self, principal: Principal) -> AsyncIterator[Follower]:
        """Raises LimitExceeded where the account has too many already; its visitors take no place of its own."""
        places = _places(principal)
        for place, most in places:
            if self._open[place] >= most:
                raise LimitExceeded(f"There are {most} connections at most")
        follower = Follower(self, principal)
        self._open.update(place for place, _ in places)
        try:
            yield follower
        finally:
            self._open.subtract(place for place, _ in places)
            for place, _ in places:
                if not self._open[place]:
                    del self._open[place]
            for account_id in [each for each, followers in self._followers.items() if follower in followers]:
                self._followers[account_id].discard(follower)
                if not self._followers[account_id]:
                    del self._followers[account_id]

    async def watch(self, follower: Follower, account_ids: Sequence[AccountId], *, settled: bool) -> None:
        """Hear of the accounts' events; where `settled`, return when every event that is not told of can be read.

        Raises Unavailable.
        """
        try:
            async with asyncio.timeout(_SETTLE_S):
                await self._is_heard.wait()
        except TimeoutError:
            raise Unavailable("The events cannot be heard at the moment") from None
        new = [account_id for account_id in account_ids if follower not in self._followers.get(account_id, ())]
        for account_id in new:
            self._followers[account_id].add(follower)
        if new:
            async with self._database.transaction() as tx:
                await tx.events.watch(new, self._watcher, _WATCH_FOR)
        if settled:
            await self._settle()

    async def replay(self, account_ids: Sequence[AccountId], after: EventId) -> AsyncIterator[FedEvent]:
        """What came after the event, and perhaps some that were being written together with it.

        Raises NotFound where there is no such event of these accounts, FollowingEnded where too many came.
        """
        async with self._database.reading() as tx:
            places = [(each, await tx.events.find_place(each, after)) for each in account_ids]
        account_id, place = next(((each, found) for each, found in places if found is not None), (None, None))
        if account_id is None or place is None:
            raise NotFound("There is no event of that id to go on after")
        for offset in range(0, MOST_REPLAYED, PAGE):
            async with self._database.reading() as tx:
                events = await tx.events.list_after(account_id, after, place, limit=PAGE, offset=offset)
            for event in events:
                yield event
            if len(events) < PAGE:
                return
        raise FollowingEnded(f"more than {MOST_REPLAYED} events came after that one")

    async def _settle(self) -> None:
        """Wait for what was being written before the hints were asked for. What hangs is not waited for."""
        async with self._database.reading() as tx:
            begun_before = await tx.events.next_xid()
        for _ in range(round(_SETTLE_S / _SETTLE_STEP_S)):
            async with self._database.reading() as tx:
                if await tx.events.oldest_xid() >= begun_before:
                    return
            await asyncio.sleep(_SETTLE_STEP_S)

    # --- hints ---

    def _on_hint(self, word: str) -> None:
        if not word:  # connected: what was hinted between the connection before and this one is lost
            self._is_heard.set()
            self._end_all("the connection to the events was interrupted")
            return
        self._hinted.append(EventId(UUID(word)))
        self._has_hints.set()

    async def _distribute(self) -> None:
        while True:
            await self._has_hints.wait()
            hinted, self._hinted = self._hinted[:PAGE], self._hinted[PAGE:]
            if not self._hinted:
                self._has_hints.clear()
            try:
                async with self._database.reading() as tx:
                    events = await tx.events.find_many(hinted)
            except Unavailable:
                self._end_all("the events cannot be read")
                continue
            for event in events:
                for follower in self._followers.get(event.account_id, ()):
                    follower.offer(event)

    async def _keep_watching(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            if not self._followers:
                continue
            try:
                async with self._database.transaction() as tx:
                    await tx.events.watch(list(self._followers), self._watcher, _WATCH_FOR)
            except Unavailable:
                log.warning("watching_not_renewed")
                self._end_all("the events cannot be read")

    def _end_all(self, reason: str) -> None:
        for followers in self._followers.values():
            for follower in followers:
                follower.end(reason)


def _read_id(text: str) -> EventId:
    try:
        return EventId(UUID(text))
    except ValueError:
        raise Invalid("after is no event's id", field="after") from None


def _places(principal: Principal) -> list[tuple[object, int]]:
    """Whose connections are counted where, and how many there may be."""
    if principal.visitor is None:
        return [(principal.account_id, MOST_FOLLOWERS)]
    return [((principal.account_id, "visitors"), MOST_VISITORS), (principal.visitor, MOST_OF_VISITOR)]
