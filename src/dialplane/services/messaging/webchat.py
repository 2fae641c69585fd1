"""Chats on web pages: widgets as a resource, sessions of visitors, and what both sides write in them."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import AlreadyExists, Conflict, Invalid, LimitExceeded
from dialplane.domain.eventing.events import Event
from dialplane.domain.identity.visitors import Visitor
from dialplane.domain.ids import NIL, AccountId, RunId, new_id
from dialplane.domain.messaging.webchat import (
    LONGEST_TEXT,
    MOST_MESSAGES,
    SessionStatus,
    WebchatMessage,
    WebchatSession,
    WebchatWidget,
)
from dialplane.services.calling.direct_hashes import new_direct_hash
from dialplane.services.eventing.events import publish
from dialplane.services.programs.flows import find_flow
from dialplane.services.resources import Resource
from dialplane.services.shapes.webchat import session_shape, webchat_message_shape, widget_shape
from dialplane.services.transaction import Database, Transaction

MOST_WIDGETS = 1000


async def _check_widget(tx: Transaction, widget: WebchatWidget) -> WebchatWidget:
    """Raises NotFound (FLOW_NOT_FOUND)."""
    for flow_id in (widget.session_flow_id, widget.message_flow_id):
        if flow_id is not None:
            await find_flow(tx, widget.account_id, flow_id)
    return widget


WIDGETS = Resource(
    "webchat_widget", lambda tx: tx.webchat_widgets, widget_shape, called="webchat widget", public=False,
    most=MOST_WIDGETS, field="widget_id", check=_check_widget,
)  # fmt: skip
SESSIONS = Resource(
    "webchat_session", lambda tx: tx.webchat_sessions, session_shape, called="webchat session", public=False,
    field="session_id",
)  # fmt: skip
MESSAGES = Resource("webchat_message", lambda tx: tx.webchat_messages, webchat_message_shape, called="webchat message")


async def regenerate_widget_hash(
    database: Database, account_id: AccountId, widget_id: UUID, now: datetime
) -> WebchatWidget:
    """Another direct hash; the old one is void at once. Raises NotFound."""
    return await WIDGETS.update(database, account_id, widget_id, {"direct_hash": new_direct_hash()}, now)


async def start_session(
    database: Database, session: WebchatSession, *, visitor: Visitor | None = None
) -> tuple[WebchatSession, WebchatWidget]:
    """A visitor's own is of the widget that is visited, with the id that the visitor has for it.

    Raises NotFound (WEBCHAT_WIDGET_NOT_FOUND), AlreadyExists where it would be the visitor's second one.
    """
    if visitor is not None:
        is_visited = session.widget_id == visitor.resource_id
        session = replace(session, id=visitor.conversation_id, widget_id=session.widget_id if is_visited else NIL)
    async with database.transaction() as tx:
        widget = await WIDGETS.load(tx, session.account_id, session.widget_id)
        if not await tx.webchat_sessions.add(session):
            raise AlreadyExists("The token's session has begun; another one needs another token")
        await SESSIONS.tell(tx, "created", session, session.created_at)
        return session, widget


async def end_session(database: Database, account_id: AccountId, session_id: UUID, now: datetime) -> WebchatSession:
    """Nothing is written in it any more; safe to repeat. Raises NotFound."""
    async with database.transaction() as tx:
        session = await SESSIONS.load(tx, account_id, session_id, lock=True)
        return session if session.status is SessionStatus.ENDED else await _end(tx, session, now)


async def delete_session(database: Database, account_id: AccountId, session_id: UUID, now: datetime) -> WebchatSession:
    """It is ended before. Raises NotFound."""
    async with database.transaction() as tx:
        session = await SESSIONS.load(tx, account_id, session_id, lock=True)
        if session.status is not SessionStatus.ENDED:
            session = await _end(tx, session, now)
        return await SESSIONS.drop(tx, session, now)


async def write_in_session(
    database: Database, message: WebchatMessage, *, visitor: Visitor | None = None
) -> tuple[WebchatMessage, WebchatSession, WebchatWidget | None]:
    """Keep what one side wrote; None where the widget is gone.

    Raises NotFound (WEBCHAT_SESSION_NOT_FOUND), Conflict (STATE_INVALID) where it is over, Invalid, LimitExceeded.
    """
    if visitor is not None and message.direction != "incoming":
        raise Invalid("What a visitor writes is incoming", field="direction")
    if not message.text.strip() or len(message.text) > LONGEST_TEXT or "\0" in message.text:
        raise Invalid(f"text has 1 to {LONGEST_TEXT} characters", field="text")
    async with database.transaction() as tx:
        session = await SESSIONS.load(tx, message.account_id, message.session_id, lock=True)
        if session.status is SessionStatus.ENDED:
            raise Conflict("The session is over", reason="STATE_INVALID")
        if await tx.webchat_messages.count(session.account_id, session_id=session.id) >= MOST_MESSAGES:
            raise LimitExceeded(f"A session has {MOST_MESSAGES} messages at most", reason="RESOURCE_LIMIT_EXCEEDED")
        widget = await tx.webchat_widgets.find(session.account_id, session.widget_id)
        return await MESSAGES.add(tx, message), session, widget


async def answer_in_session(
    database: Database, account_id: AccountId, session_id: UUID, text: str, run_id: RunId, now: datetime
) -> WebchatMessage | None:
    """What a run writes to the visitor; None where the id is that of no session. Raises as `write_in_session`."""
    async with database.reading() as tx:
        if await tx.webchat_sessions.find(account_id, session_id) is None:
            return None
    answer = WebchatMessage(new_id(now), account_id, session_id, "outgoing", text[:LONGEST_TEXT], now, run_id)
    kept, _, _ = await write_in_session(database, answer)
    return kept


async def _end(tx: Transaction, session: WebchatSession, now: datetime) -> WebchatSession:
    ended = session.ended(now)
    await tx.webchat_sessions.save(ended)
    await publish(tx, Event(ended.account_id, "webchat_session_ended", ended.id, session_shape(ended), now))
    return ended
