"""Goodbyes of dead nodes: what they knew of their parties is kept while calls go on, and another node hangs up (AV-2).

The audio and the program of a call die with its node. Its dialog does not have to: with tags, route set and CSeq any
node can send the BYE, and the party hears at once that the call is over instead of paying for silence.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.domain.ids import CallId, new_id
from dialplane.services.calling.calls import NODE_IS_ALIVE, NodeCommand
from dialplane.services.transaction import Transaction

GOODBYE_ORDER = "goodbye"
DIALOGS_AN_ORDER = 100
USEFUL_FOR = timedelta(minutes=5)
"""An older goodbye is not said: by then the party has noticed, or is in another call."""


class DialogStore(Protocol):
    """Port."""

    async def keep(self, dialogs: Mapping[CallId, KeptDialog], *, over: Collection[CallId]) -> None:
        """Keep these, and forget those of the calls that are over. Does not ask whether there are any."""
        ...

    async def take(self, calls: Collection[CallId]) -> Sequence[KeptDialog]:
        """Forget those of the calls, and give them."""
        ...


async def order_goodbyes(tx: Transaction, calls: Sequence[Call], now: datetime, *, by: str = "") -> None:
    """Let the node `by`, or one that lives, hang up for the parties of calls that were closed. Where nobody lives the
    parties are left to their own timers."""
    dialogs = await tx.dialogs.take([call.id for call in calls])
    node = by or (await tx.calls.pick_node(seen_after=now - NODE_IS_ALIVE) if dialogs else None)
    if dialogs and node is not None:
        await tx.calls.post_commands(
            [
                NodeCommand(
                    new_id(now),
                    node,
                    calls[0].id,
                    GOODBYE_ORDER,
                    {"dialogs": dialogs[first : first + DIALOGS_AN_ORDER]},
                    now,
                )
                for first in range(0, len(dialogs), DIALOGS_AN_ORDER)
            ]
        )


def read_goodbyes(command: NodeCommand, now: datetime) -> Sequence[KeptDialog]:
    """Whom to say goodbye to; nobody where the order has waited too long."""
    if now - command.created_at > USEFUL_FOR:
        return ()
    return msgspec.convert(command.payload["dialogs"], tuple[KeptDialog, ...])
