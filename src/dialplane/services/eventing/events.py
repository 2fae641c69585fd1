"""Events: the outbox. What a use case changes and what it tells the world are one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.topics import FedEvent
from dialplane.domain.ids import AccountId, EventId, new_id
from dialplane.services.transaction import Transaction


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where an event stands among the others."""

    number: int
    horizon: int
    """The oldest transaction that was going on when it was written."""


class EventStore(Protocol):
    """Port: the outbox."""

    async def append(self, events: Sequence[tuple[EventId, Event]]) -> None:
        """Keep the events in this order and make a delivery for each address that wants them, in one round trip.

        Wanting are, of public events, the account's enabled endpoints and the webhook address of the event's run.
        """
        ...

    async def watch(self, account_ids: Sequence[AccountId], watcher: UUID, time: timedelta) -> None:
        """Let the accounts' public events be hinted for so long, from the commit on."""
        ...

    async def find_many(self, event_ids: Sequence[EventId]) -> list[FedEvent]:
        """In the order of their numbers, which is that of the commits within a resource."""
        ...

    async def find_place(self, account_id: AccountId, event_id: EventId) -> EventPlace | None: ...

    async def list_after(
        self, account_id: AccountId, event_id: EventId, place: EventPlace, *, limit: int, offset: int
    ) -> list[FedEvent]:
        """The account's public events after that one, oldest first, and those that were being written with it."""
        ...

    async def next_xid(self) -> int:
        """The first transaction that has not begun."""
        ...

    async def oldest_xid(self) -> int:
        """The first transaction that is not over."""
        ...


async def publish(tx: Transaction, *events: Event) -> None:
    """Write the events with the change that they tell of; they are sent after the commit, and only after it.

    Any number of events, of any accounts, costs one round trip, and none of its own on a `together`. Events of one
    resource are delivered in the order of the arguments and of the commits. Call it after the change itself: the lock
    on the changed row keeps that order.
    """
    if events:
        await tx.events.append([(EventId(new_id(event.occurred_at)), event) for event in events])
