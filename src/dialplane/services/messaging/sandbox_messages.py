"""What the operator may do with the simulated carrier: bring a message in, and see what was sent out."""

from collections.abc import Sequence
from datetime import datetime

from dialplane.domain.messaging.messages import Message
from dialplane.services.messaging.inbound_messages import InboundMessage, MessageRefused, receive_message
from dialplane.services.messaging.messages import SandboxMessage
from dialplane.services.transaction import Database


async def inject_message(
    database: Database, *, source: str, destination: str, text: str, medias: tuple[str, ...] = (), now: datetime
) -> Message | MessageRefused:
    """A message from the PSTN, as the simulated carrier brings it. Raises Invalid."""
    return await receive_message(database, InboundMessage(source, destination, text, medias), now)


async def list_sent_messages(database: Database, *, to: str = "", limit: int = 100) -> Sequence[SandboxMessage]:
    """What the simulated carrier was given for `to` (every number where empty), newest first."""
    async with database.reading() as tx:
        return await tx.messages.list_sandbox(to, limit=limit)
