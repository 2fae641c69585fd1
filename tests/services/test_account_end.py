"""What a closed account, or a voice node that died, leaves of calls, groups, conferences and queues: nothing that goes
on (AV-2)."""

from uuid import UUID

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.calling.groupcalls import AnswerMethod, Groupcall, GroupcallStatus, RingMethod
from dialplane.domain.calling.speakings import Speaking, SpeakingStatus
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.rooms.conferences import ConferenceStatus
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.services.calling import groupcalls, speakings
from dialplane.services.calling.calls import take_commands
from dialplane.services.rooms.conferences import ConferenceChange, create_conference
from dialplane.services.rooms.queues import QueueChange, create_queue
from dialplane.services.tenancy.administration import set_status
from tests.faces.recorded import called
from tests.services.buying import NOW, buyer

NODE = "node"


def group_of(account_id: AccountId) -> Groupcall:
    ringing, answering = RingMethod.RING_ALL, AnswerMethod.NONE
    return Groupcall(new_id(NOW), account_id, GroupcallStatus.PROGRESSING, None, (), ringing, answering, NODE, NOW)


async def test_closing_an_account_ends_its_calls_groups_conferences_and_queues(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    call = await called(database, account_id, status=CallStatus.PROGRESSING, ended_at=None, node=NODE)
    await called(database, await buyer(database), status=CallStatus.PROGRESSING, ended_at=None, node=NODE)
    conference = (await create_conference(database, account_id, ConferenceChange(name="team"), now=NOW)).conference
    queue = (await create_queue(database, account_id, QueueChange(name="desk"), NOW)).queue
    group = group_of(account_id)
    async with database.transaction() as tx:
        await tx.groupcalls.save(group)

    await set_status(database, account_id, AccountStatus.DELETED, now=NOW)

    ordered = [(each.kind, each.call_id) for each in await take_commands(database, NODE)]
    assert sorted(ordered) == sorted([("hangup", call.id), ("groupcall_hangup", group.id)])
    async with database.reading() as tx:
        assert await tx.conferences.find(account_id, conference.id) is None
        assert await tx.queues.find(account_id, queue.id) is None
        row = await tx.connection.fetchrow("select status, ended_at from conferences where id = $1", conference.id)
    assert row is not None
    assert (row["status"], row["ended_at"]) == (ConferenceStatus.TERMINATED, NOW)


async def test_next_life_of_a_node_ends_the_groups_and_speakings_of_the_last_one(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    group = group_of(account_id)
    speaking = Speaking(new_id(NOW), account_id, "call", UUID(int=1), NODE, NOW)
    async with database.transaction() as tx:
        await tx.groupcalls.save(group)
        await tx.speakings.save(speaking)

    for _ in range(2):
        await groupcalls.close_orphans(database, NODE, NOW)
        await speakings.close_orphans(database, NODE, NOW)

    ended = await groupcalls.get_groupcall(database, account_id, group.id)
    stopped = await speakings.get_speaking(database, account_id, speaking.id)
    assert (ended.status, ended.ended_at) == (GroupcallStatus.HANGUP, NOW)
    assert stopped.status is SpeakingStatus.STOPPED
    async with database.reading() as tx:
        told = await tx.connection.fetch("select type from events where account_id = $1 order by type", account_id)
    assert [row["type"] for row in told] == ["groupcall_hangup", "speaking_stopped"]
