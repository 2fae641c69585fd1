"""What can be had: search, the operator's imports, reservations."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.calling.calls import Place
from dialplane.domain.errors import AlreadyExists, Conflict, LimitExceeded, NotFound
from dialplane.domain.ids import AccountId, ItemId, TrunkId, new_id
from dialplane.domain.numbering.history import OPERATOR
from dialplane.domain.numbering.numbers import QUARANTINE, NumberKind
from dialplane.domain.supply.imports import StockRow
from dialplane.domain.supply.inventory import (
    MOST_RESERVED,
    OWNED,
    RESERVATION,
    Item,
    ItemQuery,
    ItemState,
    NewItem,
    Offer,
    Reservation,
    ReservationStatus,
    StockCount,
    StockQuery,
)
from dialplane.services.supply.stocking import put_in_stock
from dialplane.services.tenancy.account_locks import hold_active_alone
from dialplane.services.transaction import Database, Transaction


class InventoryStore(Protocol):
    """Port: stock and reservations."""

    async def add_items(self, items: Sequence[Item]) -> set[str]:
        """Insert those whose number is not in stock yet, offered or assigned; the numbers that went in."""
        ...

    async def count_by_carrier(self, *, exactly_up_to: int) -> StockCount:
        """How many numbers each carrier has in each state; states and carriers without any are left out. Counted where
        there are at most so many items, estimated beyond."""
        ...

    async def find_known(self, numbers: Sequence[str]) -> set[str]:
        """Those of the numbers that are in stock, whatever their state."""
        ...

    async def remove_untouched(self, item_ids: Sequence[ItemId]) -> Mapping[ItemId, ItemState]:
        """Delete those that nobody had or held since they came; the state of the others that are there."""
        ...

    async def look_again(self) -> None:
        """Let the search know that the stock is another size now."""
        ...

    async def list_stock(self, query: StockQuery, *, after: str, limit: int) -> list[Item]:
        """Items in the order of their numbers, whatever their state; those after the number `after`."""
        ...

    async def places(self, numbers: Collection[str]) -> Mapping[str, Place]:
        """Where those of the numbers that are in stock, or were sold out of it, are at home."""
        ...

    async def find_trunk_of(self, number: str) -> TrunkId | None:
        """The trunk by which the number is reached, where that is known."""
        ...

    async def list_countries(self) -> Mapping[str, Sequence[NumberKind]]:
        """Countries that have numbers on offer, in the order of their names, and of which types."""
        ...

    async def locate(self, number: str) -> tuple[float, float] | None:
        """Latitude and longitude of the number if it is in stock, else of one on offer in its area."""
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

    async def set_states(self, changed: Sequence[tuple[ItemId, ItemState, AccountId]], now: datetime) -> None:
        """The same for items of many accounts, without an end."""
        ...

    async def rested(self, now: datetime, *, limit: int) -> list[Item]:
        """Items whose quarantine is over."""
        ...

    async def add_reservation(self, reservation: Reservation) -> None: ...

    async def find_reservation(self, account_id: AccountId, reservation_id: UUID) -> Reservation | None: ...

    async def find_held(self, item_id: ItemId) -> Reservation | None:
        """The item's reservation that has not ended, whoever's it is."""
        ...

    async def count_reserved(self, account_id: AccountId, now: datetime) -> int:
        """How many the account holds at `now`."""
        ...

    async def list_reservations(
        self, account_id: AccountId, now: datetime, *, before: datetime | None, limit: int
    ) -> list[Reservation]:
        """Those that are held at `now`, newest first; made before `before`."""
        ...

    async def end_reservation(self, item_id: ItemId, status: ReservationStatus, now: datetime) -> None:
        """End the item's reservation, if it has one."""
        ...

    async def expired_reservations(self, now: datetime, *, limit: int) -> list[Reservation]:
        """Held ones whose time is over, their items locked; those that others have locked are left out."""
        ...


# --- search ----------------------------------------------------------------------------------------------------------


async def search(database: Database, query: ItemQuery, now: datetime) -> list[Offer]:
    """What is on offer now, at most `query.limit`. Raises Invalid naming the field."""
    query.check()
    async with database.browsing() as tx:
        return await read_offers(tx, query, now)


async def read_offers(tx: Transaction, query: ItemQuery, now: datetime) -> list[Offer]:
    """The same for a query that was checked; its limit may be any."""
    if query.is_virtual:
        return await _offer_virtual(tx, query.limit, now)
    return [offer_of(item) for item in await tx.inventory.search(query, now)]


async def list_countries(database: Database) -> Mapping[str, Sequence[NumberKind]]:
    """Countries that have numbers on offer, in the order of their names, and of which types."""
    async with database.reading() as tx:
        return await tx.inventory.list_countries()


async def locate(database: Database, number: str) -> tuple[float, float] | None:
    """Where a number is: latitude and longitude in degrees, as far as the stock knows numbers of its area."""
    async with database.reading() as tx:
        return await tx.inventory.locate(number)


def offer_of(item: Item | NewItem) -> Offer:
    """What is shown of an item, or of what a carrier has."""
    return Offer(
        number=item.number,
        kind=item.kind,
        country=item.country,
        capabilities=item.capabilities,
        region=item.region,
        locality=item.locality,
        postal_code=item.postal_code,
        latitude=item.latitude,
        longitude=item.longitude,
        setup_micros=item.setup_micros,
        monthly_micros=item.monthly_micros,
        documents_required=item.documents_required,
        item_id=item.id if isinstance(item, Item) else None,
    )


async def _offer_virtual(tx: Transaction, count: int, now: datetime) -> list[Offer]:
    """Random free numbers of +899 001 to 999: nobody can walk the range to see who has what."""
    drawn = [f"+899{random.randint(1, 999):03}{random.randint(0, 999_999):06}" for _ in range(2 * count)]
    taken = await tx.numbers.taken(drawn, since=now - QUARANTINE)
    free = [number for number in dict.fromkeys(drawn) if number not in taken][:count]
    return [Offer(number, NumberKind.VIRTUAL, country="899", capabilities=("voice",)) for number in free]


# --- the operator's stock --------------------------------------------------------------------------------------------


async def import_items(
    database: Database, items: Sequence[NewItem], now: datetime, *, carrier: str = OWNED
) -> list[str]:
    """Put numbers on offer; the numbers that were new, in the order given. Safe to repeat.

    Raises Invalid naming the field; nothing is imported then.
    """
    return await put_in_stock(database, [StockRow(item) for item in items], OPERATOR, now, carrier=carrier)


# --- reservations ----------------------------------------------------------------------------------------------------


async def reserve(database: Database, account_id: AccountId, number: str, now: datetime) -> Reservation:
    """Keep an item for the account for 30 minutes; reserving again while it lasts gives the same reservation.

    Raises Invalid for what is no number, NotFound where it is not in stock, AlreadyExists where somebody has or holds
    it, LimitExceeded where the account holds too many, NotPermitted where it is not active.
    """
    number = normalize_tel(number, field="number")
    async with database.transaction() as tx:
        await hold_active_alone(tx, account_id)
        item = await tx.inventory.lock_by_number(number)
        if item is None:
            raise NotFound(f"{number} is not on offer", reason="NUMBER_NOT_FOUND", field="number")
        if not item.may_be_ordered_by(account_id, now):
            raise AlreadyExists(f"{number} is taken", reason="ALREADY_EXISTS", field="number")
        held = await tx.inventory.find_held(item.id)
        if held is not None and held.account_id == account_id and held.expires_at > now:
            return held
        if await tx.inventory.count_reserved(account_id, now) >= MOST_RESERVED:
            raise LimitExceeded(f"{MOST_RESERVED} numbers are reserved already", reason="RESOURCE_LIMIT_EXCEEDED")
        await tx.inventory.end_reservation(item.id, ReservationStatus.EXPIRED, now)
        until = now + RESERVATION
        reservation = Reservation(
            new_id(now), account_id, item.id, number, ReservationStatus.HELD, expires_at=until, created_at=now
        )
        await tx.inventory.add_reservation(reservation)
        await tx.inventory.set_state(item.id, ItemState.HELD, account_id=account_id, until=until, now=now)
    return reservation


async def get_reservation(
    database: Database, account_id: AccountId, reservation_id: UUID, now: datetime
) -> Reservation:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return (await _get_reservation(tx, account_id, reservation_id)).at(now)


async def list_reservations(
    database: Database, account_id: AccountId, now: datetime, *, before: datetime | None = None, limit: int = 100
) -> list[Reservation]:
    """Those that are held, newest first."""
    async with database.reading() as tx:
        return await tx.inventory.list_reservations(account_id, now, before=before, limit=limit)


async def give_back(database: Database, account_id: AccountId, reservation_id: UUID, now: datetime) -> Reservation:
    """End a reservation before its time. Raises NotFound, or Conflict where it has ended."""
    async with database.transaction() as tx:
        reservation = await _get_reservation(tx, account_id, reservation_id)
        await tx.inventory.lock(reservation.item_id)
        reservation = (await _get_reservation(tx, account_id, reservation_id)).at(now)
        if reservation.status is not ReservationStatus.HELD:
            raise Conflict(f"The reservation is {reservation.status} already", reason="STATE_INVALID")
        await _end(tx, reservation, ReservationStatus.RELEASED, now)
    return replace(reservation, status=ReservationStatus.RELEASED, ended_at=now)


async def expire_reservations(database: Database, now: datetime, *, limit: int = 200) -> int:
    """Put on offer again what was reserved and not bought in time; how many they were."""
    async with database.transaction() as tx:
        expired = await tx.inventory.expired_reservations(now, limit=limit)
        for reservation in expired:
            await _end(tx, reservation, ReservationStatus.EXPIRED, now)
    return len(expired)


async def _end(tx: Transaction, reservation: Reservation, status: ReservationStatus, now: datetime) -> None:
    await tx.inventory.end_reservation(reservation.item_id, status, now)
    await tx.inventory.set_state(reservation.item_id, ItemState.OFFERED, account_id=None, until=None, now=now)


async def _get_reservation(tx: Transaction, account_id: AccountId, reservation_id: UUID) -> Reservation:
    found = await tx.inventory.find_reservation(account_id, reservation_id)
    if found is None:
        raise NotFound("There is no such reservation", reason="RESERVATION_NOT_FOUND")
    return found
