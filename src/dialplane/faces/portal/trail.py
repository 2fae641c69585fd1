"""The audit log of the portal: every unsafe request of somebody who is signed in, every look into a project by an
operator who is not in it, and into what a stranger handed in. Inside of the gate, so that it is known who asks; around
the handlers, so that none is left out.
"""

from uuid import UUID

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from dialplane.domain.identity.people import Person
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.operating.audit import Deed, Outcome, Via, facts_of, outcome_of
from dialplane.faces.api_limits import address_of
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.portal.request import Visitor
from dialplane.faces.portal.routing import ACCESS, NOTED, Access
from dialplane.faces.route_words import subject_of, words_of
from dialplane.services.operating.audit import begin_deed, end_deed


class Trail:
    """An ASGI layer."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies) -> None:
        self._app = app
        self._ports = ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = scope.get("user")
        if scope["type"] != ScopeType.HTTP or not isinstance(visitor, Visitor) or not visitor.found:
            await self._app(scope, receive, send)
            return
        via = _via(scope, visitor)
        if via is None:
            await self._app(scope, receive, send)
            return
        deed = self._deed(scope, visitor, visitor.found.person, via)
        await begin_deed(self._ports.database, deed)
        outcome = Outcome.FAILED

        async def watch(message: Message) -> None:
            nonlocal outcome
            if message["type"] == "http.response.start":
                outcome = Outcome.REFUSED if visitor.refusal else outcome_of(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            await end_deed(self._ports.database, deed, outcome, visitor.refusal)

    def _deed(self, scope: HTTPScope, visitor: Visitor, person: Person, via: Via) -> Deed:
        now = self._ports.clock()
        ids: dict[str, object] = dict(scope["path_params"])
        account = ids.pop("project", None) or ids.pop("account", None)
        fields = {name: values[0] for name, values in visitor.fields.values.items()}
        return Deed(
            id=new_id(now),
            via=via,
            actor=person.email,
            address=address_of(scope)[:64],
            deed=words_of(scope),
            created_at=now,
            person_id=person.id,
            account_id=AccountId(account) if isinstance(account, UUID) else None,
            subject=subject_of(ids),
            # What tenants write is theirs; what operators ask for is what the log is for.
            facts=facts_of(fields) if via is Via.DESK else {},
        )


def _via(scope: HTTPScope, visitor: Visitor) -> Via | None:
    """None: nothing to keep."""
    if visitor.project is not None and visitor.project.is_support:
        return Via.SUPPORT
    options = scope["route_handler"].opt
    if scope["method"] in ("GET", "HEAD") and not options.get(NOTED):
        return None
    is_desk = options.get(ACCESS) is Access.OPERATOR
    return Via.DESK if is_desk else Via.PORTAL
