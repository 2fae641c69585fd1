"""The audit log of the operator's API: every change that is asked for by the operator's key.

What the sandbox's own strings do is traffic, not a deed, and is left out.
"""

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from dialplane.domain.ids import AccountId, find_uuid, new_id
from dialplane.domain.operating.audit import Deed, Outcome, Via, facts_of, outcome_of
from dialplane.faces.api_limits import address_of
from dialplane.faces.bodies import body_of
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.route_words import subject_of, words_of
from dialplane.services.operating.audit import begin_deed, end_deed

ACTOR = "operator's key"
_LONGEST_READ = 64 << 10
"""A body beyond it is a file, of which no facts are kept."""


class Trail:
    """An ASGI layer inside of the check of the key and the limits of bodies."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies) -> None:
        self._app = app
        self._ports = ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] in ("GET", "HEAD") or "/sandbox/" in scope["path"]:
            await self._app(scope, receive, send)
            return
        now, ids = self._ports.clock(), dict(scope["path_params"])
        account = find_uuid(str(ids.pop("account_id", "")))
        deed = Deed(
            id=new_id(now),
            via=Via.API,
            actor=ACTOR,
            address=address_of(scope)[:64],
            deed=f"{scope['method'].lower()} {words_of(scope)}",
            created_at=now,
            account_id=None if account is None else AccountId(account),
            subject=subject_of(ids),
            facts=_facts(body_of(scope)),
        )
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


def _facts(body: bytes) -> dict[str, str]:
    if not body or len(body) > _LONGEST_READ:
        return {}
    try:
        given = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return facts_of(given) if isinstance(given, dict) else {}
