"""Handing inbound messages to the hook of their number: as deliveries, with the retries, the log and the order of
webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.webhooks import Endpoint, EndpointKind, new_secret
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, EventId, new_id
from dialplane.domain.messaging.message_hooks import hook_fields, hook_url
from dialplane.domain.messaging.messages import Conversation, Message
from dialplane.domain.numbering.targets import HookTarget
from dialplane.services.eventing.webhook_store import HookDelivery
from dialplane.services.transaction import Transaction

EVENT = "message_hooked"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A message for its number's hook."""

    message: Message
    conversation: Conversation
    target: HookTarget
    now: datetime


async def hand_over(tx: Transaction, handed: Sequence[HandedOver]) -> None:
    """Queue the messages for their hooks. Those of one conversation arrive in the order in which they came."""
    events, deliveries = [], []
    hooks: dict[tuple[AccountId, str, str], Endpoint] = {}  # a secret costs as much as the rest of a delivery
    for each in handed:
        event_id = EventId(new_id(each.now))
        events.append((event_id, _event(each)))
        place = (each.message.account_id, each.target.url, each.target.method)
        hook = hooks.get(place) or hooks.setdefault(place, _hook(*place, each.now))
        deliveries.append(HookDelivery(hook, DeliveryId(new_id(each.now)), event_id, each.conversation.id))
    if handed:
        await tx.events.append(events)
        await tx.webhooks.add_hook_deliveries(deliveries)


def _hook(account_id: AccountId, url: str, method: str, now: datetime) -> Endpoint:
    return Endpoint(EndpointId(new_id(now)), account_id, EndpointKind.HOOK, hook_url(url), method, new_secret(), now)


def _event(handed: HandedOver) -> Event:
    message = handed.message
    fields = hook_fields(
        handed.target,
        source=message.source.target,
        destination=handed.conversation.own.target,
        text=message.text,
        medias=message.medias,
    )
    # Not public: the account's webhooks are told by message_created.
    return Event(message.account_id, EVENT, message.id, fields, handed.now, public=False)
