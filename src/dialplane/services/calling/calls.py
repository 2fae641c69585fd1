"""Calls as a resource: kept by the runtime as they change, read, hung up and deleted by their owner."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.calling.call_queries import CallLogPage, CallLogQuery, CallQuery
from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.calling.defence import NodeDefence
from dialplane.domain.calling.routing import MAX_DIALLED
from dialplane.domain.errors import Conflict, Invalid, NotFound, Unavailable
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.domain.values import dataclass
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.calls import call_shape
from dialplane.services.transaction import Database, Transaction

NODE_IS_ALIVE = timedelta(seconds=10)
"""A voice node that has not said so for this long gets no new calls."""

CommandKind = str
"""`dial`, `hangup`, …: see `voice/orders.py` and the subjects that add to it."""


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """An attempt that was turned away before any account was known."""

    id: UUID
    source_host: str
    raw_source: str
    raw_destination: str
    sip_code: int
    reason: str
    created_at: datetime
    route: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class NodeCommand:
    """An order in a voice node's mailbox."""

    id: UUID
    node: str
    call_id: CallId
    kind: CommandKind
    payload: Mapping[str, object]
    created_at: datetime


class CallStore(Protocol):
    """Port."""

    async def save_many(self, calls: Sequence[Call]) -> None:
        """Insert, or write over the row of the same id; a call stands in `calls` once at most."""
        ...

    async def update_many(self, calls: Sequence[Call]) -> set[CallId]:
        """Write what has changed of calls that are kept; what has ended stays as it is. Gives those that were
        written."""
        ...

    async def refuse_many(self, refused: Sequence[RefusedCall]) -> None: ...

    async def list_refused(self, *, before: datetime | None, limit: int) -> Sequence[RefusedCall]: ...

    async def find(self, account_id: AccountId, call_id: CallId) -> Call | None: ...

    async def find_live(self, call_id: CallId) -> Call | None:
        """Of any account; None where it has ended. For the node that carries it."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Call]: ...

    async def list_with(
        self, account_id: AccountId, targets: Sequence[str], *, before: datetime | None, limit: int
    ) -> list[Call]:
        """Newest first, among the account's newest: those whose party is any of the targets."""
        ...

    async def search(self, query: CallQuery) -> tuple[list[Call], int]:
        """One page, and how many there are on all pages."""
        ...

    async def log(self, account_id: AccountId, query: CallLogQuery) -> CallLogPage: ...

    async def list_live(self, account_id: AccountId, *, limit: int) -> list[Call]:
        """Those that have not ended, newest first."""
        ...

    async def delete(self, account_id: AccountId, call_id: CallId, now: datetime) -> None: ...

    async def live_of(self, accounts: Collection[AccountId]) -> list[Call]:
        """Every call of the accounts that has not ended."""
        ...

    async def live_on(self, node: str) -> list[Call]:
        """Every call of the node that has not ended, locked until the transaction ends."""
        ...

    async def list_defences(self, *, seen_after: datetime) -> list[NodeDefence]:
        """What each node that has been seen since then refuses, by the nodes' names."""
        ...

    async def last_seen(self, node: str) -> datetime | None: ...

    async def pick_node(self, *, seen_after: datetime) -> str | None:
        """A node that lives and is not draining; the one with the fewest live calls."""
        ...

    async def post_commands(self, commands: Sequence[NodeCommand]) -> None:
        """Put orders into mailboxes and hint their nodes."""
        ...

    async def take_commands(self, node: str, *, limit: int) -> list[NodeCommand]:
        """Take the oldest orders of the node out of its mailbox."""
        ...


async def list_calls(database: Database, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Call]:
    """Newest first; those made before `before`."""
    async with database.browsing() as tx:
        return await tx.calls.list_for(account_id, before=before, limit=limit)


async def find_calls(
    database: Database, account_id: AccountId, query: CallQuery, *, sub_accounts: bool = False
) -> tuple[list[Call], int]:
    """One page of the account's calls (`query.account_ids` is filled in here), and how many there are on all pages.

    `sub_accounts`: those of the accounts below it, too.
    """
    async with database.browsing() as tx:
        below = await tx.account_tree.ids_below(account_id) if sub_accounts else []
        return await tx.calls.search(replace(query, account_ids=(account_id, *below)))


async def read_log(database: Database, account_id: AccountId, query: CallLogQuery) -> CallLogPage:
    """A page of the account's log. Raises Invalid (`number`, `text`) for what is longer than any of it."""
    for name, text in (("number", query.number), ("text", query.text)):
        if len(text) > MAX_DIALLED:
            raise Invalid(f"At most {MAX_DIALLED} characters", field=name)
    async with database.browsing() as tx:
        return await tx.calls.log(account_id, query)


async def list_live_calls(database: Database, account_id: AccountId, *, limit: int) -> list[Call]:
    """Those that have not ended, newest first."""
    async with database.reading() as tx:
        return await tx.calls.list_live(account_id, limit=limit)


async def get_call(database: Database, account_id: AccountId, call_id: CallId) -> Call:
    """Raises NotFound for another account's call too."""
    async with database.reading() as tx:
        return await _get(tx, account_id, call_id)


async def delete_call(database: Database, account_id: AccountId, call_id: CallId, now: datetime) -> Call:
    """Take an ended call out of the lists; a live one must be hung up first (Conflict)."""
    async with database.transaction() as tx:
        call = await _get(tx, account_id, call_id)
        if call.status is not CallStatus.HANGUP:
            raise Conflict("The call is still going on: hang it up first", reason="CALL_STATE_INVALID")
        await tx.calls.delete(account_id, call_id, now)
        deleted = replace(call, deleted_at=now, updated_at=now)
        await publish(tx, Event(account_id, "call_deleted", call_id, call_shape(deleted), now, run_id=call.run_id))
    return deleted


async def hangup_call(database: Database, account_id: AccountId, call_id: CallId, now: datetime) -> Call:
    """Order the node that carries the call to end it; the call's own events tell when it has.

    Raises Conflict (CALL_ALREADY_HANGUP) where it has ended.
    """
    async with database.transaction() as tx:
        call = await _get(tx, account_id, call_id)
        if call.status is CallStatus.HANGUP:
            raise Conflict("The call has ended already", reason="CALL_ALREADY_HANGUP")
        await tx.calls.post_commands([NodeCommand(new_id(now), call.node, call_id, "hangup", {}, now)])
    return call


async def _get(tx: Transaction, account_id: AccountId, call_id: CallId) -> Call:
    call = await tx.calls.find(account_id, call_id)
    if call is None:
        raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    return call


async def pick_node(tx: Transaction, now: datetime) -> str:
    """The voice node for a new outbound call.

    Raises Unavailable where none lives.
    """
    node = await tx.calls.pick_node(seen_after=now - NODE_IS_ALIVE)
    if node is None:
        raise Unavailable("No voice node is running that could place the call")
    return node


async def list_defences(database: Database, now: datetime) -> list[NodeDefence]:
    """What the nodes that live refuse to strangers."""
    async with database.reading() as tx:
        return await tx.calls.list_defences(seen_after=now - NODE_IS_ALIVE)


async def take_commands(database: Database, node: str) -> list[NodeCommand]:
    async with database.transaction() as tx:
        return await tx.calls.take_commands(node, limit=200)
