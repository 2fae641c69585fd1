"""Sender pools as a resource, whose number a message is sent from, and when the pool's rates let it go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import Address, normalize_tel, tel
from dialplane.domain.errors import Invalid, LimitExceeded
from dialplane.domain.ids import AccountId, NumberId, new_id
from dialplane.domain.messaging.sender_pools import MOST_POOLS, SenderPool, check_pool, choose_sender
from dialplane.domain.rcml.parameters import country_of
from dialplane.services.transaction import Database, Transaction


class SenderPoolStore(Protocol):
    """Port. Deleted pools are never found; of a pool's numbers only those that may send are."""

    async def save(self, pool: SenderPool, number_ids: Sequence[NumberId] | None) -> None:
        """Insert or change; `number_ids` are its numbers from now on, None leaves them as they are."""
        ...

    async def get(self, account_id: AccountId, pool_id: UUID) -> SenderPool:
        """Raises NotFound."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[SenderPool]: ...

    async def count(self, account_id: AccountId) -> int: ...

    async def delete(self, pool_id: UUID, now: datetime) -> None: ...

    async def last_sender(self, account_id: AccountId, numbers: Sequence[str], peer: str) -> str | None:
        """Which of the numbers the peer knows: the first one that wrote to it, or was written to by it."""
        ...

    async def take_slot(self, pool_id: UUID, key: str, at: datetime, interval: timedelta) -> datetime:
        """The first moment from `at` on that is free for `key`; the next one is free an interval later."""
        ...


async def create_pool(
    database: Database,
    account_id: AccountId,
    name: str,
    numbers: Sequence[str],
    *,
    number_rate: int,
    destination_rate: int,
    now: datetime,
) -> SenderPool:
    """Raises Invalid naming the field, LimitExceeded."""
    draft = SenderPool(new_id(now), account_id, name, now, number_rate=number_rate, destination_rate=destination_rate)
    async with database.transaction() as tx:
        if await tx.sender_pools.count(account_id) >= MOST_POOLS:
            raise LimitExceeded(f"An account has at most {MOST_POOLS} sender pools")
        return await _save(tx, draft, numbers)


async def update_pool(
    database: Database,
    account_id: AccountId,
    pool_id: UUID,
    *,
    name: str | None = None,
    numbers: Sequence[str] | None = None,
    number_rate: int | None = None,
    destination_rate: int | None = None,
    now: datetime,
) -> SenderPool:
    """None leaves a field as it is. Raises Invalid naming the field, NotFound."""
    async with database.transaction() as tx:
        pool = await tx.sender_pools.get(account_id, pool_id)
        changed = replace(
            pool,
            name=pool.name if name is None else name,
            number_rate=pool.number_rate if number_rate is None else number_rate,
            destination_rate=pool.destination_rate if destination_rate is None else destination_rate,
            updated_at=now,
        )
        return await _save(tx, changed, numbers)


async def get_pool(database: Database, account_id: AccountId, pool_id: UUID) -> SenderPool:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await tx.sender_pools.get(account_id, pool_id)


async def list_pools(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[SenderPool]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.sender_pools.list_for(account_id, before=before, limit=limit)


async def delete_pool(database: Database, account_id: AccountId, pool_id: UUID, now: datetime) -> SenderPool:
    """Its numbers stay the account's; what was said to its senders about consent stays on record. Raises NotFound."""
    async with database.transaction() as tx:
        pool = await tx.sender_pools.get(account_id, pool_id)
        await tx.sender_pools.delete(pool_id, now)
    return pool


async def sender_of_pool(tx: Transaction, account_id: AccountId, pool_id: UUID, peer: str) -> Address:
    """The number that the peer knows already, else the nearest one.

    Raises NotFound, Invalid where no number of the pool may send.
    """
    pool = await tx.sender_pools.get(account_id, pool_id)
    if not pool.numbers:
        raise Invalid("The sender pool has no number that may send", reason="POOL_EMPTY", field="source")
    known = await tx.sender_pools.last_sender(account_id, pool.numbers, peer)
    return tel(known or choose_sender(pool.numbers, peer))


async def free_at(
    tx: Transaction, pool_id: UUID, sender: str, peer: str, at: datetime, *, number_rate: int, destination_rate: int
) -> datetime:
    """When a pool's rates let a message go that may go at `at`."""
    if number_rate:
        at = await tx.sender_pools.take_slot(pool_id, f"from:{sender}", at, timedelta(minutes=1) / number_rate)
    if destination_rate:
        country = country_of(peer) or peer[:3]
        at = await tx.sender_pools.take_slot(pool_id, f"to:{country}", at, timedelta(minutes=1) / destination_rate)
    return at


async def _save(tx: Transaction, pool: SenderPool, numbers: Sequence[str] | None) -> SenderPool:
    check_pool(pool if numbers is None else replace(pool, numbers=tuple(numbers)))
    number_ids = None if numbers is None else await _number_ids(tx, pool.account_id, numbers)
    await tx.sender_pools.save(pool, number_ids)
    return await tx.sender_pools.get(pool.account_id, pool.id)


async def _number_ids(tx: Transaction, account_id: AccountId, numbers: Sequence[str]) -> list[NumberId]:
    """In the order given, each once. Raises Invalid for a number that is not the account's."""
    wanted = list(dict.fromkeys(normalize_tel(number, field="numbers") for number in numbers))
    own = {each.number: each.id for each in await tx.numbers.find_live(wanted) if each.account_id == account_id}
    for number in wanted:
        if number not in own:
            raise Invalid(f"{number} is not a number of this account", reason="SOURCE_NOT_OWNED", field="numbers")
    return [own[number] for number in wanted]
