"""The local relay of webhooks: a live account's events, status callbacks and messages for hooks, sent to a program on
this machine as they would come to it.

It reads the feed of events, each event once and in order, and goes on after anything that happens to the connection:
the cursor and the events that were passed on are remembered, in a file too where one is named.
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec

from dialplane.domain.eventing.webhooks import Endpoint, signed_headers

WAIT_S = 20
"""How long the platform is asked to wait for the next event."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
PAGE = 100


_REQUESTS = ("status_callback", "message_hooked")


class WholeRequest(msgspec.Struct):
    """One that the platform has written and signed for this machine."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


class FedEvent(msgspec.Struct):
    """`data` stays as it came, to the letter, so that the body is the webhook's."""

    id: str
    type: str
    data: msgspec.Raw
    sequence: int
    request: WholeRequest | None = None
    """Of a status callback or a message for a hook, which are no events."""

    @property
    def is_void(self) -> bool:
        """A request that nobody was to get."""
        return self.type in _REQUESTS and self.request is None

    @property
    def body(self) -> bytes:
        return b'{"type":' + msgspec.json.encode(self.type) + b',"data":' + bytes(self.data) + b"}"


class FeedPage(msgspec.Struct):
    result: list[FedEvent]
    cursor: str
    more: bool


class ListeningRefused(Exception):
    """The platform will not give the feed, however often it is asked."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """One attempt at the local program; `status` is None where nothing answered, and `error` says why."""

    event: FedEvent
    url: str
    status: int | None
    duration_ms: int
    error: str = ""


@dataclass
class Place:
    """Where the relay is: the cursor of the page that is being passed on, and what of it was."""

    cursor: str = ""
    done: list[str] = field(default_factory=list)
    file: Path | None = None

    @classmethod
    def read(cls, file: Path | None) -> "Place":
        """A file that is not there yet is one that begins now. Raises ValueError where it is of something else."""
        if file is None or not file.exists():
            return cls(file=file)
        kept = json.loads(file.read_text())
        return cls(str(kept["cursor"]), [str(each) for each in kept["done"]], file)

    def passed(self, event: FedEvent) -> None:
        self.done.append(event.id)
        self._write()

    def turned(self, cursor: str) -> None:
        """To the next page."""
        self.cursor, self.done = cursor, []
        self._write()

    def _write(self) -> None:
        if self.file is not None:  # beside and renamed: a file that was half written would lose the place
            beside = self.file.with_name(self.file.name + ".new")
            beside.write_text(json.dumps({"cursor": self.cursor, "done": self.done}))
            beside.replace(self.file)


@dataclass(frozen=True, slots=True)
class Relay:
    """`wanted` says which types are passed on; `tell` hears of connections that come and go."""

    api: str
    key: str
    to: str
    endpoint: Endpoint
    place: Place
    wanted: Callable[[str], bool]
    tell: Callable[[str], None]
    timeout_s: float = 15.0

    def run(self) -> Iterator[Forwarded]:
        """Each attempt, without end. Raises ListeningRefused."""
        if not self.place.cursor:
            self.place.turned(self._page().cursor)
        while True:
            page = self._page()
            for event in page.result:
                if event.id in self.place.done:
                    continue
                if self.wanted(event.type) and not event.is_void:
                    yield from self._forward(event)
                else:
                    self.place.passed(event)
            if page.cursor != self.place.cursor:
                self.place.turned(page.cursor)

    def _page(self) -> FeedPage:
        """What comes next; asked for until the platform answers."""
        query = {
            "accesskey": self.key,
            "limit": PAGE,
            "wait_s": WAIT_S,
            "relay_to": self.to,
            "after": self.place.cursor,
        }
        request = urllib.request.Request(f"{self.api}/v1.0/events?{urlencode(query)}")
        pause_s = 0.0
        while True:
            try:
                with urllib.request.urlopen(request, timeout=WAIT_S + 10) as answer:
                    page = msgspec.json.decode(answer.read(), type=FeedPage)
            except urllib.error.HTTPError as refusal:
                if refusal.code < 500 and refusal.code != 429:
                    raise ListeningRefused(f"the platform answers {refusal.code}") from refusal
                fault = f"the platform answers {refusal.code}"
            except (OSError, http.client.HTTPException, msgspec.DecodeError) as lost:
                fault = f"no connection to the platform: {lost}"
            else:
                if pause_s:
                    self.tell("connected again; nothing is lost")
                return page
            if not pause_s:
                self.tell(f"{fault}; trying again")
            pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, pause_s * 2))
            time.sleep(pause_s)

    def _forward(self, event: FedEvent) -> Iterator[Forwarded]:
        """Until something answers, whatever it says: a program that is just being started again misses nothing."""
        pause_s = 0.0
        while True:
            attempt = self._attempt(event)
            if attempt.status is not None:
                self.place.passed(event)  # before anybody is told, who may end it all
                yield attempt
                return
            if not pause_s:  # told once, however long nobody is there
                yield attempt
            pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, pause_s * 2))
            time.sleep(pause_s)

    def _request(self, event: FedEvent) -> WholeRequest:
        if event.request is not None:
            return event.request
        headers = signed_headers(self.endpoint, event.id, event.body, datetime.now(UTC))
        headers["X-Dialplane-Sequence"] = str(event.sequence)
        return WholeRequest(self.endpoint.method, self.to, headers, event.body.decode())

    def _attempt(self, event: FedEvent) -> Forwarded:
        request = self._request(event)
        parts = urlsplit(request.url)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        begun = time.monotonic()
        status, error = None, ""
        # Not urllib: it writes the headers' names in its own way, follows redirects and minds proxies.
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=self.timeout_s)
        try:
            connection.request(request.method, path, request.body.encode(), request.headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as fault:
            error = str(fault) or type(fault).__name__
        finally:
            connection.close()
        return Forwarded(event, request.url, status, round((time.monotonic() - begun) * 1000), error)
