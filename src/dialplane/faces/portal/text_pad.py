"""The text pad beside the browser's phone: texts from a number of the project to anybody, and in the sandbox back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from dialplane.domain.ids import ConversationId, MessageId
from dialplane.domain.messaging.messages import Conversation, ConversationMessage
from dialplane.domain.numbering.numbers import Number
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.request import PortalRequest
from dialplane.services.messaging.conversations import (
    get_conversation,
    list_conversation_messages,
    list_conversations,
)
from dialplane.services.messaging.messages import message_prices

_SHOWN = 12
_HANDSET = "+12025550100"
"""Of the simulated carrier: it takes every text."""


@dataclass(frozen=True, slots=True)
class TextPad:
    """`thread` has the newest message last; it is of the conversation that was used last, or is asked for."""

    form: Form
    numbers: Sequence[Number]
    """Some of those that take messages."""
    conversation: Conversation | None
    thread: Sequence[ConversationMessage]
    prices: Mapping[MessageId, int]
    reference: UUID
    """Of the form: sent twice, it sends once."""


async def text_pad(request: PortalRequest, numbers: Sequence[Number], form: Form) -> TextPad:
    """`numbers` are some of the project's. Raises NotFound where the conversation that is asked for is none of it."""
    numbers = [each for each in numbers if "sms" in each.capabilities or not each.capabilities]
    conversation = await _conversation(request)
    thread = [] if conversation is None else await _thread(request, conversation)
    if not form.is_refused:
        own = conversation.own.target if conversation else next((each.number for each in numbers), "")
        form = Form({"own": own, "peer": conversation.peer.target if conversation else _HANDSET})
    prices = await message_prices(request.database, [each.message for each in thread])
    return TextPad(form, numbers, conversation, thread, prices, uuid4())


async def _conversation(request: PortalRequest) -> Conversation | None:
    wanted = request.fields.get("thread")
    if wanted:
        try:
            conversation_id = ConversationId(UUID(wanted))
        except ValueError:
            return None
        return await get_conversation(request.database, request.account_id, conversation_id)
    return next(iter(await list_conversations(request.database, request.account_id, before=None, limit=1)), None)


async def _thread(request: PortalRequest, conversation: Conversation) -> Sequence[ConversationMessage]:
    found = await list_conversation_messages(
        request.database, request.account_id, conversation.id, before=None, limit=_SHOWN
    )
    return found[::-1]
