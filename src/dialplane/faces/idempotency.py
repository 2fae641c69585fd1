"""`Idempotency-Key` on every POST (API-1): the first answer is kept a day and given again, marked as such."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from dialplane.domain.ids import AccountId
from dialplane.faces.bodies import body_of, content_type, is_form
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.observation import add_headers
from dialplane.services import idempotency as service

HEADER = b"idempotency-key"

NOTHING_DONE = frozenset({400, 401, 403, 413, 422, 429, 500, 503})
"""Answers that are not kept: the input was refused, or the outcome is not known and repeating finds it out."""

_FIRST_FAULT = 400
_BOUNDARY = re.compile(rb'boundary="?([^";,\s]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manners:
    """What differs from face to face."""

    owner: Callable[[Scope], AccountId]
    """Whose keys they are: the authenticated account, or `services.idempotency.OPERATOR`."""
    fault_type: bytes = b"application/json"
    """The media type of answers of 400 and above."""
    media_type: Callable[[Scope], bytes] | None = None
    """The media type of all answers, where the request chooses it; another form is another request then."""
    query_counts: bool = False
    """Whether another query makes another request; not where it may hold another credential of the same account."""


class Idempotency:
    """An ASGI layer inside of authentication and body limits, because it keeps keys by account and compares bodies."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies, manners: Manners) -> None:
        self._app = app
        self._ports = ports
        self._manners = manners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key_of(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        account_id, database = self._manners.owner(scope), self._ports.database
        fingerprint = _fingerprint(scope, self._manners)
        begun = await service.begin(database, account_id, key, fingerprint, self._ports.clock())
        if isinstance(begun, service.Replay):
            await self._replay(begun, scope, send)
            return
        answer = _Answer(send)
        await self._app(scope, receive, answer.collect)
        # Litestar takes the answer for sent. It is not: where it cannot be kept, a refusal goes out in its place.
        ScopeState.from_scope(scope).response_started = False
        if answer.status in NOTHING_DONE:
            await service.abandon(database, account_id, key)
        else:
            await service.finish(database, account_id, key, answer.status, bytes(answer.body), self._ports.clock())
        await answer.pass_on()

    async def _replay(self, kept: service.Replay, scope: Scope, send: Send) -> None:
        add_headers(scope, [(b"idempotent-replayed", b"true")])
        media_type = b"application/json" if kept.status < _FIRST_FAULT else self._manners.fault_type
        if self._manners.media_type:
            media_type = self._manners.media_type(scope)
        headers = [(b"content-type", media_type), (b"content-length", str(len(kept.body)).encode())]
        await send({"type": "http.response.start", "status": kept.status, "headers": headers})
        await send({"type": "http.response.body", "body": kept.body, "more_body": False})


class _Answer:
    """Holds the answer back until it is kept, so that a client that has seen it can count on its repetition."""

    def __init__(self, send: Send) -> None:
        self.status = 500
        self.body = bytearray()
        self._send = send
        self._messages: list[Message] = []

    async def collect(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
        self._messages.append(message)

    async def pass_on(self) -> None:
        for message in self._messages:
            await self._send(message)


def _key_of(scope: Scope) -> str | None:
    if scope.get("method") != "POST":
        return None
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == HEADER), None)


def _fingerprint(scope: Scope, manners: Manners) -> bytes:
    """Of method, path and body, and of the query and the form of the answer where they count."""
    body = body_of(scope)
    if is_form(scope) and (boundary := _BOUNDARY.search(content_type(scope))):
        body = body.replace(boundary[1], b"")  # drawn anew for each repetition
    parts = [b"POST", scope["path"].encode("utf-8", "surrogateescape"), body]
    if manners.query_counts:
        parts.append(scope["query_string"])
    if manners.media_type:
        parts.append(manners.media_type(scope))
    return hashlib.sha256(b"\0".join(parts)).digest()
