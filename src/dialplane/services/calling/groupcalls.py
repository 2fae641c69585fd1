"""Group calls: several destinations for one purpose, of whom all ring or one after the other. One node has them all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.calling.call_manners import CallManner
from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.groupcalls import AnswerMethod, Groupcall, GroupcallStatus, RingMethod
from dialplane.domain.errors import Conflict, Invalid, NotFound, Refusal
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.flows.variables import check_start_variables
from dialplane.domain.ids import AccountId, AgentId, CallId, ConferenceId, ExtensionId, FlowId, find_uuid, new_id
from dialplane.domain.programs.sources import ActionsSource
from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.calling.calls import NodeCommand, pick_node
from dialplane.services.calling.dialling import check_destination
from dialplane.services.calling.outgoing import MAX_DESTINATIONS, CallRequest, create_calls
from dialplane.services.eventing.events import publish
from dialplane.services.programs.flows import find_flow
from dialplane.services.shapes.groupcalls import groupcall_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database, Transaction

_RUNG_AS_GROUP = ("extension", "agent", "conference")


class GroupcallStore(Protocol):
    """Port. Deleted ones are never found."""

    async def save(self, groupcall: Groupcall) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find(self, account_id: AccountId, groupcall_id: UUID) -> Groupcall | None: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Groupcall]:
        """Newest first; those made before `before`."""
        ...

    async def lock_on_node(self, node: str) -> Sequence[Groupcall]:
        """Those of a node that are not over."""
        ...

    async def lock_live_of(self, accounts: Collection[AccountId]) -> Sequence[Groupcall]: ...


@dataclass(frozen=True, slots=True)
class GroupcallWish:
    """The body of POST /groupcalls. One of `flow_id` and `actions` says what runs when a party answers."""

    source: Address | None
    destinations: Sequence[Address]
    flow_id: UUID | None = None
    actions: object = None
    """Decoded JSON, still to be validated."""
    ring_method: RingMethod = RingMethod.RING_ALL
    answer_method: AnswerMethod = AnswerMethod.HANGUP_OTHERS
    variables: Mapping[str, str] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class GroupProgram:
    """What each call of a group runs when it is answered."""

    source: ActionsSource
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CallsStarted:
    calls: tuple[Call, ...]
    groupcalls: tuple[Groupcall, ...]


async def start_calls(database: Database, account_id: AccountId, request: CallRequest, now: datetime) -> CallsStarted:
    """POST /calls: numbers and SIP addresses become calls, the account's phones and agents group calls (reference 4.3).

    Raises as `create_calls`; where some destinations can be called the others are left out.
    """
    phones = tuple(each for each in request.destinations if each.type in _RUNG_AS_GROUP)
    others = tuple(each for each in request.destinations if each.type not in _RUNG_AS_GROUP)
    calls: tuple[Call, ...] = ()
    refusal: Refusal | None = None
    if others or not phones:
        try:
            calls = (await create_calls(database, account_id, replace(request, destinations=others), now)).calls
        except Refusal as refused:
            if not phones:
                raise
            refusal = refused
    groups: list[Groupcall] = []
    for phone in phones:
        wish = GroupcallWish(request.source, (phone,), request.flow_id, request.actions, variables=request.variables)
        try:
            groups.append(await create_groupcall(database, account_id, wish, now))
        except Refusal as refused:
            refusal = refused
    if refusal is not None and not calls and not groups:
        raise refusal
    return CallsStarted(calls, tuple(groups))


async def create_groupcall(database: Database, account_id: AccountId, wish: GroupcallWish, now: datetime) -> Groupcall:
    """Keep the group and order its node to ring it.

    Raises Invalid naming the field, NotPermitted where no destination may be called, NotFound (FLOW_NOT_FOUND, or of a
    destination), Unavailable where no voice node lives.
    """
    if not 0 < len(wish.destinations) <= MAX_DESTINATIONS:
        raise Invalid(f"destinations names 1 to {MAX_DESTINATIONS}", reason="INVALID_ARGUMENT", field="destinations")
    actions = validate_actions([] if wish.actions is None else wish.actions)
    variables = check_start_variables(wish.variables)
    async with database.transaction() as tx:
        account = await load_account(tx, account_id)
        for each in wish.destinations:
            await _check_is_there(tx, account_id, each)
        wish = await _with_addresses_of_agents(tx, account_id, wish)
        destinations = tuple(check_destination(account, each)[0] for each in wish.destinations)
        flow_id = None
        if wish.flow_id is not None:
            flow = await find_flow(tx, account_id, FlowId(wish.flow_id))
            flow_id, actions = flow.id, flow.actions
        groupcall = Groupcall(
            id=new_id(now),
            account_id=account_id,
            status=GroupcallStatus.PROGRESSING,
            source=wish.source,
            destinations=destinations,
            ring_method=wish.ring_method,
            answer_method=wish.answer_method,
            node=await pick_node(tx, now),
            created_at=now,
            flow_id=flow_id,
        )
        await tx.groupcalls.save(groupcall)
        await _tell(tx, groupcall, "groupcall_created", now)
        payload: dict[str, object] = {
            "account_id": str(account_id),
            "actions": [action.document() for action in actions],
            "variables": variables,
        }
        await _post(tx, groupcall, "groupcall", payload, now)
    return groupcall


async def _check_is_there(tx: Transaction, account_id: AccountId, destination: Address) -> None:
    """Raises NotFound where the id is that of no extension or conference of the account."""
    named = find_uuid(destination.target)
    if named is None:  # a name, or refused by `check_destination`
        return
    if destination.type == "extension" and await tx.extensions.find(account_id, ExtensionId(named)) is None:
        raise NotFound("There is no such extension", reason="EXTENSION_NOT_FOUND", field="destinations")
    if destination.type == "conference" and await tx.conferences.find(account_id, ConferenceId(named)) is None:
        raise NotFound("There is no such conference", reason="CONFERENCE_NOT_FOUND", field="destinations")


async def _with_addresses_of_agents(tx: Transaction, account_id: AccountId, wish: GroupcallWish) -> GroupcallWish:
    """Where agents stand among the destinations, the addresses of each in its place; an agent alone is rung by its own
    method.

    Raises NotFound (AGENT_NOT_FOUND), Invalid for an agent without an address.
    """
    if all(each.type != "agent" for each in wish.destinations):
        return wish
    destinations: list[Address] = []
    method = wish.ring_method
    for each in wish.destinations:
        if each.type != "agent":
            destinations.append(each)
            continue
        agent = await _agent(tx, account_id, each)
        destinations += agent.addresses
        if len(wish.destinations) == 1:
            method = RingMethod.LINEAR if agent.ring_method == "linear" else RingMethod.RING_ALL
    return replace(wish, destinations=destinations[:MAX_DESTINATIONS], ring_method=method)


async def _agent(tx: Transaction, account_id: AccountId, destination: Address) -> Agent:
    agent_id = find_uuid(destination.target)
    agent = await tx.agents.find(AgentId(agent_id)) if agent_id is not None else None
    if agent is None or agent.account_id != account_id:
        raise NotFound("There is no such agent", reason="AGENT_NOT_FOUND", field="destinations")
    if not agent.addresses:
        raise Invalid("The agent has no address to be called at", reason="INVALID_ARGUMENT", field="destinations")
    return agent


async def get_groupcall(database: Database, account_id: AccountId, groupcall_id: UUID) -> Groupcall:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await _find(tx, account_id, groupcall_id)


async def list_groupcalls(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Groupcall]:
    async with database.reading() as tx:
        return await tx.groupcalls.list_for(account_id, before=before, limit=limit)


async def hangup_groupcall(database: Database, account_id: AccountId, groupcall_id: UUID, now: datetime) -> Groupcall:
    """Order the node to end every call of the group. Raises Conflict (GROUPCALL_ALREADY_HANGUP)."""
    async with database.transaction() as tx:
        groupcall = await _find(tx, account_id, groupcall_id)
        if groupcall.status is GroupcallStatus.HANGUP:
            raise Conflict("The group call has ended already", reason="GROUPCALL_ALREADY_HANGUP")
        return await hangup_in(tx, groupcall, now)


async def hangup_in(tx: Transaction, groupcall: Groupcall, now: datetime) -> Groupcall:
    """Order the node to end every call of a group that goes on, inside the caller's transaction."""
    ending = replace(groupcall, status=GroupcallStatus.HANGINGUP, updated_at=now)
    await tx.groupcalls.save(ending)
    await _post(tx, groupcall, "groupcall_hangup", {}, now)
    return ending


async def delete_groupcall(database: Database, account_id: AccountId, groupcall_id: UUID, now: datetime) -> Groupcall:
    """Take an ended group call out of the lists (Conflict where it has not)."""
    async with database.transaction() as tx:
        groupcall = await _find(tx, account_id, groupcall_id)
        if groupcall.status is not GroupcallStatus.HANGUP:
            raise Conflict("The group call is still going on: hang it up first", reason="GROUPCALL_STATE_INVALID")
        deleted = replace(groupcall, deleted_at=now, updated_at=now)
        await tx.groupcalls.save(deleted)
        await _tell(tx, deleted, "groupcall_deleted", now)
    return deleted


async def note_call(database: Database, groupcall: Groupcall, now: datetime) -> None:
    """Keep which calls there are, and who answered."""
    async with database.transaction() as tx:
        current = await tx.groupcalls.find(groupcall.account_id, groupcall.id)
        status = current.status if current is not None else groupcall.status
        changed = replace(groupcall, status=status, updated_at=now)
        await tx.groupcalls.save(changed)
        if changed.answer_call_id is not None:
            await _tell(tx, changed, "groupcall_progressing", now)


async def end_groupcall(database: Database, groupcall: Groupcall, now: datetime) -> None:
    async with database.transaction() as tx:
        await _end(tx, groupcall, now)


async def _end(tx: Transaction, groupcall: Groupcall, now: datetime) -> None:
    ended = replace(groupcall, status=GroupcallStatus.HANGUP, ended_at=now, updated_at=now)
    await tx.groupcalls.save(ended)
    await _tell(tx, ended, "groupcall_hangup", now)


async def close_orphans(database: Database, node: str, now: datetime) -> None:
    """End what a node left behind when it died: nobody rings for it any more (AV-2)."""
    async with database.transaction() as tx:
        for groupcall in await tx.groupcalls.lock_on_node(node):
            await _end(tx, groupcall, now)


async def call_of_group(
    database: Database, groupcall: Groupcall, phone: tuple[Address, str], program: GroupProgram, now: datetime
) -> tuple[CallId, ...]:
    """Start the call to one phone of the group (a destination, and where that is registered, if it is in several
    places), on the group's node. Raises the Refusal."""
    destination, contact = phone
    request = CallRequest(
        source=groupcall.source,
        destinations=(destination,),
        flow_id=groupcall.flow_id,
        program=program.source if groupcall.flow_id is None else None,
        variables=program.variables,
        groupcall_id=groupcall.id,
        node=groupcall.node,
        manner=CallManner(contact=contact),
    )
    created = await create_calls(database, groupcall.account_id, request, now)
    return tuple(call.id for call in created.calls)


async def _find(tx: Transaction, account_id: AccountId, groupcall_id: UUID) -> Groupcall:
    groupcall = await tx.groupcalls.find(account_id, groupcall_id)
    if groupcall is None:
        raise NotFound("There is no such group call", reason="GROUPCALL_NOT_FOUND")
    return groupcall


async def _post(tx: Transaction, groupcall: Groupcall, kind: str, payload: dict[str, object], now: datetime) -> None:
    command = NodeCommand(new_id(now), groupcall.node, CallId(groupcall.id), kind, payload, now)
    await tx.calls.post_commands([command])


async def _tell(tx: Transaction, groupcall: Groupcall, event: str, now: datetime) -> None:
    await publish(tx, Event(groupcall.account_id, event, groupcall.id, groupcall_shape(groupcall), now))
