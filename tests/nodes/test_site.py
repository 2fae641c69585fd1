"""Three voice nodes behind Kamailio, two API processes, two workers, one Postgres; what is killed, cut and replaced.

The tests follow each other on one site; each leaves it whole.
"""

import signal
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.ids import utc_now
from dialplane.services.calling.extensions import create_extension
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.calling.registrations import find_bindings
from dialplane.services.calling.trunks import TrunkDraft, create_trunk, remove_trunk
from dialplane.services.rooms.agents import AgentDraft, create_agent
from dialplane.services.rooms.conferences import ConferenceChange, create_conference
from dialplane.services.rooms.participants import (
    ParticipantChange,
    list_participants,
    remove_participant,
)
from dialplane.services.rooms.queues import QueueChange, create_queue
from tests.faces.conftest import CheapHasher
from tests.fakes.receiver import Receiver
from tests.nodes.looking import (
    TO_ROOM,
    all_ended,
    all_served,
    amid_a_purchase,
    are_told,
    as_it_was,
    both_ended,
    change,
    comes,
    comes_elsewhere,
    ended_of,
    ended_on,
    gets_through,
    hang_up,
    is_billed_once,
    is_empty,
    is_free,
    is_over,
    live_calls,
    lives_anew,
    until_it_hears,
)
from tests.nodes.phone import PASSWORD, open_phone
from tests.nodes.site import Site
from tests.services.buying import stock
from tests.users.acting import until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.peer("kamailio"),
    pytest.mark.peer("sipp"),
    pytest.mark.timeout(900),
]

NUMBER = "+12025550143"
TO_PHONE = "+12025550144"
TO_QUEUE = "+12025550146"
BOUGHT, BOUGHT_CUT_OFF = "+12025550147", "+12025550148"
LONG = ({"type": "answer"}, {"type": "sleep", "option": {"duration": 120_000}})


async def test_calls_of_carriers_are_spread_and_known_by_their_own_addresses(site: Site) -> None:
    await site.number(NUMBER, *LONG)

    one = await site.carrier(NUMBER, calls=20, rate=20, talk_ms=500)
    two = await site.carrier(NUMBER, calls=10, rate=10, talk_ms=500, carrier=2)
    stranger = await site.carrier(NUMBER, calls=1, rate=1, talk_ms=500, carrier=3)

    assert (await one)[0] == 0
    assert (await two)[0] == 0
    assert (await stranger)[0] == 1  # whatever it says of itself in the header of the edge
    calls = await until(lambda: all_ended(site, 30))
    assert {call.node for call in calls} == {"voice-1", "voice-2", "voice-3"}
    assert all(call.status is CallStatus.HANGUP and call.progressing_at for call in calls)


async def test_phone_that_registered_by_one_node_is_rung_by_all(site: Site) -> None:
    """RFC 3327: the edge's Path is kept with the binding."""
    await site.number(TO_PHONE)
    extension = await create_extension(
        site.database, site.account_id, extension="1001", password=PASSWORD, name="1001", detail="", now=utc_now()
    )
    await site.forward(TO_PHONE, "1001")

    async with open_phone(site.here[3]) as phone:
        registered = await phone.register("1001", site.edge)
        calls = await site.carrier(TO_PHONE, calls=40, rate=40, talk_ms=300)
        ended = await calls
        _, bindings = await find_bindings(site.database, site.account_id, extension.id, utc_now())
        rung_by = {call.node for call in await site.calls() if call.destination.type == "extension"}

    assert registered.status == 200
    assert (bindings[0].source_host, bindings[0].source_port) == (site.here[3], phone.agent.port)
    assert site.edge[0] in bindings[0].path
    assert ended[0] == 0, ended[1]
    assert len(phone.callers) == 40
    assert rung_by == {"voice-1", "voice-2", "voice-3"}


async def test_carrier_is_called_by_the_edge(site: Site) -> None:
    async with open_phone(site.here[2]) as carrier:
        draft = TrunkDraft("way out", host=site.here[2], port=carrier.agent.port)
        trunk = await create_trunk(site.database, draft, now=utc_now())
        wish = CallRequest(tel(NUMBER), (tel("+12025550177"),), actions=[{"type": "hangup"}])
        created = await create_calls(site.database, site.account_id, wish, utc_now())
        ended = await until(lambda: ended_of(site, list(created.calls)))
        await remove_trunk(site.database, trunk.id, now=utc_now())

    assert ended[0].progressing_at
    assert (len(carrier.callers), carrier.seen_from) == (1, {site.edge[0]})


async def test_command_that_either_api_process_took_reaches_the_live_call(site: Site) -> None:
    before = {call.id for call in await site.calls()}
    calls = await site.carrier(NUMBER, calls=6, rate=20, talk_ms=60_000)
    live = await until(lambda: live_calls(site, 6))

    for number, call in enumerate(live):
        await site.customer("POST", f"/calls/{call.id}/hangup", at=number % 2)
    ended = await until(lambda: all_ended(site, len(before) + 6))
    site.end_carriers()
    await calls

    mine = [call for call in ended if call.id not in before]
    assert len({call.node for call in mine}) > 1
    assert {call.cause_text for call in mine} == {"hung up by the API"}


async def test_conference_is_heard_and_steered_across_nodes(site: Site, tmp_path: Path) -> None:
    """One node mixes; the others bring their legs by SIP."""
    made = await create_conference(site.database, site.account_id, ConferenceChange(name="team"), now=utc_now())
    room = made.conference.id
    await site.number(TO_ROOM, {"type": "conference_join", "option": {"conference_id": str(room)}})

    async with site.sounding_phone() as phone:
        here, mixing = await comes(site, phone, tmp_path, tone_hz=400)
        there, other = await comes_elsewhere(site, phone, tmp_path, mixing)
        inside = (await list_participants(site.database, site.account_id, room))[1]
        assert {each.node for each in inside} == {mixing.node}
        await until_it_hears(here, 1_000)
        await until_it_hears(there, 400)

        await change(site, room, other, ParticipantChange(muted=True))
        await until_it_hears(here)
        await until_it_hears(there, 400)
        await change(site, room, other, ParticipantChange(muted=False))
        await until_it_hears(here, 1_000)
        await change(site, room, other, ParticipantChange(hold=True))
        await until_it_hears(here)
        await change(site, room, other, ParticipantChange(hold=False))
        await until_it_hears(here, 1_000)
        await until_it_hears(there, 400)
        await remove_participant(site.database, site.account_id, room, other.id, utc_now())
        await is_over(there)

        last, host = await comes_elsewhere(site, phone, tmp_path, mixing)
        await change(site, room, host, ParticipantChange(ends=True, muted=True))
        await until_it_hears(here)  # the mixing node has the order
        last.hang_up()
        await is_over(here)  # the room ends for the mixing node's own caller, too

    after = await until(lambda: ended_of(site, [mixing, other, host]))
    assert {call.id: call.hangup_by.value for call in after} == {
        mixing.id: "local", other.id: "local", host.id: "remote"
    }  # fmt: skip
    assert await until(lambda: is_empty(site, room))


async def test_queue_joins_a_caller_and_an_agent_of_two_nodes(site: Site) -> None:
    """The caller's node rings the agent by the edge, whichever node took the phone's registration."""
    line = await create_queue(site.database, site.account_id, QueueChange(name="desk", wrap_up_ms=0), utc_now())
    await site.number(TO_QUEUE, {"type": "queue_join", "option": {"queue_id": str(line.queue.id)}})
    extension = await create_extension(
        site.database, site.account_id, extension="1002", password=PASSWORD, name="1002", detail="", now=utc_now()
    )
    draft = AgentDraft(
        username="agent@example.org", password="long enough", addresses=(Address("extension", str(extension.id)),)
    )
    agent = await create_agent(site.database, CheapHasher(), site.account_id, draft, utc_now())

    async with open_phone(site.here[3]) as phone:
        await phone.register("1002", site.edge)
        _, (binding, *_) = await find_bindings(site.database, site.account_id, extension.id, utc_now())
        served: list[Call] = []
        rung: list[Call] = []
        while not served or served[-1].node == binding.node:  # the edge spreads calls as it likes
            await until(lambda: is_free(site, agent.id))
            known = {call.id for call in await site.calls()}
            caller = await site.carrier(TO_QUEUE, calls=1, rate=1, talk_ms=1_500)
            assert (await caller)[0] == 0
            new = await until(partial(both_ended, site, known))
            served.append(next(call for call in new if call.destination.type == "tel"))
            rung.append(next(call for call in new if call.destination.type == "extension"))

    await until(lambda: all_served(site))  # written after the calls' ends
    assert [call.node for call in rung] == [call.node for call in served]
    assert all(call.progressing_at for call in rung)
    assert len(phone.callers) == len(served)
    await is_billed_once(site)


async def test_killed_nodes_calls_are_closed_and_billed_once_while_new_calls_go_elsewhere(site: Site) -> None:
    """AV-2, AV-6: by another, up to the last proof of life."""
    dead = site.nodes[0]
    calls = await site.carrier(NUMBER, calls=15, rate=30)
    live = await until(lambda: live_calls(site, 15))
    killed_at = utc_now()
    dead.send(signal.SIGKILL)
    await dead.ended()

    new = await site.carrier(NUMBER, calls=10, rate=5, talk_ms=300)
    assert (await new)[0] == 0
    closed = await until(lambda: ended_on(site, dead, live))
    await hang_up(site, live, but=dead)
    status, said = await calls
    await dead.start()

    assert closed
    assert status == 0, said  # the callers of the dead node heard of it from another
    assert all(call.ended_at and call.ended_at <= killed_at for call in closed)
    assert all(call.cause_text == "the process that carried the call ended" for call in closed)
    elsewhere = [call for call in await until(lambda: ended_of(site, live)) if call.node != dead.name]
    assert elsewhere
    assert all(call.cause_text != "the process that carried the call ended" for call in elsewhere)
    await is_billed_once(site)


async def test_node_that_is_cut_off_ends_its_calls_before_another_closes_them(site: Site) -> None:
    """AV-6: the lease is lost on both sides of the cut."""
    cut = site.nodes[1]
    calls = await site.carrier(NUMBER, calls=15, rate=30)
    live = await until(lambda: live_calls(site, 15))
    cut.machine.pull_cable()

    closed = await until(lambda: ended_on(site, cut, live))
    assert "lease_lost" in cut.log()
    new = await site.carrier(NUMBER, calls=5, rate=5, talk_ms=300)
    assert (await new)[0] == 0
    await hang_up(site, live, but=cut)
    status, said = await calls
    plugged_in_at = utc_now()
    cut.machine.plug_in()
    await until(lambda: lives_anew(site, cut, plugged_in_at))

    assert closed
    assert status == 0, said
    assert await as_it_was(site, closed)
    await is_billed_once(site)


async def test_sleeper_that_wakes_writes_nothing_over_what_was_closed(site: Site) -> None:
    """AV-6: SIGSTOP until another has closed its calls, then SIGCONT."""
    sleeper = site.nodes[2]
    calls = await site.carrier(NUMBER, calls=15, rate=30)
    live = await until(lambda: live_calls(site, 15))
    sleeper.send(signal.SIGSTOP)
    closed = await until(lambda: ended_on(site, sleeper, live))

    woken_at = utc_now()
    sleeper.send(signal.SIGCONT)
    await until(lambda: lives_anew(site, sleeper, woken_at))

    assert closed
    assert "lease_lost" in sleeper.log()
    assert await as_it_was(site, closed)
    await hang_up(site, live, but=sleeper)
    status, said = await calls
    assert status == 0, said
    await until(lambda: ended_of(site, live))
    await is_billed_once(site)


async def test_upgrade_at_noon_loses_no_call(site: Site) -> None:
    """AV-1: one node after the other is drained, ends by itself and is started again."""
    every = await until(lambda: all_ended(site, 1))
    traffic = await site.carrier(NUMBER, calls=100_000, rate=5, talk_ms=1_500)
    for number, node in enumerate(site.nodes):
        drained_at = utc_now()
        shown = await site.operator("POST", f"/nodes/{node.name}/drain", at=number % 2)
        assert shown["draining"]
        assert await node.ended() == 0
        await node.start()
        await until(partial(lives_anew, site, node, drained_at))
    site.stop_carriers()
    status, said = await traffic

    assert status == 0, said
    calls = await until(lambda: all_ended(site, len(every) + 1))
    new = [call for call in calls if call.id not in {before.id for before in every}]
    assert len(new) > 20
    assert all(call.progressing_at and call.hangup_by.value == "remote" for call in new)
    assert all((call.ended_at - call.progressing_at).total_seconds() > 1.3 for call in new if call.ended_at)  # type: ignore[operator]
    await is_billed_once(site)


async def test_api_worker_and_edge_that_are_cut_off_are_done_without_until_they_are_back(site: Site) -> None:
    """AV-6: nobody is killed, nobody is told: what they held is let go, and another has it."""
    await stock(site.database, BOUGHT_CUT_OFF)
    async with Receiver.listening(site.here[1]) as receiver:
        await site.customer("PUT", "/customer", {"webhook_uri": receiver.url(), "webhook_method": "POST"})
        calls = await site.carrier(NUMBER, calls=6, rate=20)
        live = await until(lambda: live_calls(site, 6))
        async with amid_a_purchase(site, BOUGHT_CUT_OFF) as purchase:
            for machine in site.beside:
                machine.pull_cable()
        new = await site.carrier(NUMBER, calls=10, rate=5, talk_ms=300, edge=2)
        bought = await until(lambda: site.buy(BOUGHT_CUT_OFF, at=1))
        assert (await new)[0] == 0
        await hang_up(site, live)  # which the callers behind the first edge hear of when it is back
        for machine in site.beside:
            machine.plug_in()
        status, said = await calls
        await until(lambda: ended_of(site, live))
        await until(lambda: are_told(receiver, live))
        assert await until(lambda: site.buy(BOUGHT_CUT_OFF, at=0)) == bought
        await until(lambda: gets_through(site, NUMBER))  # when the edge has asked the nodes again
        back = await site.carrier(NUMBER, calls=3, rate=5, talk_ms=300)
        assert (await back)[0] == 0
        await site.customer("PUT", "/customer", {"webhook_uri": "", "webhook_method": "POST"})
    purchase.cancel()

    assert status == 0, said
    async with site.database.reading() as tx:
        paid = await tx.connection.fetchval("select count(*) from ledger_entries where reference_id = $1", bought["id"])
    assert paid == 1
    await until(lambda: all_ended(site, 1))
    await is_billed_once(site)


async def test_killed_api_worker_and_edge_cost_no_call_no_number_and_no_webhook(site: Site) -> None:
    """What a caller, a buyer and a receiver of webhooks notice of a process that dies beside the voice nodes."""
    await stock(site.database, BOUGHT)
    async with Receiver.listening(site.here[1]) as receiver:
        await site.customer("PUT", "/customer", {"webhook_uri": receiver.url(), "webhook_method": "POST"})
        calls = await site.carrier(NUMBER, calls=6, rate=20)
        live = await until(lambda: live_calls(site, 6))
        async with amid_a_purchase(site, BOUGHT) as purchase:
            for role in ("api-1", "worker-1"):
                site.roles[role].kill()
            await site.kamailio.end(signal.SIGKILL)
            with pytest.raises(aiohttp.ClientError):
                await purchase
        bought = await until(lambda: site.buy(BOUGHT, at=1))
        again = await site.buy(BOUGHT, at=1)
        await site.kamailio.start()
        new = await site.carrier(NUMBER, calls=3, rate=5, talk_ms=300)
        assert (await new)[0] == 0
        await hang_up(site, live)
        status, said = await calls
        await until(lambda: ended_of(site, live))
        await until(lambda: are_told(receiver, live))
        await site.customer("PUT", "/customer", {"webhook_uri": "", "webhook_method": "POST"}, at=1)

    assert status == 0, said
    assert again == bought
    async with site.database.reading() as tx:
        paid = await tx.connection.fetchval("select count(*) from ledger_entries where reference_id = $1", bought["id"])
    assert paid == 1
    await is_billed_once(site)
