"""A call centre over real SIP: who waits longest is served first, by an agent whose phone is rung."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AgentId, QueueId, TagId, utc_now
from dialplane.domain.rooms.queues import Queuecall
from dialplane.domain.tenancy.accounts import Agent
from dialplane.phone.softphone import PhoneCall
from dialplane.services.rooms.agents import AgentChange, AgentDraft, create_agent, get_agent, update_agent
from dialplane.services.rooms.queue_members import kick, list_queuecalls
from dialplane.services.rooms.queues import QueueChange, create_queue, get_queue
from dialplane.services.rooms.tags import create_tag
from dialplane.voice.useragent.challenge import Credentials
from tests.faces.conftest import CheapHasher
from tests.voice.platform import VoiceNode

NUMBER = "+12025550190"


@dataclass
class Desk:
    """An agent with a registered phone, and the calls that it got."""

    agent: Agent
    answers: bool
    calls: list[PhoneCall] = field(default_factory=list)
    rang: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, call: PhoneCall) -> None:
        call.ring()
        self.rang.set()
        if self.answers:
            call.answer()
            self.calls.append(call)
        await call.ended.wait()


@asynccontextmanager
async def desk(
    node: VoiceNode, name: str, *, answers: bool = True, tag_ids: tuple[TagId, ...] = (), available: bool = True
) -> AsyncIterator[Desk]:
    extension_id = await node.extension(name, "secret")
    draft = AgentDraft(
        username=f"{name}@example.org",
        password="long enough",
        tag_ids=tag_ids,
        addresses=(Address("extension", str(extension_id)),),
    )
    made = await create_agent(node.database, CheapHasher(), node.account_id, draft, utc_now())
    found = Desk(made, answers)
    async with node.phone(found.take) as phone:
        answer = await phone.register(
            f"sip:{name}@127.0.0.1", server=node.server, credentials=Credentials(name, "secret")
        )
        assert answer.status == 200
        if available:
            await set_status(node, made.id, "available")
        yield found


async def set_status(node: VoiceNode, agent_id: AgentId, status: str) -> None:
    await update_agent(node.database, node.account_id, agent_id, AgentChange(status=status), utc_now())


async def queue(node: VoiceNode, **fields: object) -> QueueId:
    line = await create_queue(node.database, node.account_id, QueueChange(name="desk", **fields), utc_now())  # type: ignore[arg-type]  # given by name
    await node.number(NUMBER, {"type": "queue_join", "option": {"queue_id": str(line.queue.id)}})
    return line.queue.id


async def stays(node: VoiceNode) -> list[Queuecall]:
    """Oldest first."""
    found = await list_queuecalls(node.database, node.account_id, before=None, limit=100)
    return list(found)[::-1]


async def until_waiting(node: VoiceNode, queue_id: QueueId, count: int) -> None:
    while len((await get_queue(node.database, node.account_id, queue_id)).waiting) < count:
        await asyncio.sleep(0.02)


async def status_of(node: VoiceNode, agent: Agent, wanted: str) -> None:
    while (await get_agent(node.database, node.account_id, agent.id)).status != wanted:
        await asyncio.sleep(0.02)


async def test_longest_waiting_caller_is_served_first_and_each_by_the_agent_idle_longest(node: VoiceNode) -> None:
    queue_id = await queue(node, wrap_up_ms=1)
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(node.phone())
        callers = []
        for number in range(3):
            callers.append(await node.ring(phone, NUMBER, caller=f"+1212555020{number}"))
            await until_waiting(node, queue_id, number + 1)

        first = await stack.enter_async_context(desk(node, "1001"))
        await status_of(node, first.agent, "busy")
        second = await stack.enter_async_context(desk(node, "1002"))
        await status_of(node, second.agent, "busy")
        third = await stack.enter_async_context(desk(node, "1003"))
        await status_of(node, third.agent, "busy")

        served = await stays(node)
        assert [each.service_agent_id for each in served] == [first.agent.id, second.agent.id, third.agent.id]
        for caller in callers:
            caller.hang_up()
        for each in (first, second, third):
            await each.calls[0].ended.wait()
            await status_of(node, each.agent, "available")
    line = await get_queue(node.database, node.account_id, queue_id)
    assert (line.queue.total_incoming_count, line.queue.total_serviced_count, line.live) == (3, 3, ())
    events = [event for event in await node.events() if event.startswith("queuecall")]
    assert sorted(set(events)) == [
        "queuecall_connecting", "queuecall_created", "queuecall_done", "queuecall_serviced", "queuecall_waiting",
    ]  # fmt: skip


async def test_agent_who_does_not_answer_is_passed_over(node: VoiceNode) -> None:
    await queue(node)
    async with node.phone() as phone, desk(node, "1002", available=False) as good:
        extension_id = await node.extension("1009", "secret")  # nobody has registered there
        draft = AgentDraft("gone@example.org", "long enough", addresses=(Address("extension", str(extension_id)),))
        gone = await create_agent(node.database, CheapHasher(), node.account_id, draft, utc_now())
        await set_status(node, gone.id, "available")
        await set_status(node, good.agent.id, "available")
        caller = await node.ring(phone, NUMBER)

        await status_of(node, good.agent, "busy")
        caller.hang_up()
        await good.calls[0].ended.wait()

        assert (await get_agent(node.database, node.account_id, gone.id)).status == "available"


async def test_caller_who_hangs_up_while_an_agent_rings_is_abandoned_and_the_agent_free_again(node: VoiceNode) -> None:
    queue_id = await queue(node)
    async with node.phone() as phone, desk(node, "1001", answers=False) as agent:
        caller = await node.ring(phone, NUMBER)
        await agent.rang.wait()

        caller.hang_up()

        await status_of(node, agent.agent, "available")
        [stay] = await stays(node)
        assert stay.status == "abandoned"
    assert (await get_queue(node.database, node.account_id, queue_id)).queue.total_abandoned_count == 1


async def test_caller_who_waits_too_long_goes_on_with_its_flow(node: VoiceNode) -> None:
    await queue(node, wait_timeout_ms=200)
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        await caller.ended.wait()

        status, actions = await node.run_of(await node.ended_call())
        assert (status, actions) == ("ended", ["queue_join"])
        assert (await stays(node))[0].status == "abandoned"


async def test_kicked_caller_goes_on_with_its_flow(node: VoiceNode) -> None:
    queue_id = await queue(node)
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        await until_waiting(node, queue_id, 1)
        [stay] = await stays(node)

        kicked = await kick(node.database, node.account_id, stay.id, utc_now())
        await caller.ended.wait()

        assert kicked.status == "kicking"
        while (await stays(node))[0].status != "abandoned":
            await asyncio.sleep(0.02)


async def test_only_an_agent_with_a_tag_of_the_queue_is_rung(node: VoiceNode) -> None:
    tag = await create_tag(node.database, node.account_id, name="sales", detail="", now=utc_now())
    await queue(node, tag_ids=(UUID(str(tag.id)),))
    async with (
        node.phone() as phone,
        desk(node, "1001") as untagged,
        desk(node, "1002", tag_ids=(tag.id,), available=False) as tagged,
    ):
        await node.ring(phone, NUMBER)
        await set_status(node, tagged.agent.id, "available")

        await status_of(node, tagged.agent, "busy")

        assert not untagged.rang.is_set()


async def test_direct_hash_of_an_agent_rings_it_and_its_standing_follows_the_call(node: VoiceNode) -> None:
    """VoIPBIN reference 6.4: ringing, busy at the answer, and available again when the agent says so."""
    async with node.phone() as phone, desk(node, "1001") as agent:
        caller = await node.ring(phone, agent.agent.direct_hash)
        assert await caller.wait_answered()
        await status_of(node, agent.agent, "busy")

        caller.hang_up()
        await agent.calls[0].ended.wait()
        await node.ended_call()

        assert (await get_agent(node.database, node.account_id, agent.agent.id)).status == "busy"
        assert (await node.events()).count("agent_status_updated") == 3
