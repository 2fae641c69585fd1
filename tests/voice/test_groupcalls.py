"""Group calls over real SIP: who rings, who answers, and what is told (VoIPBIN reference 4.6)."""

import asyncio
from pathlib import Path

import pytest

from dialplane.domain.addresses import Address, AddressType, tel
from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.calling.groupcalls import Groupcall, GroupcallStatus, RingMethod
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import new_id, utc_now
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling import groupcalls as service
from dialplane.services.calling.outgoing import CallRequest
from dialplane.services.rooms.agents import AgentDraft, create_agent
from dialplane.voice.useragent.challenge import Credentials
from tests.effort import PATIENCE_S
from tests.voice.ears import until_sound
from tests.voice.platform import VoiceNode
from tests.voice.test_conferences import NUMBER as ROOM_NUMBER
from tests.voice.test_conferences import meeting

OWN = "+12025550143"
STAY: dict[str, object] = {"type": "sleep", "option": {"duration": 500}}


async def ring(node: VoiceNode, *destinations: str, method: RingMethod) -> Groupcall:
    await node.bare_number(OWN)
    wish = service.GroupcallWish(tel(OWN), [tel(each) for each in destinations], actions=[STAY], ring_method=method)
    return await service.create_groupcall(node.database, node.account_id, wish, utc_now())


async def ended(node: VoiceNode, group: Groupcall) -> Groupcall:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await service.get_groupcall(node.database, node.account_id, group.id)
            if found.status is GroupcallStatus.HANGUP:
                return found
            await asyncio.sleep(0.02)


async def test_first_of_several_that_answers_has_the_call(node: VoiceNode) -> None:
    group = await ring(node, "+12025550102", "+12025550100", method=RingMethod.RING_ALL)

    over = await ended(node, group)

    calls = {call.id: call for call in await node.calls()}
    assert set(over.call_ids) == set(calls)
    assert over.answer_call_id is not None
    assert calls[over.answer_call_id].destination.target == "+12025550100"
    assert await node.run_of(calls[over.answer_call_id]) == ("ended", ["sleep"])
    assert [call.details.groupcall_id for call in calls.values()] == [group.id, group.id]
    told = [event for event in await node.events() if event.startswith("groupcall")]
    assert told == ["groupcall_created", "groupcall_progressing", "groupcall_hangup"]


async def test_linear_group_tries_one_after_the_other(node: VoiceNode) -> None:
    group = await ring(node, "+12025550101", "+12025550106", "+12025550100", method=RingMethod.LINEAR)

    over = await ended(node, group)

    calls = await node.calls()
    assert [call.destination.target for call in calls] == ["+12025550101", "+12025550106"]
    assert (over.dial_index, over.answer_call_id) == (1, calls[1].id)


async def test_group_is_hung_up_as_a_whole(node: VoiceNode) -> None:
    group = await ring(node, "+12025550102", "+12125550102", method=RingMethod.RING_ALL)
    while len([event for event in await node.events() if event == "call_ringing"]) < 1:
        await asyncio.sleep(0.02)

    await service.hangup_groupcall(node.database, node.account_id, group.id, utc_now())

    over = await ended(node, group)
    for call_id in over.call_ids:
        assert (await node.ended_call(call_id)).hangup_reason is HangupReason.CANCEL


async def test_every_phone_of_an_extension_rings_as_a_group(node: VoiceNode) -> None:
    rung: list[PhoneCall] = []

    async def take(call: PhoneCall) -> None:
        rung.append(call)
        call.ring()
        if len(rung) == 2:
            call.answer()
        await call.ended.wait()

    await node.extension("alice", "secret")
    async with node.phone(take) as first, node.phone(take) as second:
        for phone in (first, second):
            await phone.register("sip:alice@127.0.0.1", server=node.server, credentials=Credentials("alice", "secret"))
        wish = service.GroupcallWish(None, [Address("extension", "alice")], actions=[STAY])
        group = await service.create_groupcall(node.database, node.account_id, wish, utc_now())

        over = await ended(node, group)

    assert len(over.call_ids) == len(rung) == 2
    assert over.answer_call_id in over.call_ids


class PlainHasher:
    """Agents of these tests never sign in."""

    async def hash(self, password: str) -> str:
        return f"hash of {password}"


async def agent_of(node: VoiceNode, *addresses: Address, ring_method: str) -> Address:
    draft = AgentDraft("agent@example.org", "a long password", ring_method=ring_method, addresses=addresses)
    made = await create_agent(node.database, PlainHasher(), node.account_id, draft, utc_now())
    return Address("agent", str(made.id))


async def test_call_to_an_agent_rings_its_addresses_by_its_own_method(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    agent = await agent_of(node, tel("+12025550101"), tel("+12025550106"), ring_method="linear")
    request = CallRequest(tel(OWN), (agent,), actions=[STAY])

    started = await service.start_calls(node.database, node.account_id, request, utc_now())

    over = await ended(node, started.groupcalls[0])
    assert started.calls == ()
    assert [call.destination.target for call in await node.calls()] == ["+12025550101", "+12025550106"]
    assert (over.ring_method, over.dial_index) == (RingMethod.LINEAR, 1)


async def test_call_to_an_agent_without_an_address_is_refused(node: VoiceNode) -> None:
    agent = await agent_of(node, ring_method="ringall")

    with pytest.raises(Invalid) as refusal:
        await service.start_calls(node.database, node.account_id, CallRequest(tel(OWN), (agent,)), utc_now())

    assert refusal.value.field == "destinations"
    assert await node.calls() == []


@pytest.mark.parametrize("kind", ["agent", "conference", "extension"])
async def test_call_to_what_the_account_does_not_have_is_refused_and_leaves_the_others(
    node: VoiceNode, kind: AddressType
) -> None:
    """VoIPBIN's reference 4.3: a destination that fails is left out; the request fails only if all fail."""
    await node.bare_number(OWN)
    nobody = Address(kind, str(new_id(utc_now())))

    with pytest.raises(NotFound) as refusal:
        await service.start_calls(node.database, node.account_id, CallRequest(tel(OWN), (nobody,)), utc_now())
    request = CallRequest(tel(OWN), (nobody, tel("+12025550101")))
    started = await service.start_calls(node.database, node.account_id, request, utc_now())

    assert (refusal.value.reason, refusal.value.field) == (f"{kind.upper()}_NOT_FOUND", "destinations")
    assert ([call.destination.target for call in started.calls], started.groupcalls) == (["+12025550101"], ())


async def test_call_to_a_conference_is_a_group_whose_call_speaks_into_it(node: VoiceNode, tmp_path: Path) -> None:
    """VoIPBIN reference 4.3."""
    hello: dict[str, object] = {"type": "talk", "option": {"text": "hello to all of you in this conference"}}
    async with meeting(node, tmp_path) as room:
        call = await node.ring(room.phone, ROOM_NUMBER)
        assert await call.wait_answered()
        await room.until(1)
        destination = Address("conference", str(room.id))
        request = CallRequest(None, (destination,), actions=[hello])

        started = await service.start_calls(node.database, node.account_id, request, utc_now())

        await until_sound(call)
        over = await ended(node, started.groupcalls[0])
        assert over.answer_call_id is not None
