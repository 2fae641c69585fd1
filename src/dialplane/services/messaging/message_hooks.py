"""Handing inbound messages to the hook of their number: as deliveries, with the retries, the log and the order of
webhooks."""

from datetime import datetime

from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.webhooks import Endpoint, EndpointKind, new_secret
from dialplane.domain.ids import DeliveryId, EndpointId, EventId, new_id
from dialplane.domain.messaging.message_hooks import hook_fields, hook_url
from dialplane.domain.messaging.messages import Conversation, Message
from dialplane.domain.numbering.targets import HookTarget
from dialplane.services.transaction import Transaction

EVENT = "message_hooked"


async def hand_over(
    tx: Transaction, message: Message, conversation: Conversation, target: HookTarget, now: datetime
) -> None:
    """Queue the message for its number's hook. Messages of one conversation arrive in the order in which they came."""
    fields = hook_fields(
        target,
        source=message.source.target,
        destination=conversation.own.target,
        text=message.text,
        medias=message.medias,
    )
    event_id = EventId(new_id(now))
    # Not public: the account's webhooks are told by message_created.
    event = Event(message.account_id, EVENT, message.id, fields, now, public=False)
    await tx.events.append([(event_id, event)])
    hook = Endpoint(
        EndpointId(new_id(now)),
        message.account_id,
        EndpointKind.HOOK,
        hook_url(target.url),
        target.method,
        new_secret(),
        now,
    )
    await tx.webhooks.add_hook_delivery(hook, DeliveryId(new_id(now)), event_id, conversation.id)
