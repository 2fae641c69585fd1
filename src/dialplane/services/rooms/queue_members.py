"""Those in queues as their owners see them: read, put out, taken out by a document; and queues that are deleted with
people in them. What the voice nodes report of them: `queuecalls`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.ids import AccountId, CallId, QueuecallId, QueueId, new_id
from dialplane.domain.rooms.queues import Queue, Queuecall, QueuecallStatus
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.eventing.events import publish
from dialplane.services.rooms.queuecalls import event_of
from dialplane.services.rooms.queues import Line, load_queue, save_queue, with_live
from dialplane.services.transaction import Database, Transaction


async def list_queuecalls(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Queuecall]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.queues.calls_for(account_id, before=before, limit=limit)


async def get_queuecall(database: Database, account_id: AccountId, queuecall_id: QueuecallId) -> Queuecall:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return _found(await tx.queues.find_call(account_id, queuecall_id))


async def delete_queuecall(
    database: Database, account_id: AccountId, queuecall_id: QueuecallId, now: datetime
) -> Queuecall:
    """Take it out of the lists; one that waits is put out of the queue first, a talk goes on. Raises NotFound."""
    async with database.transaction() as tx:
        call = _found(await tx.queues.find_call(account_id, queuecall_id, lock=True))
        if call.is_waiting:
            await put_out(tx, [call], now)
        deleted = replace(call, deleted_at=now, updated_at=now)
        await tx.queues.save_calls([deleted])
        await publish(tx, event_of("queuecall_deleted", deleted, now))
    return deleted


async def kick(database: Database, account_id: AccountId, queuecall_id: QueuecallId, now: datetime) -> Queuecall:
    """Put a call out of its queue, or end its talk; its own program goes on. Raises NotFound, Conflict where it is over
    already."""
    async with database.transaction() as tx:
        return await _kick(tx, _found(await tx.queues.find_call(account_id, queuecall_id, lock=True)), now)


async def kick_call(database: Database, account_id: AccountId, call_id: CallId, now: datetime) -> Queuecall:
    """As `kick`, of the queue that a call is in."""
    async with database.transaction() as tx:
        return await _kick(tx, _found(await tx.queues.find_call_of(account_id, call_id)), now)


async def _kick(tx: Transaction, call: Queuecall, now: datetime) -> Queuecall:
    if call.ended_at is not None:
        raise Conflict("The call has left the queue already")
    if call.is_waiting:
        [call] = await put_out(tx, [call], now)
    else:
        await _order(tx, [call], "queue_kick", {}, now)
    return call


async def delete_queue(
    database: Database, account_id: AccountId, queue_id: QueueId, now: datetime, *, only_empty: bool = False
) -> Queue:
    """Take it away; who waits in it is put out of it. With `only_empty` it stays while somebody waits (Twilio's).

    Raises NotFound, Conflict (QUEUE_NOT_EMPTY).
    """
    async with database.transaction() as tx:
        old = await load_queue(tx, account_id, queue_id, lock=True)
        [line] = await with_live(tx, [old])
        if only_empty and line.waiting:
            raise Conflict("Somebody waits in the queue", reason="QUEUE_NOT_EMPTY")
        return await delete_in(tx, line, now)


async def delete_in(tx: Transaction, locked: Line, now: datetime) -> Queue:
    """As `delete_queue`, inside the caller's transaction."""
    await put_out(tx, locked.waiting, now)
    deleted = replace(locked.queue, direct_hash="", updated_at=now, deleted_at=now)
    await save_queue(tx, deleted, "queue_deleted", now)
    return deleted


async def put_out(tx: Transaction, calls: Sequence[Queuecall], now: datetime) -> list[Queuecall]:
    """Mark those who wait and order their nodes to let them go."""
    kicked = [replace(each, status=QueuecallStatus.KICKING, updated_at=now) for each in calls]
    if kicked:
        await tx.queues.save_calls(kicked)
        await _order(tx, kicked, "queue_kick", {}, now)
    return kicked


async def find_member(
    database: Database, account_id: AccountId, queue_id: QueueId, call_id: CallId | None
) -> tuple[Queue, tuple[Queuecall, ...], Queuecall]:
    """Who waits in a queue: a call, or (None) the one at the front; with all who wait. Raises NotFound."""
    async with database.reading() as tx:
        queue = await load_queue(tx, account_id, queue_id)
        waiting = tuple(each for each in await tx.queues.live_in([queue_id]) if each.is_waiting)
    return queue, waiting, _member(waiting, call_id)


async def dequeue(
    database: Database, account_id: AccountId, queue_id: QueueId, call_id: CallId | None, *,
    url: str, method: str, now: datetime,
) -> tuple[Queue, tuple[Queuecall, ...], Queuecall]:  # fmt: skip
    """Take a call (None: the one at the front) out of a queue and let it go on with the document behind `url`.

    Raises NotFound.
    """
    async with database.transaction() as tx:
        queue = await load_queue(tx, account_id, queue_id, lock=True)
        waiting = tuple(each for each in await tx.queues.live_in([queue_id]) if each.is_waiting)
        member = _member(waiting, call_id)
        taken = replace(member, status=QueuecallStatus.KICKING, updated_at=now)
        await tx.queues.save_calls([taken])
        await _order(tx, [taken], "queue_redirect", {"url": url, "method": method}, now)
    return queue, waiting, member


def _member(waiting: Sequence[Queuecall], call_id: CallId | None) -> Queuecall:
    for each in waiting:
        if call_id in (None, each.call_id):
            return each
    raise NotFound("Nobody such waits in the queue", reason="MEMBER_NOT_FOUND")


def _found(call: Queuecall | None) -> Queuecall:
    if call is None:
        raise NotFound("There is no such queuecall", reason="QUEUECALL_NOT_FOUND")
    return call


async def _order(
    tx: Transaction, calls: Sequence[Queuecall], kind: str, payload: Mapping[str, object], now: datetime
) -> None:
    await tx.calls.post_commands(
        [
            NodeCommand(new_id(now), each.node, each.call_id, kind, {**payload, "queuecall_id": str(each.id)}, now)
            for each in calls
        ]
    )
