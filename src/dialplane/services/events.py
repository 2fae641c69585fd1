"""Events: the outbox. What a use case changes and what it tells the world are one transaction."""

from collections.abc import Sequence
from typing import Protocol

from dialplane.domain.events import Event
from dialplane.domain.ids import EventId, new_id
from dialplane.services.transaction import Transaction


class EventStore(Protocol):
    """Port: the outbox."""

    async def append(self, events: Sequence[tuple[EventId, Event]]) -> None:
        """Keep the events in this order and make a delivery for each address that wants them, in one round trip.

        Wanting are, of public events, the account's enabled endpoints and the webhook address of the event's run.
        """
        ...


async def publish(tx: Transaction, *events: Event) -> None:
    """Write the events with the change that they tell of; they are sent after the commit, and only after it.

    Any number of events, of any accounts, costs one round trip, and none of its own on a `together`. Events of one
    resource are delivered in the order of the arguments and of the commits. Call it after the change itself: the lock
    on the changed row keeps that order.
    """
    if events:
        await tx.events.append([(EventId(new_id(event.occurred_at)), event) for event in events])
