"""Waiting until a message is handed over, for runs that want to know before they go on (`conversation_send.sync`)."""

import asyncio

from dialplane.domain.ids import AccountId, MessageId
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.domain.programs.commands import Failed, MessageQueued
from dialplane.services.transaction import Database

LONGEST_S = 30.0
"""A carrier that takes longer does not hold the run up any more."""
LOOK_AGAIN_S = 0.25
_LOST = (TargetStatus.FAILED, TargetStatus.GW_TIMEOUT)


async def wait_until_sent(database: Database, account_id: AccountId, message_id: MessageId) -> MessageQueued | Failed:
    """Until no receiver is queued any more; `Failed` where one of them cannot be reached."""
    try:
        async with asyncio.timeout(LONGEST_S):
            while True:
                async with database.reading() as tx:
                    message = await tx.messages.find(account_id, message_id)
                targets = message.targets if message is not None else ()
                if all(target.status is not TargetStatus.QUEUED for target in targets):
                    break
                await asyncio.sleep(LOOK_AGAIN_S)
    except TimeoutError:
        return Failed(f"the message was not handed over within {LONGEST_S:.0f} s")
    lost = next((target for target in targets if target.status in _LOST), None)
    return MessageQueued(message_id) if lost is None else Failed(lost.reason or f"the message {lost.status.value}")
