"""What can be had (being written)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.ids import AccountId, ItemId
from dialplane.domain.inventory import Item, ItemQuery, ItemState, Reservation, ReservationStatus


class InventoryStore(Protocol):
    """Port: stock and reservations."""

    async def add_items(self, items: Sequence[Item]) -> set[str]:
        """Insert those whose number is not in stock yet; the numbers that went in."""
        ...

    async def find_known(self, numbers: Sequence[str]) -> set[str]:
        """Those of the numbers that are in stock, whatever their state."""
        ...

    async def search(self, query: ItemQuery, now: datetime) -> list[Item]:
        """Items on offer that fit, in the order of their numbers, or nearest first where a point is given."""
        ...

    async def lock_by_number(self, number: str) -> Item | None:
        """The item, locked until the transaction ends."""
        ...

    async def lock_any(self, query: ItemQuery, now: datetime) -> Item | None:
        """One item on offer that fits and that nobody else is about to take, locked (NUM-2)."""
        ...

    async def lock(self, item_id: ItemId) -> Item | None: ...

    async def set_state(
        self, item_id: ItemId, state: ItemState, *, account_id: AccountId | None, until: datetime | None, now: datetime
    ) -> None: ...

    async def free_quarantined(self, now: datetime, *, limit: int) -> int:
        """Offer again what has rested long enough; how many they were."""
        ...

    async def add_reservation(self, reservation: Reservation) -> None: ...

    async def find_reservation(self, account_id: AccountId, reservation_id: UUID) -> Reservation | None: ...

    async def list_reservations(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> list[Reservation]:
        """Newest first, those that are held."""
        ...

    async def end_reservation(self, item_id: ItemId, status: ReservationStatus, now: datetime) -> None:
        """End the item's reservation, if it has one."""
        ...

    async def expired_reservations(self, now: datetime, *, limit: int) -> list[Reservation]:
        """Held ones whose time is over, with their items locked; those that others have locked are left out."""
        ...
