"""Messages one by one, and conversations: all messages between a number of the project and one other party."""

from uuid import UUID, uuid4

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import ConversationId, MessageId
from dialplane.domain.messaging.messages import Conversation
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.messaging.conversations import (
    conversations_of,
    get_conversation,
    list_conversation_messages,
    list_threads,
    write_text,
)
from dialplane.services.messaging.messages import get_message, list_messages, message_prices
from dialplane.services.messaging.sandbox_messages import text_from_handset

THREAD = 40
"""Messages of a conversation that one page shows."""
FIELDS = {"source": "own", "destinations[0]": "peer", "from": "handset", "to": "own"}
"""The services' names of the forms' fields."""


@page("/projects/{project:uuid}/messages", deed=Deed.VIEW)
async def show_messages(request: PortalRequest) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_messages(request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1)
    table = page_of(
        found, lambda each: each.created_at.isoformat(), path=request.at("/messages"), filters={}, cursor=cursor
    )
    prices = await message_prices(request.database, table.rows)
    return await show(request, "messages.html", table=table, prices=prices)


@page("/projects/{project:uuid}/messages/{message:uuid}", deed=Deed.VIEW)
async def show_message(request: PortalRequest, message: FromPath[UUID]) -> Response[str]:
    found = await get_message(request.database, request.account_id, MessageId(message))
    conversations = await conversations_of(request.database, request.account_id, found.id)
    prices = await message_prices(request.database, [found])
    return await show(request, "message.html", message=found, conversations=conversations, price=prices.get(found.id))


@page("/projects/{project:uuid}/conversations", deed=Deed.VIEW)
async def show_conversations(request: PortalRequest) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_threads(request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1)
    table = page_of(
        found,
        lambda each: each.conversation.created_at.isoformat(),
        path=request.at("/conversations"),
        filters={},
        cursor=cursor,
    )
    return await show(request, "conversations.html", table=table)


@page("/projects/{project:uuid}/conversations/{conversation:uuid}", deed=Deed.VIEW)
async def show_conversation(request: PortalRequest, conversation: FromPath[UUID]) -> Response[str]:
    """The thread, the newest message last; it renews itself."""
    return await _show(request, await _find(request, conversation), Form())


@action("/projects/{project:uuid}/conversations/{conversation:uuid}", deed=Deed.CONFIGURE)
async def write(request: PortalRequest, conversation: FromPath[UUID]) -> Response[str]:
    """Answer in it; in the sandbox the other party's handset may write too (`do` is `handset`)."""
    found = await _find(request, conversation)
    try:
        await send(request, own=found.own.target, peer=found.peer.target)
    except Refusal as refusal:
        return await _show(request, found, typed(request.fields).refuse(refusal))
    path, curl = request.at(f"/conversations/{found.id}"), sent_curl(request, found)
    return await done(request, path, "The message is on its way.", curl=curl)


def sent_curl(request: PortalRequest, conversation: Conversation) -> str:
    """The line that sends the form's text, too; none where a handset of the sandbox wrote it."""
    if request.fields.get("do") == "handset":
        return ""
    body = {"text": request.fields.get("text")}
    return json_curl(request, "POST", f"/v1.0/conversations/{conversation.id}/messages", body)


async def send(request: PortalRequest, *, own: str, peer: str) -> Conversation:
    """Send the form's `text` from `own` to `peer`, or the other way where the form's button says so. The form sent
    twice sends once. Raises Refusal."""
    fields = request.fields
    reference = fields.get("reference")[:40]
    if fields.get("do") == "handset" and request.portal.is_sandbox:
        return await text_from_handset(
            request.database,
            request.account_id,
            handset=peer,
            own=own,
            text=fields.get("text"),
            key=reference,
            now=request.now,
        )
    key = f"portal:{request.account_id}:{reference}" if reference else None
    return await write_text(
        request.database, request.account_id, own=own, peer=peer, text=fields.get("text"), key=key, now=request.now
    )


async def _show(request: PortalRequest, conversation: Conversation, form: Form) -> Response[str]:
    before = read_moment_cursor(request.fields.get("after"))
    found = await list_conversation_messages(
        request.database, request.account_id, conversation.id, before=before, limit=THREAD + 1
    )
    shown = found[:THREAD][::-1]
    older = page_of(
        found,
        lambda each: each.created_at.isoformat(),
        path=request.at(f"/conversations/{conversation.id}"),
        filters={},
        cursor=request.fields.get("after"),
        size=THREAD,
    )
    return await show(
        request,
        "conversation.html",
        form=form,
        conversation=conversation,
        thread=shown,
        older=older,
        prices=await message_prices(request.database, [each.message for each in shown]),
        reference=uuid4(),
    )


async def _find(request: PortalRequest, conversation: UUID) -> Conversation:
    return await get_conversation(request.database, request.account_id, ConversationId(conversation))


HANDLERS: list[HTTPRouteHandler] = [show_messages, show_message, show_conversations, show_conversation, write]
