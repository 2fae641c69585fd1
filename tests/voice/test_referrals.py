"""REFER on real calls, in and out (Restcomm reference 5.7)."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote

import pytest

from dialplane.domain.numbering.targets import DocumentTarget, Targets
from dialplane.phone.softphone import PhoneCall, Softphone
from dialplane.voice.useragent.agent import SipCall
from dialplane.voice.useragent.challenge import Credentials
from dialplane.voice.useragent.refer import IncomingRefer
from tests.effort import PATIENCE_S
from tests.voice.documents import document_number, document_server
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"


@dataclass
class Manager:
    """A phone's transfers: keeps what it was told, and accepts what it is asked."""

    told: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_refer(self, call: SipCall, refer: IncomingRefer) -> None:
        self.asked.append(str(refer.target.uri))
        refer.accept()
        refer.tell(200)

    def on_refer_progress(self, call: SipCall, *, answer: int = 0, notified: int = 0) -> None:
        self.told.append(answer or notified)
        self.changed.set()

    async def wait(self, enough: Callable[[list[int]], bool]) -> list[int]:
        while not enough(self.told):
            self.changed.clear()
            await self.changed.wait()
        return self.told


def manage(call: PhoneCall) -> Manager:
    manager = Manager()
    assert call.sip is not None
    call.sip.referrer = manager
    return manager


async def hears(speaker: PhoneCall, listener: PhoneCall, key: str) -> None:
    while key not in listener.heard_digits:
        await speaker.send_digits(key)


async def test_document_of_the_number_runs_on_the_transferee_and_the_transferor_is_hung_up(node: VoiceNode) -> None:
    calls: asyncio.Queue[PhoneCall] = asyncio.Queue()

    async def take(call: PhoneCall) -> None:
        call.ring()
        call.answer()
        calls.put_nowait(call)
        await call.ended.wait()

    referred = '<Response><Gather numDigits="1" timeout="20"/></Response>'
    async with document_server({"/refer": referred}) as server, node.phone() as phone, node.phone(take) as other:
        server.pages["/start"] = f"<Response><Dial><Sip>sip:bob@127.0.0.1:{other.agent.port}</Sip></Dial></Response>"
        number = await document_number(node, NUMBER, DocumentTarget(server.url()))
        targets = Targets(voice=number.targets.voice, refer=DocumentTarget(server.url("/refer")))
        async with node.database.transaction() as tx:
            await tx.numbers.save(replace(number, targets=targets))
        async with asyncio.timeout(PATIENCE_S):
            caller = await node.ring(phone, NUMBER)
            bob = await calls.get()
            await hears(caller, bob, "1")
            manager = manage(bob)
            assert bob.sip is not None

            bob.sip.refer("sip:+12025550177@127.0.0.1")

            assert await manager.wait(lambda told: 200 in told) == [202, 100, 200]
            await bob.ended.wait()
            while not server.asked("/refer"):
                await asyncio.sleep(0.02)
            assert not caller.ended.is_set()
            caller.hang_up()

    (sent, *_) = (each for each in server.receiver.requests if each.path == "/refer")
    names = [name for name, _ in parse_qsl(sent.body.decode())]
    assert len(names) == len(set(names)), "each parameter is told once"
    asked = server.asked("/refer")[0]  # again, where a key of the talk came late
    assert (asked["ReferTarget"], asked["Transferor"]) == ("+12025550177", f"bob@127.0.0.1:{other.agent.port}")
    assert asked["Transferee"] == "+12125550111"


async def test_stranger_cannot_transfer_where_the_number_names_no_refer_target(node: VoiceNode) -> None:
    connect = {"type": "connect", "option": {"destinations": [{"type": "tel", "target": "+12025550100"}]}}
    await node.number(NUMBER, connect)
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        caller = await node.ring(phone, NUMBER)
        await caller.wait_answered()
        manager = manage(caller)
        assert caller.sip is not None

        caller.sip.refer("sip:+12025550177@127.0.0.1")

        assert await manager.wait(bool) == [404]
        assert not caller.ended.is_set()
        caller.hang_up()


async def test_phone_of_the_account_transfers_whom_it_talks_with(node: VoiceNode) -> None:
    calls: asyncio.Queue[PhoneCall] = asyncio.Queue()

    async def take(call: PhoneCall) -> None:
        call.ring()
        call.answer()
        calls.put_nowait(call)
        await call.ended.wait()

    async with node.phone() as phone, node.phone(take) as bobs, node.phone(take) as carols, asyncio.timeout(PATIENCE_S):
        for name, desk in (("bob", bobs), ("carol", carols)):
            await node.extension(name, "secret")
            await desk.register(f"sip:{name}@127.0.0.1", server=node.server, credentials=Credentials(name, "secret"))
        connect = {"type": "connect", "option": {"destinations": [{"type": "extension", "target": "bob"}]}}
        await node.number(NUMBER, connect)
        caller = await node.ring(phone, NUMBER)
        bob = await calls.get()
        await hears(caller, bob, "1")
        manager = manage(bob)
        assert bob.sip is not None

        bob.sip.refer("sip:carol@127.0.0.1")

        assert (await manager.wait(lambda told: 200 in told))[0] == 202
        await bob.ended.wait()
        carol = await calls.get()
        await hears(caller, carol, "2")
        carol.hang_up()
        await caller.ended.wait()


async def test_program_refers_its_caller_elsewhere(node: VoiceNode) -> None:
    refer = '<Response><Refer action="/after"><Sip>sip:desk@192.0.2.7</Sip></Refer></Response>'
    async with document_server({"/start": refer, "/after": "<Response/>"}) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        async with asyncio.timeout(PATIENCE_S):
            caller = await node.ring(phone, NUMBER)
            manager = manage(caller)
            await caller.ended.wait()
            while not server.asked("/after"):
                await asyncio.sleep(0.02)

    assert manager.asked == ["sip:desk@192.0.2.7"]
    assert server.asked("/after")[0]["ReferSipResponseCode"] == "202"


@dataclass
class Desks:
    """Phones of the account that take every call; the calls that each got."""

    node: VoiceNode
    phones: dict[str, Softphone] = field(default_factory=dict)
    calls: dict[str, "asyncio.Queue[PhoneCall]"] = field(default_factory=dict)

    async def add(self, stack: AsyncExitStack, name: str) -> Softphone:
        calls: asyncio.Queue[PhoneCall] = asyncio.Queue()

        async def take(call: PhoneCall) -> None:
            call.ring()
            call.answer()
            calls.put_nowait(call)
            await call.ended.wait()

        phone = await stack.enter_async_context(self.node.phone(take))
        await self.node.extension(name, "secret")
        await phone.register(f"sip:{name}@127.0.0.1", server=self.node.server, credentials=Credentials(name, "secret"))
        self.phones[name], self.calls[name] = phone, calls
        return phone


def replacing(target: str, call: PhoneCall) -> str:
    """A Refer-To that has `target` take the place of the peer of `call` (RFC 3891: the tags as that peer has them)."""
    assert call.sip is not None
    tags = call.sip.tags
    return f"sip:{target}@127.0.0.1?Replaces={quote(f'{call.sip.id};to-tag={tags[1]};from-tag={tags[0]}')}"


@pytest.mark.parametrize("way", ["was called, then called", "called both", "was called twice"])
async def test_phone_transfers_attended_by_replaces_and_the_two_others_talk_on(node: VoiceNode, way: str) -> None:
    """RFC 3891 within REFER: bob talks with anna and with carol, joins the two, and is out of both."""
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        desks = Desks(node)
        for name in ("anna", "bob", "carol"):
            await desks.add(stack, name)

        async def talk(caller: str, callee: str) -> tuple[PhoneCall, PhoneCall]:
            made = await node.dial_as(desks.phones[caller], caller, "secret", callee)
            taken = await desks.calls[callee].get()
            await hears(made, taken, "1")
            return made, taken

        if way == "called both":
            first, anna = await talk("bob", "anna")
        else:
            anna, first = await talk("anna", "bob")
        if way == "was called twice":
            carol, second = await talk("carol", "bob")
        else:
            second, carol = await talk("bob", "carol")
        manager = manage(first)
        assert first.sip is not None

        first.sip.refer(replacing("carol", second))

        assert (await manager.wait(lambda told: 200 in told))[0] == 202
        await first.ended.wait()
        await second.ended.wait()
        await hears(anna, carol, "7")
        await hears(carol, anna, "8")
        carol.hang_up()
        await anna.ended.wait()


async def test_refer_that_replaces_a_dialog_with_other_tags_is_refused(node: VoiceNode) -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        desks = Desks(node)
        for name in ("anna", "bob"):
            await desks.add(stack, name)
        made = await node.dial_as(desks.phones["anna"], "anna", "secret", "bob")
        taken = await desks.calls["bob"].get()
        await hears(made, taken, "1")
        manager = manage(taken)
        assert taken.sip is not None
        assert made.sip is not None

        taken.sip.refer(f"sip:carol@127.0.0.1?Replaces={quote(f'{made.sip.id};to-tag=x;from-tag=y')}")

        assert await manager.wait(bool) == [404]
        made.hang_up()
