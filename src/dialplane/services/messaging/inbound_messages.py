"""A message's way in: whose number it came to, whether it is let in, what it starts (DESIGN section 6).

Messages that come in together are taken in by one transaction: what they share is looked up, locked and written once.
"""

from datetime import datetime

from dialplane.domain.messaging.arrivals import InboundMessage as InboundMessage
from dialplane.domain.messaging.arrivals import MessageRefused as MessageRefused
from dialplane.domain.messaging.messages import Message, inbound_text
from dialplane.services.combining import Together
from dialplane.services.messaging.message_intake import Arrival, RepeatedKey, take_in, take_in_by
from dialplane.services.transaction import Database, Transaction

MOST_TOGETHER = 200
"""Messages of one transaction: it takes some 50 ms, in which the accounts' purses are locked."""
LANES = 2
"""Batches under way at once."""

_TAKING_IN: Together[Arrival, Message | MessageRefused] = Together(
    take_in, limit=MOST_TOGETHER, lanes=LANES, tried_again=(RepeatedKey,)
)
"""Callers of many faces and carriers share it. A key that somebody else has just taken in is known the next time."""


async def receive_message(database: Database, inbound: InboundMessage, now: datetime) -> Message | MessageRefused:
    """Keep the message, charge it, tell of it and queue the run of its number's flow; or refuse it with the reason.

    Messages to one number are taken in the order of the calls. Raises Invalid where the text is too long.
    """
    arrival = Arrival(inbound, inbound_text(inbound.text), now)
    return await _TAKING_IN.submit(database, arrival, lane=hash(inbound.destination))


async def receive_in(tx: Transaction, inbound: InboundMessage, now: datetime) -> Message | MessageRefused:
    """As `receive_message`, inside the caller's transaction, alone. Raises RepeatedKey too."""
    (outcome,) = await take_in_by(tx, [Arrival(inbound, inbound_text(inbound.text), now)])
    return outcome
