"""A message's way out: queued, with its price held until a carrier took it.

Messages that are sent together are queued by one transaction: what they share is looked up, locked and written once.
"""

from collections.abc import Sequence
from datetime import datetime

from dialplane.domain.errors import Refusal
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.messages import Message
from dialplane.services.combining import Together
from dialplane.services.messaging.message_judging import Wish
from dialplane.services.messaging.message_limits import (
    MessageLimitReached,
    tell_limits_reached,
    telling_of_limits,
)
from dialplane.services.messaging.message_queueing import queue_many, queue_message
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.transaction import Database

MOST_TOGETHER = 200
"""Messages of one transaction, in which the accounts' purses are locked."""
LANES = 2
"""Batches under way at once."""


async def send_message(database: Database, account_id: AccountId, request: MessageRequest, now: datetime) -> Message:
    """Queue a message to every destination; its price is held until the carrier took it. Those of one account are
    queued in the order of the calls.

    Raises Invalid, NotPermitted, InsufficientBalance, LimitExceeded (a limit of the account, a loop between runs).
    """
    if request.run_id is not None:  # a loop must end its transaction
        async with telling_of_limits(database, now), database.transaction() as tx:
            return await queue_message(tx, account_id, request, now)
    return await _QUEUEING.submit(database, Wish(account_id, request, now), lane=account_id.int)


async def _queue(database: Database, wishes: Sequence[Wish]) -> list[Message | Refusal]:
    async with database.transaction() as tx:
        outcomes = await queue_many(tx, wishes)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, MessageLimitReached)]
    await tell_limits_reached(database, refusals, max(wish.now for wish in wishes))
    return outcomes


_QUEUEING: Together[Wish, Message] = Together(_queue, limit=MOST_TOGETHER, lanes=LANES)
