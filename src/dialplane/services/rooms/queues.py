"""Queues as a resource: made, read, changed and deleted by their owner. Who waits in one: `queuecalls`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar, get_args
from uuid import UUID

from dialplane.domain.errors import AlreadyExists, Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, CallId, QueuecallId, QueueId, new_id
from dialplane.domain.rooms.queues import Queue, Queuecall, RoutingMethod, check_queue
from dialplane.services.calling.direct_hashes import new_direct_hash
from dialplane.services.eventing.events import publish
from dialplane.services.rooms.conferences import flow_of
from dialplane.services.rooms.tags import check_tags
from dialplane.services.shapes.queues import queue_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction

ValueT = TypeVar("ValueT")


class QueueStore(Protocol):
    """Port."""

    async def save(self, queue: Queue) -> bool:
        """Insert, or write over the row of the same id. False where another queue has the name that it is found by."""
        ...

    async def find(self, account_id: AccountId, queue_id: QueueId, *, lock: bool = False) -> Queue | None:
        """`lock`: nobody comes, is served or goes until the transaction ends."""
        ...

    async def lock_named(self, account_id: AccountId, name: str) -> Queue | None:
        """The one that documents mean by this name."""
        ...

    async def find_by_direct_hash(self, direct_hash: str) -> Queue | None:
        """Of any account."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Queue]: ...

    async def page(self, account_id: AccountId, *, offset: int, limit: int) -> tuple[Sequence[Queue], int]:
        """Newest first, and how many there are in all (0 where the page is empty)."""
        ...

    async def count(self, account_id: AccountId) -> int: ...

    async def lock_of(self, accounts: Collection[AccountId]) -> Sequence[Queue]: ...

    async def save_calls(self, calls: Sequence[Queuecall]) -> None: ...

    async def live_in(self, queue_ids: Sequence[QueueId]) -> Sequence[Queuecall]:
        """Who waits or is served, in the order in which they came."""
        ...

    async def find_call(
        self, account_id: AccountId, queuecall_id: QueuecallId, *, lock: bool = False
    ) -> Queuecall | None: ...

    async def find_call_of(self, account_id: AccountId, call_id: CallId) -> Queuecall | None:
        """The stay of a call that is in a queue now."""
        ...

    async def calls_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Queuecall]: ...

    async def average_talk_s(self, queue_id: QueueId) -> float | None:
        """Of the last hundred talks; None where there was none."""
        ...

    async def lock_calls_on(self, node: str) -> Sequence[Queuecall]:
        """Those that wait or are served on a node."""
        ...


@dataclass(frozen=True, slots=True)
class QueueChange:
    """What a client writes; None leaves a field as it is. The nil UUID takes the wait flow away."""

    name: str | None = None
    detail: str | None = None
    routing_method: str | None = None
    tag_ids: Sequence[UUID] | None = None
    wait_flow_id: UUID | None = None
    wait_timeout_ms: int | None = None
    service_timeout_ms: int | None = None
    wrap_up_ms: int | None = None
    max_size: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A queue with who waits or is served in it, in the order in which they came."""

    queue: Queue
    live: tuple[Queuecall, ...] = ()

    @property
    def created_at(self) -> datetime:
        return self.queue.created_at

    @property
    def waiting(self) -> tuple[Queuecall, ...]:
        return tuple(each for each in self.live if each.is_waiting)


async def create_queue(
    database: Database, account_id: AccountId, change: QueueChange, now: datetime, *, by_name: bool = False
) -> Line:
    """`by_name`: documents find it by its name, which no other such queue of the account has.

    Raises Invalid naming the field, AlreadyExists (`name`), LimitExceeded where the plan allows no more.
    """
    async with database.transaction() as tx:
        queue = await make_queue(tx, account_id, change, now, by_name=by_name)
    return Line(queue)


async def make_queue(
    tx: Transaction, account_id: AccountId, change: QueueChange, now: datetime, *, by_name: bool
) -> Queue:
    """As `create_queue`, inside the caller's transaction."""
    account = await load_account(tx, account_id, for_update=True)
    await check_plan(tx, account.plan, "queues", existing=await tx.queues.count(account_id))
    bare = Queue(
        id=QueueId(new_id(now)),
        account_id=account_id,
        name="",
        created_at=now,
        by_name=by_name,
        direct_hash=new_direct_hash(),
    )
    queue = await _changed(tx, bare, change)
    await save_queue(tx, queue, "queue_created", now)
    return queue


async def list_queues(database: Database, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Line]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await with_live(tx, await tx.queues.list_for(account_id, before=before, limit=limit))


async def page_queues(database: Database, account_id: AccountId, *, offset: int, limit: int) -> tuple[list[Line], int]:
    async with database.reading() as tx:
        found, total = await tx.queues.page(account_id, offset=offset, limit=limit)
        return await with_live(tx, found), total


async def get_queue(database: Database, account_id: AccountId, queue_id: QueueId) -> Line:
    """Raises NotFound for another account's queue too."""
    async with database.reading() as tx:
        [found] = await with_live(tx, [await load_queue(tx, account_id, queue_id)])
    return found


async def update_queue(
    database: Database, account_id: AccountId, queue_id: QueueId, change: QueueChange, now: datetime
) -> Line:
    """Change what is given; who waits already keeps the time-outs it came with. Raises Invalid, NotFound."""
    async with database.transaction() as tx:
        old = await load_queue(tx, account_id, queue_id, lock=True)
        new = replace(await _changed(tx, old, change), updated_at=now)
        await save_queue(tx, new, "queue_updated", now)
        [line] = await with_live(tx, [new])
    return line


async def regenerate_direct_hash(database: Database, account_id: AccountId, queue_id: QueueId, now: datetime) -> Line:
    """Give the queue another direct hash; the old one is void at once."""
    async with database.transaction() as tx:
        new = replace(
            await load_queue(tx, account_id, queue_id, lock=True), direct_hash=new_direct_hash(), updated_at=now
        )
        await save_queue(tx, new, "queue_updated", now)
        [line] = await with_live(tx, [new])
    return line


async def load_queue(tx: Transaction, account_id: AccountId, queue_id: QueueId, *, lock: bool = False) -> Queue:
    """Raises NotFound for another account's queue too."""
    found = await tx.queues.find(account_id, queue_id, lock=lock)
    if found is None:
        raise NotFound("There is no such queue", reason="QUEUE_NOT_FOUND")
    return found


async def with_live(tx: Transaction, queues: Sequence[Queue]) -> list[Line]:
    live = await tx.queues.live_in([each.id for each in queues]) if queues else []
    return [Line(each, tuple(one for one in live if one.queue_id == each.id)) for each in queues]


async def save_queue(tx: Transaction, queue: Queue, event: str, now: datetime) -> None:
    """`queue_*` is for the log only: it does not reach customers' webhooks (reference 6.3)."""
    if not await tx.queues.save(queue):
        raise AlreadyExists(f"There is a queue {queue.name} already", reason="QUEUE_EXISTS", field="name")
    await publish(tx, Event(queue.account_id, event, queue.id, queue_shape(queue), now, public=False))


async def _changed(tx: Transaction, old: Queue, change: QueueChange) -> Queue:
    return check_queue(
        replace(
            old,
            name=_given(change.name, old.name),
            detail=_given(change.detail, old.detail),
            routing_method=old.routing_method
            if change.routing_method is None
            else _routing_method(change.routing_method),
            tag_ids=old.tag_ids if change.tag_ids is None else await check_tags(tx, old.account_id, change.tag_ids),
            wait_flow_id=await flow_of(tx, old.account_id, change.wait_flow_id, old.wait_flow_id, field="wait_flow_id"),
            wait_timeout_ms=_given(change.wait_timeout_ms, old.wait_timeout_ms),
            service_timeout_ms=_given(change.service_timeout_ms, old.service_timeout_ms),
            wrap_up_ms=_given(change.wrap_up_ms, old.wrap_up_ms),
            max_size=_given(change.max_size, old.max_size),
        )
    )


def _given(given: ValueT | None, kept: ValueT) -> ValueT:
    return kept if given is None else given


def _routing_method(text: str) -> RoutingMethod:
    for known in get_args(RoutingMethod):
        if text == known:
            return known  # type: ignore[no-any-return]  # one of the literal's own words
    raise Invalid("routing_method is empty or random", field="routing_method")
