"""A message's way in: whose number it came to, whether it is let in, what it starts (DESIGN section 6).

Messages that come in together are taken in by one transaction: what they share is looked up, locked and written once.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from weakref import WeakKeyDictionary, ref

from dialplane.domain.errors import Unavailable
from dialplane.domain.messaging.arrivals import InboundMessage as InboundMessage
from dialplane.domain.messaging.arrivals import MessageRefused as MessageRefused
from dialplane.domain.messaging.messages import Message, check_text
from dialplane.services.combining import Combiner
from dialplane.services.messaging.message_intake import Arrival, RepeatedKey, take_in, take_in_by
from dialplane.services.transaction import Database, Transaction

MOST_TOGETHER = 200
"""Messages of one transaction: it takes some 50 ms, in which the accounts' purses are locked."""
LANES = 2
"""Batches under way at once: while the store writes one, this process works on the other."""

_Carry: TypeAlias = Callable[[Sequence[Arrival]], Awaitable[Sequence[Message | MessageRefused | Exception]]]

_COMBINERS: "WeakKeyDictionary[Database, list[Combiner[Arrival, Message | MessageRefused]]]" = WeakKeyDictionary()
"""The lanes of each store that this process has: callers of many faces and carriers share them."""


async def receive_message(database: Database, inbound: InboundMessage, now: datetime) -> Message | MessageRefused:
    """Keep the message, charge it, tell of it and queue the run of its number's flow; or refuse it with the reason.

    Messages to one number are taken in the order of the calls. Raises Invalid where the text is too long or there is
    nothing in it.
    """
    arrival = Arrival(inbound, check_text(inbound.text, inbound.medias), now)
    lanes = _COMBINERS.get(database)
    if lanes is None:
        carry = _taking_in(database)
        lanes = _COMBINERS[database] = [Combiner(carry, limit=MOST_TOGETHER) for _ in range(LANES)]
    return await lanes[hash(inbound.destination) % LANES].submit(arrival)


async def receive_in(tx: Transaction, inbound: InboundMessage, now: datetime) -> Message | MessageRefused:
    """As `receive_message`, inside the caller's transaction, alone. Raises RepeatedKey too."""
    (outcome,) = await take_in_by(tx, [Arrival(inbound, check_text(inbound.text, inbound.medias), now)])
    return outcome


def _taking_in(database: Database) -> _Carry:
    """What the combiner does with a batch. It does not keep the store alive, which it is found by."""
    held = ref(database)

    async def carry(arrivals: Sequence[Arrival]) -> Sequence[Message | MessageRefused | Exception]:
        store = held()
        if store is None:
            return [Unavailable("The store is gone")] * len(arrivals)
        try:
            return await take_in(store, arrivals)
        except Unavailable:
            raise
        except Exception as fault:
            if len(arrivals) == 1 and not isinstance(fault, RepeatedKey):
                raise
        return [await _alone(store, arrival) for arrival in arrivals]

    return carry


async def _alone(database: Database, arrival: Arrival) -> Message | MessageRefused | Exception:
    """One message of a batch that failed: the fault of one is no matter of the others. A key that somebody else has
    just taken in is known by now."""
    try:
        return (await take_in(database, [arrival]))[0]
    except Exception as fault:  # noqa: BLE001  its owner gets it
        return fault
