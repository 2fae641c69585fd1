"""A message's way out: queued, with its price held until a carrier took it.

Messages that are sent together are queued by one transaction: what they share is looked up, locked and written once.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from weakref import WeakKeyDictionary, ref

from dialplane.domain.errors import Refusal, Unavailable
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.messages import Message
from dialplane.services.combining import Combiner
from dialplane.services.messaging.message_queueing import Wish, queue_many, queue_message
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.transaction import Database

MOST_TOGETHER = 200
"""Messages of one transaction, in which the accounts' purses are locked."""
LANES = 2
"""Batches under way at once: while the store writes one, this process works on the other."""

_Carry: TypeAlias = Callable[[Sequence[Wish]], Awaitable[Sequence[Message | Exception]]]

_COMBINERS: "WeakKeyDictionary[Database, list[Combiner[Wish, Message]]]" = WeakKeyDictionary()
"""The lanes of each store that this process has."""


async def send_message(database: Database, account_id: AccountId, request: MessageRequest, now: datetime) -> Message:
    """Queue a message to every destination; its price is held until the carrier took it. Those of one account are
    queued in the order of the calls.

    Raises Invalid, NotPermitted, InsufficientBalance, LimitExceeded (a loop between runs).
    """
    if request.run_id is not None:  # a loop must end its transaction
        async with database.transaction() as tx:
            return await queue_message(tx, account_id, request, now)
    lanes = _COMBINERS.get(database)
    if lanes is None:
        carry = _queueing(database)
        lanes = _COMBINERS[database] = [Combiner(carry, limit=MOST_TOGETHER) for _ in range(LANES)]
    return await lanes[account_id.int % LANES].submit(Wish(account_id, request, now))


def _queueing(database: Database) -> _Carry:
    """What the combiner does with a batch. It does not keep the store alive, which it is found by."""
    held = ref(database)

    async def carry(wishes: Sequence[Wish]) -> Sequence[Message | Exception]:
        store = held()
        if store is None:
            return [Unavailable("The store is gone")] * len(wishes)
        try:
            return await _together(store, wishes)
        except Unavailable:
            raise
        except Exception:
            if len(wishes) == 1:
                raise
        return [await _alone(store, wish) for wish in wishes]

    return carry


async def _together(database: Database, wishes: Sequence[Wish]) -> list[Message | Refusal]:
    async with database.transaction() as tx:
        return await queue_many(tx, wishes)


async def _alone(database: Database, wish: Wish) -> Message | Exception:
    """One message of a batch that failed: the fault of one is no matter of the others."""
    try:
        return (await _together(database, [wish]))[0]
    except Exception as fault:  # noqa: BLE001  its owner gets it
        return fault
