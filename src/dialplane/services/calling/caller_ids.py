"""Outgoing caller IDs: numbers of other carriers, proved by a call in which a code is keyed (FRD-8)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import normalize_tel, tel
from dialplane.domain.calling.caller_ids import (
    LONGEST_NAME,
    MOST_CALLER_IDS,
    CallerId,
    CallerIdFilter,
    new_code,
    verifying_actions,
)
from dialplane.domain.calling.calls import Call
from dialplane.domain.errors import Invalid, LimitExceeded, NotFound
from dialplane.domain.ids import AccountId, RunId, new_id
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.transaction import Database


class CallerIdStore(Protocol):
    """Port."""

    async def settle(self, accounts: Collection[AccountId], now: datetime) -> None:
        """Mark those as verified in whose call the code was keyed."""
        ...

    async def save(self, caller_id: CallerId) -> CallerId:
        """Insert, or ask again for a number that is there: its id and standing stay. Gives what is kept."""
        ...

    async def find(self, account_id: AccountId, caller_id: UUID) -> CallerId | None: ...

    async def query(
        self, account_id: AccountId, wanted: CallerIdFilter, *, offset: int, limit: int
    ) -> tuple[list[CallerId], int]:
        """Oldest first, and how many there are in all."""
        ...

    async def rename(self, account_id: AccountId, caller_id: UUID, name: str, now: datetime) -> CallerId | None: ...

    async def delete(self, account_id: AccountId, caller_id: UUID) -> bool: ...

    async def verified(
        self, accounts: Collection[AccountId], numbers: Collection[str]
    ) -> frozenset[tuple[AccountId, str]]:
        """Which of the numbers which of the accounts may show."""
        ...


@dataclass(frozen=True, slots=True)
class CallerIdWish:
    """A number to be proved. `extension` is dialled when the call is answered, `delay_s` after that."""

    number: str
    name: str = ""
    extension: str = ""
    delay_s: int = 0


async def ask_for_caller_id(
    database: Database, account_id: AccountId, wish: CallerIdWish, now: datetime
) -> tuple[CallerId, Call]:
    """Call the number and ask for a code; it may be shown as soon as that was keyed.

    The call is one of the account's, from its own number, at its own cost. Raises Invalid naming the field,
    LimitExceeded, and what `create_calls` raises.
    """
    number = normalize_tel(wish.number, field="number")
    name = wish.name or number
    if len(name) > LONGEST_NAME:
        raise Invalid(f"name has {LONGEST_NAME} characters at most", field="name")
    async with database.reading() as tx:
        _, existing = await tx.caller_ids.query(account_id, CallerIdFilter(), offset=0, limit=0)
        own = await tx.numbers.find_caller_id(account_id)
    if existing >= MOST_CALLER_IDS:
        raise LimitExceeded(f"An account has {MOST_CALLER_IDS} caller IDs at most")
    if own is None:
        raise Invalid("The account needs a number of its own to call from", reason="SOURCE_NOT_OWNED", field="number")
    request = CallRequest(
        source=tel(own.number),
        destinations=(tel(number),),
        actions=verifying_actions(wish.extension, wish.delay_s),
    )
    call = (await create_calls(database, account_id, request, now)).calls[0]
    assert call.run_id is not None
    wanted = CallerId(new_id(now), account_id, number, name, new_code(), RunId(call.run_id), now)
    async with database.transaction() as tx:
        return await tx.caller_ids.save(wanted), call


async def query_caller_ids(
    database: Database, account_id: AccountId, wanted: CallerIdFilter, now: datetime, *, offset: int, limit: int
) -> tuple[list[CallerId], int]:
    """Oldest first, and how many there are in all."""
    async with database.transaction() as tx:
        await tx.caller_ids.settle([account_id], now)
        return await tx.caller_ids.query(account_id, wanted, offset=offset, limit=limit)


async def get_caller_id(database: Database, account_id: AccountId, caller_id: UUID, now: datetime) -> CallerId:
    """Raises NotFound."""
    async with database.transaction() as tx:
        await tx.caller_ids.settle([account_id], now)
        return _found(await tx.caller_ids.find(account_id, caller_id))


async def rename_caller_id(
    database: Database, account_id: AccountId, caller_id: UUID, name: str, now: datetime
) -> CallerId:
    """Raises Invalid, NotFound."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(f"name has 1 to {LONGEST_NAME} characters", field="name")
    async with database.transaction() as tx:
        return _found(await tx.caller_ids.rename(account_id, caller_id, name, now))


async def delete_caller_id(database: Database, account_id: AccountId, caller_id: UUID) -> None:
    """It may not be shown any more. Raises NotFound."""
    async with database.transaction() as tx:
        if not await tx.caller_ids.delete(account_id, caller_id):
            raise _unknown()


def _found(caller_id: CallerId | None) -> CallerId:
    if caller_id is None:
        raise _unknown()
    return caller_id


def _unknown() -> NotFound:
    return NotFound("There is no such caller ID", reason="CALLER_ID_NOT_FOUND")
