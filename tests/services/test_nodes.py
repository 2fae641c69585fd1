"""The registry of nodes: lives, leases, draining, and calls that another closes (AV-1, AV-2, AV-6)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.calling.defence import NOTHING_REFUSED
from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.domain.errors import NotFound
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import CallId, RunId, new_id, utc_now
from dialplane.services.calling.call_records import CallChanged, CallEnded, close_orphans, write_changes
from dialplane.services.calling.calls import get_call, take_commands
from dialplane.services.calling.goodbyes import GOODBYE_ORDER, USEFUL_FOR, read_goodbyes
from dialplane.services.operating.nodes import (
    Answered,
    Begun,
    beat_node,
    begin_node,
    close_silent,
    drain_node,
    leave,
    read_beats,
)
from dialplane.services.programs.runs import create_runs
from dialplane.worker.silent_nodes import BLIND_S, LONGER, SilentNodes
from tests.fakes.accounts import add_account

NOW = utc_now()
LATER = NOW + timedelta(minutes=2)
LEASE_S = 60.0
DIALOG = KeptDialog(
    call_id="a84b4c76e66710",
    local="<sip:+12025550143@192.0.2.1>;tag=ours",
    remote="<sip:+12125550111@198.51.100.7>;tag=theirs",
    target="sip:gw@198.51.100.7:5060",
    routes=("<sip:10.0.0.5;lr;r2=on>", "<sip:203.0.113.5;lr;r2=on>"),
    cseq=3,
    host="10.0.0.5",
    port=5060,
    transport="udp",
)


async def _begin(database: PostgresDatabase, node: str = "voice-1") -> Begun:
    return await begin_node(database, node, sip_host="192.0.2.1", sip_port=5060, version="1", now=NOW)


async def _beat(database: PostgresDatabase, life: int, node: str = "voice-1", *, later_s: int = 1) -> Answered | None:
    return await beat_node(
        database,
        node,
        life,
        sip_host="192.0.2.1",
        sip_port=5060,
        draining=False,
        defence=NOTHING_REFUSED,
        now=NOW + timedelta(seconds=later_s),
    )


async def _talking(database: PostgresDatabase, node: str = "voice-1") -> Call:
    call = Call(
        id=CallId(new_id(NOW)),
        account_id=await add_account(database),
        direction=Direction.INCOMING,
        status=CallStatus.PROGRESSING,
        source=tel("+12025550199"),
        destination=tel("+12025550100"),
        created_at=NOW,
        node=node,
        progressing_at=NOW,
    )
    async with database.transaction() as tx:
        await tx.calls.save_many([call])
    return call


async def _ends(database: PostgresDatabase) -> int:
    async with database.reading() as tx:
        return int(await tx.connection.fetchval("select count(*) from events where type = 'call_hangup'"))


async def test_end_of_a_call_is_told_before_the_end_of_its_run(database: PostgresDatabase) -> None:
    """AV-2: a closed call's events come in the order of any other's."""
    await _begin(database)
    call = await _talking(database)
    run = Run(RunId(new_id(NOW)), call.account_id, RunStatus.RUNNING, ReferenceType.CALL, NOW, reference_id=call.id)
    async with database.transaction() as tx:
        await create_runs(tx, run)
        await tx.calls.save_many([replace(call, run_id=run.id)])

    await close_orphans(database, "voice-1", LATER)

    async with database.reading() as tx:
        told = await tx.connection.fetch("select type from events where occurred_at = $1 order by resource_seq", LATER)
    assert [row["type"] for row in told] == ["call_hangup", "activeflow_updated"]


async def test_new_life_of_a_node_fences_the_one_before(database: PostgresDatabase) -> None:
    first = await _begin(database)
    second = await _begin(database)

    assert await _beat(database, first.life) is None
    assert await _beat(database, second.life) == Answered(drain=False, commands=[])


async def test_silent_nodes_calls_are_closed_up_to_its_last_beat_and_by_one_worker(database: PostgresDatabase) -> None:
    begun = await _begin(database)
    call = await _talking(database)
    await _beat(database, begun.life, later_s=30)
    (beat,) = await read_beats(database)

    closed = await close_silent(database, beat, LATER)
    again = await close_silent(database, beat, LATER)

    ended = await get_call(database, call.account_id, call.id)
    assert closed is not None
    assert [each.id for each in closed] == [call.id]
    assert again is None
    assert (ended.status, ended.ended_at) == (CallStatus.HANGUP, NOW + timedelta(seconds=30))
    assert await _beat(database, begun.life) is None
    assert await read_beats(database) == []
    assert await _ends(database) == 1


async def test_living_node_is_told_to_hang_up_for_the_parties_of_a_dead_one(database: PostgresDatabase) -> None:
    """AV-2: of calls that were answered and go on; by the node's own next life, where that is first."""
    await _begin(database)
    await begin_node(database, "voice-2", sip_host="192.0.2.2", sip_port=5060, version="1", now=LATER)
    call, over = await _talking(database), await _talking(database)
    answered = [CallChanged(each, "call_progressing", replace(DIALOG, call_id=str(each.id))) for each in (call, over)]
    await write_changes(database, answered, NOW)
    await write_changes(database, [CallEnded(replace(over, status=CallStatus.HANGUP, ended_at=NOW), None)], NOW)
    beat = next(beat for beat in await read_beats(database) if beat.node == "voice-1")

    await close_silent(database, beat, LATER)

    (order,) = await take_commands(database, "voice-2")
    assert order.kind == GOODBYE_ORDER
    assert read_goodbyes(order, LATER) == (replace(DIALOG, call_id=str(call.id)),)
    assert read_goodbyes(order, LATER + USEFUL_FOR * 2) == ()

    again = await _talking(database)
    await write_changes(database, [CallChanged(again, "call_progressing", DIALOG)], NOW)
    await _begin(database)
    (own,) = await take_commands(database, "voice-1")
    assert read_goodbyes(own, NOW) == (DIALOG,)


async def test_node_that_spoke_meanwhile_is_not_closed(database: PostgresDatabase) -> None:
    begun = await _begin(database)
    (beat,) = await read_beats(database)
    await _beat(database, begun.life)

    assert await close_silent(database, beat, LATER) is None
    assert await _beat(database, begun.life, later_s=2) is not None


async def test_late_end_of_a_call_that_was_closed_is_neither_written_nor_told(database: PostgresDatabase) -> None:
    """AV-6: the sleeper may not write."""
    await _begin(database)
    call = await _talking(database)
    (beat,) = await read_beats(database)
    await close_silent(database, beat, LATER)
    closed = await get_call(database, call.account_id, call.id)

    late = replace(call, status=CallStatus.HANGUP, ended_at=LATER, cause_text="late")
    await write_changes(database, [CallChanged(late, ""), CallEnded(late, None)], LATER)

    assert await get_call(database, call.account_id, call.id) == closed
    assert await _ends(database) == 1


async def test_end_that_is_written_twice_is_told_once(database: PostgresDatabase) -> None:
    await _begin(database)
    call = await _talking(database)
    ended = CallEnded(replace(call, status=CallStatus.HANGUP, ended_at=LATER), None)

    await write_changes(database, [ended], LATER)
    await write_changes(database, [ended], LATER)

    assert await _ends(database) == 1


async def test_node_is_asked_to_drain_by_its_next_beat_until_it_is_let_in_again(database: PostgresDatabase) -> None:
    begun = await _begin(database)

    await drain_node(database, "voice-1", drain=True)
    asked = await _beat(database, begun.life)
    await drain_node(database, "voice-1", drain=False)
    let_in = await _beat(database, begun.life, later_s=2)

    assert (asked, let_in) == (Answered(drain=True, commands=[]), Answered(drain=False, commands=[]))


async def test_node_that_is_started_again_was_not_asked_to_drain(database: PostgresDatabase) -> None:
    await _begin(database)
    await drain_node(database, "voice-1", drain=True)

    begun = await _begin(database)

    assert await _beat(database, begun.life) == Answered(drain=False, commands=[])


@pytest.mark.parametrize("name", ["nobody", "", "nul\x00"])
async def test_node_that_is_not_there_cannot_be_drained(database: PostgresDatabase, name: str) -> None:
    with pytest.raises(NotFound):
        await drain_node(database, name, drain=True)


async def test_node_that_leaves_is_off_the_list_unless_it_left_calls(database: PostgresDatabase) -> None:
    begun = await _begin(database)
    other = await _begin(database, "voice-2")
    await _talking(database, "voice-2")

    await leave(database, "voice-1", begun.life)
    await leave(database, "voice-2", other.life)

    assert [beat.node for beat in await read_beats(database)] == ["voice-2"]


async def test_worker_closes_a_node_that_it_has_seen_silent_for_longer_than_the_lease(
    database: PostgresDatabase,
) -> None:
    begun = await _begin(database)
    call = await _talking(database)
    seconds = [0.0]
    silent = SilentNodes(database, lease_s=LEASE_S, clock=lambda: LATER, seconds=lambda: seconds[0])

    async def look_until(end: float) -> CallStatus:
        while seconds[0] < end:
            await silent.step()
            seconds[0] += 4
        return (await get_call(database, call.account_id, call.id)).status

    assert await look_until(LEASE_S) is CallStatus.PROGRESSING
    await _beat(database, begun.life)
    assert await look_until(LEASE_S * LONGER + 4) is CallStatus.PROGRESSING
    seconds[0] += BLIND_S + LEASE_S * LONGER  # the store was away: the nodes speak first
    assert await look_until(seconds[0] + LEASE_S) is CallStatus.PROGRESSING
    assert await look_until(seconds[0] + LEASE_S) is CallStatus.HANGUP
