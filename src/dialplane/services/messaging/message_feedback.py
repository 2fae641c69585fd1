"""Feedback on messages: kept with the message, and told."""

from datetime import datetime

from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, MessageId
from dialplane.domain.messaging.feedback import Feedback, Outcome
from dialplane.domain.messaging.messages import Direction
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.messages import message_shape
from dialplane.services.transaction import Database


async def give_feedback(
    database: Database, account_id: AccountId, message_id: MessageId, outcome: Outcome, now: datetime
) -> Feedback:
    """Saying the same again changes nothing.

    Raises NotFound, Invalid for a message that came in.
    """
    async with database.transaction() as tx:
        message = await tx.messages.find(account_id, message_id, lock=True)
        if message is None:
            raise NotFound("There is no such message", reason="MESSAGE_NOT_FOUND")
        if message.direction is Direction.INBOUND:
            raise Invalid("Feedback is given on messages that were sent", field="message_id")
        known = await tx.messages.find_feedback(message_id)
        if known is not None and known.outcome is outcome:
            return known
        feedback = Feedback(outcome, now if known is None else known.created_at, now)
        await tx.messages.save_feedback(message_id, feedback)
        shown = message_shape(message) | {"outcome": outcome.value}
        await publish(tx, Event(account_id, "message_feedback", message_id, shown, now, run_id=message.run_id))
    return feedback
