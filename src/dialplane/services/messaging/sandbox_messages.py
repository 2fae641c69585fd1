"""What the operator may do with the simulated carrier: bring a message in, and see what was sent out."""

from collections.abc import Sequence
from datetime import datetime

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import Conflict, Invalid
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.messages import Conversation, Message, check_text
from dialplane.services.messaging.inbound_messages import InboundMessage, MessageRefused, receive_message
from dialplane.services.messaging.message_store import SandboxMessage
from dialplane.services.transaction import Database


async def inject_message(
    database: Database, *, source: str, destination: str, text: str, medias: tuple[str, ...] = (), now: datetime
) -> Message | MessageRefused:
    """A message from the PSTN, as the simulated carrier brings it. Raises Invalid."""
    checked = check_text(text, medias)
    return await receive_message(database, InboundMessage(source, destination, checked, medias), now)


async def text_from_handset(
    database: Database, account_id: AccountId, *, handset: str, own: str, text: str, key: str = "", now: datetime
) -> Conversation:
    """A text from somebody's phone to a number of this account, as the simulated carrier brings it: told once, however
    often the same `key` comes. The conversation that it belongs to.

    The number is looked up first, so that nobody writes to another account's: that it changes hands just then does no
    more than any text from outside. Raises Invalid (`from`, `to`, `text`), Conflict where the number takes no text now.
    """
    source = normalize_tel(handset, field="from")
    destination = normalize_tel(own, field="to")
    async with database.reading() as tx:
        held = await tx.numbers.find_live([destination])
    if not any(each.account_id == account_id for each in held):
        raise Invalid("This is not a number of yours", field="to")
    inbound = InboundMessage(source, destination, check_text(text), carrier_id=f"{account_id}:{key}" if key else "")
    arrived = await receive_message(database, inbound, now)
    if isinstance(arrived, MessageRefused):
        raise Conflict(arrived.reason, reason=arrived.refused.name, field="to")
    async with database.reading() as tx:
        [conversation] = await tx.messages.conversations_of(arrived.id)
    return conversation


async def list_sent_messages(database: Database, *, to: str = "", limit: int = 100) -> Sequence[SandboxMessage]:
    """What the simulated carrier was given for `to` (every number where empty), newest first."""
    async with database.reading() as tx:
        return await tx.messages.list_sandbox(to, limit=limit)
