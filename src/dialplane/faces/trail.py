"""The audit log of APIs: every change that somebody of the platform asks for.

What the sandbox's own strings do is traffic, not a deed, and is left out.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from dialplane.domain.ids import AccountId, find_uuid, new_id
from dialplane.domain.operating.audit import Deed, Outcome, Via, facts_of, outcome_of
from dialplane.faces.api_limits import address_of
from dialplane.faces.bodies import body_of
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.route_words import subject_of, words_of
from dialplane.services.operating.audit import begin_deed, end_deed

OPERATORS_KEY = "operator's key"
_LONGEST_READ = 64 << 10
"""A body beyond it is a file, of which no facts are kept."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks."""

    name: str
    account_id: AccountId | None = None
    """Whose things are changed, where the path does not say so."""
    is_for_itself: bool = True
    """Not so where it acts for a customer: what is written is then the customer's, and no facts of it are kept."""


FindActor = Callable[[HTTPScope], Awaitable[Actor | None]]
"""None: nobody of the platform."""


class Trail:
    """An ASGI layer inside of the check of credentials and the limits of bodies."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies, find_actor: FindActor) -> None:
        self._app = app
        self._ports = ports
        self._find_actor = find_actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] in ("GET", "HEAD") or "/sandbox/" in scope["path"]:
            await self._app(scope, receive, send)
            return
        actor = await self._find_actor(scope)
        if actor is None:
            await self._app(scope, receive, send)
            return
        deed = self._deed(scope, actor)
        await begin_deed(self._ports.database, deed)
        outcome = Outcome.FAILED

        async def watch(message: Message) -> None:
            nonlocal outcome
            if message["type"] == "http.response.start":
                outcome = outcome_of(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            await end_deed(self._ports.database, deed, outcome)

    def _deed(self, scope: HTTPScope, actor: Actor) -> Deed:
        now, ids = self._ports.clock(), dict(scope["path_params"])
        account = find_uuid(str(ids.pop("account_id", "")))
        return Deed(
            id=new_id(now),
            via=Via.API,
            actor=actor.name,
            address=address_of(scope)[:64],
            deed=f"{scope['method'].lower()} {words_of(scope)}",
            created_at=now,
            account_id=actor.account_id if account is None else AccountId(account),
            subject=subject_of(ids),
            facts=_facts(body_of(scope)) if actor.is_for_itself else {},
        )


def _facts(body: bytes) -> dict[str, str]:
    if not body or len(body) > _LONGEST_READ:
        return {}
    try:
        given = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return facts_of(given) if isinstance(given, dict) else {}
