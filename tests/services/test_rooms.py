"""What the store holds of rooms and queues when nodes compete, die, or nobody comes."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.calling.groupcalls import AnswerMethod, Groupcall, GroupcallStatus, RingMethod
from dialplane.domain.errors import Conflict, LimitExceeded
from dialplane.domain.ids import AccountId, CallId, ConferenceId, new_id, utc_now
from dialplane.domain.programs.rooms import JoinConference, JoinQueue
from dialplane.domain.rooms.agents import AgentStatus
from dialplane.services.calling import groupcalls
from dialplane.services.rooms import conference_rooms, queue_members, queuecalls
from dialplane.services.rooms.agents import (
    AgentChange,
    AgentDraft,
    change_standing,
    create_agent,
    get_agent,
    update_agent,
)
from dialplane.services.rooms.conferences import ConferenceChange, create_conference, get_conference, list_conferences
from dialplane.services.rooms.queues import get_queue
from tests.faces.conftest import CheapHasher
from tests.services.buying import buyer

ROOM = JoinConference(name="room")
DESK = JoinQueue(name="desk")


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await buyer(database, plan="free")


def call(account_id: AccountId, node: str = "one") -> Call:
    now = utc_now()
    party = Address("tel", "+12125550100")
    return Call(
        CallId(new_id(now)), account_id, Direction.INCOMING, CallStatus.PROGRESSING, party, party, now, node=node
    )


async def status_of(database: PostgresDatabase, account_id: AccountId, conference_id: ConferenceId) -> tuple[str, str]:
    found = (await get_conference(database, account_id, conference_id)).conference
    return found.status, found.end_reason


async def test_second_node_is_refused_until_the_conference_is_empty(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    made = await create_conference(database, account_id, ConferenceChange(name="team"), now=utc_now())
    command = JoinConference(conference_id=UUID(str(made.conference.id)))
    first = await conference_rooms.enter(database, call(account_id), command, utc_now())

    with pytest.raises(Conflict) as elsewhere:
        await conference_rooms.enter(database, call(account_id, "two"), command, utc_now())
    await conference_rooms.left(database, first.participant, utc_now(), closes="last-participant-left")
    second = await conference_rooms.enter(database, call(account_id, "two"), command, utc_now())

    assert elsewhere.value.reason == "CONFERENCE_ELSEWHERE"
    assert (second.conference.node, second.begins) == ("two", True)


async def test_room_stays_open_where_somebody_comes_while_the_last_one_leaves(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    first = await conference_rooms.enter(database, call(account_id), ROOM, utc_now())
    second = await conference_rooms.enter(database, call(account_id), ROOM, utc_now())

    after = await conference_rooms.left(database, first.participant, utc_now(), closes="last-participant-left")

    assert after is not None
    assert (after.status, after.node) == ("progressing", "one")
    assert second.conference.id == first.conference.id


async def test_names_beyond_the_plan_are_refused_and_rooms_that_are_over_do_not_count(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    rooms = [
        await conference_rooms.enter(database, call(account_id), JoinConference(name=name), utc_now())
        for name in ("a", "b")
    ]

    with pytest.raises(LimitExceeded) as refused:
        await conference_rooms.enter(database, call(account_id), JoinConference(name="c"), utc_now())
    await conference_rooms.left(database, rooms[0].participant, utc_now(), closes="last-participant-left")
    third = await conference_rooms.enter(database, call(account_id), JoinConference(name="c"), utc_now())

    assert refused.value.reason == "RESOURCE_LIMIT_EXCEEDED"
    assert third.present == 1


async def test_node_that_starts_again_ends_its_rooms_and_frees_its_callers_and_agents(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """AV-2."""
    room = await conference_rooms.enter(database, call(account_id), ROOM, utc_now())
    draft = AgentDraft("ann@example.org", "long enough", addresses=(Address("extension", "1001"),))
    agent = await create_agent(database, CheapHasher(), account_id, draft, utc_now())
    await update_agent(database, account_id, agent.id, AgentChange(status="available"), utc_now())
    queue, waiting = await queuecalls.enter(database, call(account_id), DESK, utc_now())
    offer = await queuecalls.offer_next(database, account_id, queue.id, "one", utc_now(), chance=0.0)
    assert offer is not None

    await conference_rooms.close_orphans(database, "one", utc_now())
    await queuecalls.close_orphans(database, "one", utc_now())

    assert await status_of(database, account_id, room.conference.id) == ("terminated", "node-lost")
    assert (await queue_members.get_queuecall(database, account_id, waiting.id)).status == "abandoned"
    assert (await get_agent(database, account_id, agent.id)).status is AgentStatus.AVAILABLE
    assert (await get_queue(database, account_id, queue.id)).live == ()


@pytest.mark.parametrize(("goes_on", "status"), [(False, AgentStatus.AVAILABLE), (True, AgentStatus.RINGING)])
async def test_agent_left_ringing_is_free_again_where_no_call_of_its_account_can_be_ringing_it(
    database: PostgresDatabase, account_id: AccountId, goes_on: bool, status: AgentStatus
) -> None:
    """AV-2: a flow that dials an agent keeps no row that says whom."""
    agent = await create_agent(
        database, CheapHasher(), account_id, AgentDraft("ann@example.org", "long enough"), utc_now()
    )
    async with database.transaction() as tx:
        await change_standing(tx, agent.id, AgentStatus.RINGING, utc_now())
        if goes_on:
            await tx.calls.save_many([call(account_id, "two")])

    await queuecalls.close_orphans(database, "one", utc_now())

    assert (await get_agent(database, account_id, agent.id)).status is status


async def test_wrap_up_that_a_dead_node_began_is_ended_by_whoever_lives(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    now = utc_now()
    agent = await create_agent(database, CheapHasher(), account_id, AgentDraft("ann@example.org", "long enough"), now)
    until = now + timedelta(seconds=30)
    async with database.transaction() as tx:
        await change_standing(tx, agent.id, AgentStatus.BUSY, now, free_at=until)

    found = await queuecalls.wrap_ups(database)
    await queuecalls.end_wrap_up(database, agent.id, until)

    assert (agent.id, until) in found
    assert agent.id not in [agent_id for agent_id, _ in await queuecalls.wrap_ups(database)]
    assert (await get_agent(database, account_id, agent.id)).status is AgentStatus.AVAILABLE


async def test_group_call_of_a_dead_node_is_over(database: PostgresDatabase, account_id: AccountId) -> None:
    """AV-2: it can be deleted then, and its end is told."""
    ours = Groupcall(
        new_id(utc_now()),
        account_id,
        GroupcallStatus.PROGRESSING,
        None,
        (Address("tel", "+12125550101"),),
        RingMethod.RING_ALL,
        AnswerMethod.HANGUP_OTHERS,
        "one",
        utc_now(),
    )
    async with database.transaction() as tx:
        await tx.groupcalls.save(ours)

    await groupcalls.close_orphans(database, "another node", utc_now())
    before = await groupcalls.get_groupcall(database, account_id, ours.id)
    await groupcalls.close_orphans(database, "one", utc_now())

    after = await groupcalls.get_groupcall(database, account_id, ours.id)
    assert (before.status, after.status) == ("progressing", "hangup")
    assert after.ended_at is not None


async def test_callers_of_another_node_are_not_offered_and_go_before_own_ones(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    draft = AgentDraft("ann@example.org", "long enough", addresses=(Address("extension", "1001"),))
    agent = await create_agent(database, CheapHasher(), account_id, draft, utc_now())
    await update_agent(database, account_id, agent.id, AgentChange(status="available"), utc_now())
    queue, first = await queuecalls.enter(database, call(account_id, "two"), DESK, utc_now())
    await queuecalls.enter(database, call(account_id, "one"), DESK, utc_now())

    mine = await queuecalls.offer_next(database, account_id, queue.id, "one", utc_now(), chance=0.0)
    theirs = await queuecalls.offer_next(database, account_id, queue.id, "two", utc_now(), chance=0.0)

    assert mine is None
    assert theirs is not None
    assert (theirs.call.id, theirs.agent.status) == (first.id, AgentStatus.RINGING)


async def test_full_queue_takes_nobody(database: PostgresDatabase, account_id: AccountId) -> None:
    queue, _ = await queuecalls.enter(database, call(account_id), DESK, utc_now())
    async with database.transaction() as tx:
        await tx.queues.save(replace(queue, max_size=1))

    with pytest.raises(LimitExceeded) as full:
        await queuecalls.enter(database, call(account_id), DESK, utc_now())

    assert full.value.reason == "QUEUE_FULL"


async def test_room_that_nobody_entered_and_conference_whose_time_is_over_are_ended(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    now = utc_now()
    room = await conference_rooms.expect(database, account_id, "room", now)
    made = await create_conference(database, account_id, ConferenceChange(timeout_s=60), now=now)

    early = await conference_rooms.end_outlived(database, now + timedelta(seconds=59))
    late = await conference_rooms.end_outlived(database, now + timedelta(minutes=16))

    assert (early, late) == (0, 2)
    assert await status_of(database, account_id, room.id) == ("terminated", "")
    assert await status_of(database, account_id, made.conference.id) == ("terminated", "timeout")
    assert len(await list_conferences(database, account_id, before=None, limit=10)) == 2
