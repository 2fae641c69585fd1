"""What goes on in an account when it is closed: its calls are hung up, its rooms and lines are no more."""

from collections.abc import Collection
from datetime import datetime

from dialplane.domain.ids import AccountId, new_id
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.calling.groupcalls import hangup_in
from dialplane.services.rooms.conferences import delete_in as delete_conference
from dialplane.services.rooms.queue_members import delete_in as delete_queue
from dialplane.services.rooms.queues import with_live
from dialplane.services.transaction import Transaction


async def end_what_goes_on(tx: Transaction, accounts: Collection[AccountId], now: datetime) -> None:
    """Order the nodes to hang up every call; conferences and queues are deleted, and whoever is in them let go."""
    for group in await tx.groupcalls.lock_live_of(accounts):
        await hangup_in(tx, group, now)
    for conference in await tx.conferences.lock_of(accounts):
        await delete_conference(tx, conference, now)
    for line in await with_live(tx, await tx.queues.lock_of(accounts)):
        await delete_queue(tx, line, now)
    calls = await tx.calls.live_of(accounts)
    if calls:
        await tx.calls.post_commands(
            [NodeCommand(new_id(now), call.node, call.id, "hangup", {}, now) for call in calls]
        )
