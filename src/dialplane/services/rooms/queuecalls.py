"""Who waits in a queue and is served: come, offered to an agent, served, gone. The queue's row is locked for each step,
so that two nodes never serve the same caller, and an agent is offered one caller at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dialplane.domain.calling.calls import Call
from dialplane.domain.errors import Conflict, LimitExceeded, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, AgentId, QueuecallId, QueueId, new_id
from dialplane.domain.programs.rooms import JoinQueue
from dialplane.domain.rooms.agents import AgentStatus, is_free
from dialplane.domain.rooms.queues import (
    USUAL_TALK_S,
    Outlook,
    Queue,
    Queuecall,
    QueuecallStatus,
    agent_for,
    free_after,
    longest_waiting,
    outlook,
)
from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.eventing.events import publish
from dialplane.services.rooms.agents import change_standing
from dialplane.services.rooms.queues import QueueChange, load_queue, make_queue
from dialplane.services.shapes.queues import queuecall_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class Offer:
    """A caller for an agent, both set aside for each other."""

    queue: Queue
    call: Queuecall
    agent: Agent


async def enter(database: Database, call: Call, command: JoinQueue, now: datetime) -> tuple[Queue, Queuecall]:
    """Put a call at the end of a queue, which this makes where it is a name that no queue has.

    Raises NotFound, LimitExceeded (QUEUE_FULL, or the plan's), Invalid.
    """
    async with database.transaction() as tx:
        queue = await _open(tx, call.account_id, command, now)
        live = await tx.queues.live_in([queue.id])
        if sum(each.is_waiting for each in live) >= queue.max_size:
            raise LimitExceeded("The queue is full", reason="QUEUE_FULL")
        queue = replace(queue, total_incoming_count=queue.total_incoming_count + 1, updated_at=now)
        waiting = Queuecall(
            id=QueuecallId(new_id(now)),
            account_id=call.account_id,
            queue_id=queue.id,
            call_id=call.id,
            node=call.node,
            status=QueuecallStatus.INITIATING,
            created_at=now,
            wait_timeout_ms=queue.wait_timeout_ms,
            service_timeout_ms=queue.service_timeout_ms,
            updated_at=now,
        )
        created = event_of("queuecall_created", waiting, now)
        waiting = replace(waiting, status=QueuecallStatus.WAITING)
        await tx.queues.save(queue)
        await tx.queues.save_calls([waiting])
        await publish(tx, created, event_of("queuecall_waiting", waiting, now))
    return queue, waiting


async def _open(tx: Transaction, account_id: AccountId, command: JoinQueue, now: datetime) -> Queue:
    if command.queue_id is not None:
        return await load_queue(tx, account_id, QueueId(command.queue_id), lock=True)
    await load_account(tx, account_id, for_update=True)  # two that enter a new name at once come one after the other
    found = await tx.queues.lock_named(account_id, command.name)
    return found or await make_queue(tx, account_id, QueueChange(name=command.name), now, by_name=True)


async def offer_next(
    database: Database,
    account_id: AccountId,
    queue_id: QueueId,
    node: str,
    now: datetime,
    *,
    chance: float,
    resting: Collection[AgentId] = (),
) -> Offer | None:
    """Set the longest waiting caller and an agent, none of the `resting`, aside for each other; None where there is
    nobody of the one or the other, or the caller is another node's, which will do it."""
    async with database.transaction() as tx:
        queue = await tx.queues.find(account_id, queue_id, lock=True)
        if queue is None:
            return None
        first = longest_waiting(await tx.queues.live_in([queue_id]))
        if first is None or first.node != node:
            return None
        at_work = [agent for agent in await tx.agents.lock_at_work(account_id) if agent.id not in resting]
        agent = agent_for(queue, at_work, now, chance=chance)
        if agent is None:
            return None
        ringing = await change_standing(tx, agent.id, AgentStatus.RINGING, now)
        offered = replace(first, status=QueuecallStatus.CONNECTING, service_agent_id=agent.id, updated_at=now)
        await tx.queues.save_calls([offered])
        await publish(tx, event_of("queuecall_connecting", offered, now))
    return Offer(queue, offered, ringing or agent)


async def take_first(
    database: Database, account_id: AccountId, name: str, node: str, now: datetime
) -> tuple[Queue, Queuecall] | None:
    """Set the longest waiting caller of a queue aside for whoever dialled the queue; None where nobody waits.

    Raises NotFound, Conflict (QUEUE_ELSEWHERE) where that caller is on another node.
    """
    async with database.transaction() as tx:
        queue = await tx.queues.lock_named(account_id, name)
        if queue is None:
            raise NotFound(f"There is no queue {name[:64]}", reason="QUEUE_NOT_FOUND")
        first = longest_waiting(await tx.queues.live_in([queue.id]))
        if first is None:
            return None
        if first.node != node:
            raise Conflict(
                f"Who waits longest is on the voice node {first.node}, and this call on {node}",
                reason="QUEUE_ELSEWHERE",
            )
        taken = replace(first, status=QueuecallStatus.CONNECTING, service_agent_id=None, updated_at=now)
        await tx.queues.save_calls([taken])
        await publish(tx, event_of("queuecall_connecting", taken, now))
    return queue, taken


async def put_back(database: Database, call: Queuecall, now: datetime) -> None:
    """Nobody answered: the caller waits on in its place, and the agent is free for the next, as the last in turn.
    Safe to repeat: an agent who rings for somebody else by then goes on ringing."""
    async with database.transaction() as tx:
        await tx.queues.find(call.account_id, call.queue_id, lock=True)  # queue, call, agent: one order for all
        current = await tx.queues.find_call(call.account_id, call.id, lock=True)
        if current is not None and not _is_offered(current, call):
            return
        if call.service_agent_id is not None:
            await _end_ringing(tx, call.service_agent_id, now)
        if current is None:
            return
        waiting = replace(current, status=QueuecallStatus.WAITING, service_agent_id=None, updated_at=now)
        await tx.queues.save_calls([waiting])
        await publish(tx, event_of("queuecall_waiting", waiting, now))


def _is_offered(current: Queuecall, call: Queuecall) -> bool:
    """Whether the row still says what `call` says: that this agent is rung for it."""
    return current.status is QueuecallStatus.CONNECTING and current.service_agent_id == call.service_agent_id


async def serve(database: Database, call: Queuecall, now: datetime) -> Queuecall:
    """The agent has answered, and the talk begins. Safe to repeat."""
    async with database.transaction() as tx:
        queue = await tx.queues.find(call.account_id, call.queue_id, lock=True)
        current = await tx.queues.find_call(call.account_id, call.id, lock=True) or call
        if current.service_at is not None:
            return current
        served = replace(
            current,
            status=QueuecallStatus.SERVICE,
            service_agent_id=call.service_agent_id,
            service_at=now,
            updated_at=now,
        )
        if queue is not None:
            await tx.queues.save(replace(queue, total_serviced_count=queue.total_serviced_count + 1, updated_at=now))
        await tx.queues.save_calls([served])
        if call.service_agent_id is not None:
            await change_standing(tx, call.service_agent_id, AgentStatus.BUSY, now)
        await publish(tx, event_of("queuecall_serviced", served, now))
    return served


async def end(database: Database, call: Queuecall, now: datetime) -> tuple[Queuecall, datetime | None]:
    """The caller is out of the queue: done where it was served, abandoned where not. With the time at which the agent's
    wrap-up ends by itself. Safe to call twice."""
    async with database.transaction() as tx:
        queue = await tx.queues.find(call.account_id, call.queue_id, lock=True)
        current = await tx.queues.find_call(call.account_id, call.id, lock=True) or call
        if current.ended_at is not None:
            return current, None
        return await _end(tx, queue, current, now)


async def _end(
    tx: Transaction, queue: Queue | None, call: Queuecall, now: datetime
) -> tuple[Queuecall, datetime | None]:
    was_served = call.service_at is not None
    status = QueuecallStatus.DONE if was_served else QueuecallStatus.ABANDONED
    ended = replace(call, status=status, ended_at=now, updated_at=now)
    free_at = None
    if call.service_agent_id is not None and not was_served:
        await _end_ringing(tx, call.service_agent_id, now)
    elif call.service_agent_id is not None:
        free_at = free_after(queue, now) if queue else None
        await change_standing(tx, call.service_agent_id, AgentStatus.BUSY, now, free_at=free_at)
    if queue is not None and not was_served:
        await tx.queues.save(replace(queue, total_abandoned_count=queue.total_abandoned_count + 1, updated_at=now))
    await tx.queues.save_calls([ended])
    await publish(tx, event_of("queuecall_done" if was_served else "queuecall_abandoned", ended, now))
    return ended, free_at


async def _end_ringing(tx: Transaction, agent_id: AgentId, now: datetime) -> None:
    """Back to available, unless the agent has gone away meanwhile."""
    agent = await tx.agents.find(agent_id, lock=True)
    if agent is not None and agent.status is AgentStatus.RINGING:
        await change_standing(tx, agent_id, AgentStatus.AVAILABLE, now)


async def end_wrap_up(database: Database, agent_id: AgentId, now: datetime) -> None:
    """Make the agent available, where its wrap-up is over and it has not said anything else meanwhile."""
    async with database.transaction() as tx:
        agent = await tx.agents.find(agent_id, lock=True)
        if agent is not None and agent.status is AgentStatus.BUSY and is_free(agent, now):
            await change_standing(tx, agent_id, AgentStatus.AVAILABLE, now)


async def look(database: Database, call: Queuecall, now: datetime) -> Outlook:
    """Where a caller stands now."""
    async with database.reading() as tx:
        queue = await tx.queues.find(call.account_id, call.queue_id)
        tags = queue.tag_ids if queue else ()
        at_work = [
            agent
            for status in (AgentStatus.AVAILABLE, AgentStatus.RINGING, AgentStatus.BUSY)
            for agent in await tx.agents.list_by_account(
                call.account_id, before=None, limit=500, tag_ids=tags, status=status
            )
        ]
        talk_s = await tx.queues.average_talk_s(call.queue_id)
        live = await tx.queues.live_in([call.queue_id])
    agents = sum(bool(agent.addresses) for agent in at_work)
    return outlook(call.id, live, now, agents=agents, average_talk_s=USUAL_TALK_S if talk_s is None else talk_s)


async def close_orphans(database: Database, node: str, now: datetime) -> None:
    """End the stays that a node left behind when it died, and free the agents that it rang, for whomever (AV-2)."""
    async with database.transaction() as tx:
        for call in await tx.queues.lock_calls_on(node):
            await _end(tx, await tx.queues.find(call.account_id, call.queue_id, lock=True), call, now)
        for agent in await tx.agents.lock_left_ringing():
            await change_standing(tx, agent.id, AgentStatus.AVAILABLE, now)


async def wrap_ups(database: Database) -> Sequence[tuple[AgentId, datetime]]:
    """The agents in their wrap-up, and when it is over: a node that died can no longer end it."""
    async with database.reading() as tx:
        return [(agent.id, agent.free_at) for agent in await tx.agents.in_wrap_up() if agent.free_at is not None]


def event_of(kind: str, call: Queuecall, now: datetime) -> Event:
    return Event(call.account_id, kind, call.id, queuecall_shape(call, now), now)
