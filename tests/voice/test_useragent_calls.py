"""Two of our own user agents facing each other: the life of a call."""

import asyncio
import random

import pytest

from dialplane.voice.useragent.agent import CallEnd, EndKind, IncomingCall, SipCall, Source
from dialplane.voice.useragent.refer import IncomingRefer
from tests.voice.agents import SDP, Answering, Watcher, place, running

OTHER_SDP = SDP.replace(b"40000", b"50000")


def answer(call: IncomingCall) -> None:
    call.provisional(180)
    call.answer(OTHER_SDP)


def ring(call: IncomingCall) -> None:
    call.provisional(180)


class Transfer:
    """Both ends of a REFER: accepts it as the callee, and keeps what the caller saw on the wire until its answer."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def received(self, data: bytes, peer: Source) -> None:
        self.seen.append(data.decode())

    def sent(self, data: bytes, peer: Source) -> None:
        """What we say ourselves is not looked at."""

    def on_refer(self, call: SipCall, refer: IncomingRefer) -> None:
        refer.accept()

    def on_refer_progress(self, call: SipCall, *, answer: int = 0, notified: int = 0) -> None:
        if answer and not self.answer.done():
            self.answer.set_result(answer)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_call_is_answered_and_hung_up_by_the_caller(transport: str) -> None:
    callee = Answering(answer)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        call = place(alice, bob, watcher, transport=transport)
        assert await watcher.wait("answered") == OTHER_SDP
        await callee.watchers[0].wait("answered")

        call.hangup(headers=[("Reason", 'Q.850;cause=16;text="bye, bye"')])
        call.hangup()

        assert await watcher.wait_end() == CallEnd(EndKind.BYE, by_remote=False)
        expected = CallEnd(EndKind.BYE, by_remote=True, cause=16, text="bye, bye")
        assert await callee.watchers[0].wait_end() == expected
        assert watcher.names == ["provisional", "answered", "ended"]
        assert callee.watchers[0].names == ["answered", "ended"]


async def test_call_is_hung_up_by_the_callee() -> None:
    callee = Answering(answer)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        place(alice, bob, watcher)
        call = await callee.calls.get()
        await callee.watchers[0].wait("answered")

        call.hangup()

        assert await watcher.wait_end() == CallEnd(EndKind.BYE, by_remote=True)
        assert await callee.watchers[0].wait_end() == CallEnd(EndKind.BYE, by_remote=False)


async def test_call_hung_up_before_the_ack_ends_for_both() -> None:
    """The BYE waits for the ACK (RFC 3261 15)."""

    def answer_and_regret(call: IncomingCall) -> None:
        call.answer(SDP)
        call.hangup()

    callee = Answering(answer_and_regret)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        place(alice, bob, watcher)

        assert await watcher.wait_end() == CallEnd(EndKind.BYE, by_remote=True)
        assert callee.watchers[0].names == ["ended"]


async def test_early_media_reaches_the_caller() -> None:
    callee = Answering(lambda call: call.provisional(183, OTHER_SDP))
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        call = place(alice, bob, watcher)

        assert await watcher.wait("provisional") == 183

        call.hangup()


@pytest.mark.parametrize("status", [486, 404, 603, 302])
async def test_refused_call_ends_with_the_status(status: int) -> None:
    callee = Answering(lambda call: call.reject(status, "No", [("Reason", "Q.850;cause=17")]))
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        place(alice, bob, watcher)

        end = await watcher.wait_end()

        assert end == CallEnd(EndKind.REJECTED, by_remote=True, status=status, cause=17, text="No")
        assert await callee.watchers[0].wait_end() == CallEnd(
            EndKind.REJECTED, by_remote=False, status=status, text="No"
        )


async def test_cancelled_call_ends_for_both() -> None:
    callee = Answering(ring)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        call = place(alice, bob, watcher)
        await watcher.wait("provisional")

        call.hangup(headers=[("Reason", 'SIP;cause=200;text="answered elsewhere"')])

        assert await watcher.wait_end() == CallEnd(EndKind.CANCEL, by_remote=False, status=487)
        assert await callee.watchers[0].wait_end() == CallEnd(
            EndKind.CANCEL, by_remote=True, status=487, text="answered elsewhere"
        )


async def test_call_cancelled_before_any_answer_is_cancelled_when_one_comes() -> None:
    callee = Answering(ring)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()

        place(alice, bob, watcher).hangup()

        assert (await watcher.wait_end()).kind is EndKind.CANCEL
        await callee.calls.get()
        assert (await callee.watchers[0].wait_end()).kind is EndKind.CANCEL


async def test_cancel_races_end_every_call_exactly_once() -> None:
    """SIP-13. CANCEL after 0 to 50 ms while the callee answers after 0 to 50 ms."""
    order = random.Random(13)
    loop = asyncio.get_running_loop()

    def answer_later(call: IncomingCall) -> None:
        loop.call_later(order.uniform(0, 0.05), answer, call)

    callee = Answering(answer_later)
    async with running(callee) as bob, running() as alice:
        watchers = [Watcher() for _ in range(300)]
        for watcher in watchers:
            call = place(alice, bob, watcher)
            loop.call_later(order.uniform(0, 0.05), call.hangup)
        for watcher in watchers:
            await watcher.wait_end()
        while len(callee.watchers) < len(watchers):
            await callee.calls.get()
        for watcher in callee.watchers:
            await watcher.wait_end()

        assert {watcher.names.count("ended") for watcher in watchers + callee.watchers} == {1}
        assert all(watcher.names[-1] == "ended" for watcher in watchers + callee.watchers)
        assert not alice.live_calls
        assert not bob.live_calls


async def test_reinvite_renegotiates_in_both_directions() -> None:
    callee = Answering(answer)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        call = place(alice, bob, watcher)
        other = await callee.calls.get()
        await callee.watchers[0].wait("answered")
        callee.watchers[0].offer_answer = b"v=0\r\ns=answer\r\n"

        call.reinvite(b"v=0\r\ns=hold\r\n")
        assert await callee.watchers[0].wait("offer") == b"v=0\r\ns=hold\r\n"
        assert await watcher.wait("renegotiated") == b"v=0\r\ns=answer\r\n"
        other.reinvite(b"v=0\r\ns=resume\r\n")
        assert await watcher.wait("offer") == b"v=0\r\ns=resume\r\n"
        assert await callee.watchers[0].wait("renegotiated") == SDP

        assert not call.is_ended


async def test_refused_reinvite_leaves_the_call_as_it_was() -> None:
    callee = Answering(answer)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        call = place(alice, bob, watcher)
        await callee.calls.get()
        await callee.watchers[0].wait("answered")
        callee.watchers[0].offer_answer = 488

        call.reinvite(SDP)
        await callee.watchers[0].wait("offer")
        call.send_info(b"Signal=5", "application/dtmf-relay")

        assert await callee.watchers[0].wait("info") == b"Signal=5"
        assert "renegotiated" not in watcher.names


async def test_reinvites_that_cross_are_both_made_in_the_end() -> None:
    """SIP-17: 491 for the glare, then each tries again at its own time."""
    callee = Answering(answer)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        call = place(alice, bob, watcher)
        other = await callee.calls.get()
        await callee.watchers[0].wait("answered")

        call.reinvite(SDP)
        other.reinvite(OTHER_SDP)

        await watcher.wait("renegotiated")
        await callee.watchers[0].wait("renegotiated")


async def test_call_to_nobody_times_out() -> None:
    async with running() as bob, running() as alice:
        watcher = Watcher()
        await bob.close()
        place(alice, bob, watcher)

        assert await watcher.wait_end() == CallEnd(EndKind.TIMEOUT, by_remote=True, status=408)


async def test_call_to_a_closed_tcp_port_fails_at_once() -> None:
    async with running() as bob, running() as alice:
        watcher = Watcher()
        await bob.close()
        place(alice, bob, watcher, transport="tcp")

        assert await watcher.wait_end() == CallEnd(EndKind.FAILED, by_remote=True, status=503)


async def test_call_to_a_name_that_nobody_knows_fails() -> None:
    async with running() as alice:
        watcher = Watcher()
        alice.call(target="sip:bob@nobody.invalid", caller="<sip:a@b.example>", sdp=SDP, watcher=watcher)

        assert (await watcher.wait_end()).kind is EndKind.FAILED


async def test_closing_an_agent_ends_its_calls_on_both_sides() -> None:
    callee = Answering(answer)
    async with running(callee) as bob, running() as alice:
        watcher = Watcher()
        place(alice, bob, watcher)
        await callee.calls.get()
        await callee.watchers[0].wait("answered")

        await alice.close()

        assert (await watcher.wait_end()).kind is EndKind.FAILED
        assert (await callee.watchers[0].wait_end()).kind is EndKind.BYE


async def test_failing_handler_costs_its_own_call_only() -> None:
    """SIP-8."""

    def fail_first(call: IncomingCall) -> None:
        if len(callee.watchers) == 1:
            raise RuntimeError("our own fault")
        answer(call)

    callee = Answering(fail_first)
    async with running() as alice, running(callee) as bob:
        first, second = Watcher(), Watcher()
        place(alice, bob, first)
        assert (await first.wait_end()).status == 500
        place(alice, bob, second)
        await second.wait("answered")
        assert bob.counters.pop("handler_failed") == 1


async def test_draining_agent_refuses_new_calls_and_keeps_the_old() -> None:
    """AV-1."""
    callee = Answering(answer)
    async with running(callee) as bob, running() as alice:
        old, new = Watcher(), Watcher()
        call = place(alice, bob, old)
        await callee.calls.get()
        await callee.watchers[0].wait("answered")

        bob.drain()
        place(alice, bob, new)

        assert (await new.wait_end()).status == 503
        probe = await alice.request("OPTIONS", target=f"sip:127.0.0.1:{bob.port}", caller="sip:a@b.example")
        assert (probe.status, probe.headers.get("Retry-After")) == (503, "10")
        call.send_info(b"still here", "application/dtmf-relay")
        assert await callee.watchers[0].wait("info") == b"still here"


async def test_call_to_ourselves_is_refused_as_a_loop() -> None:
    """SIP-15."""
    handler = Answering(answer)
    async with running(handler) as agent:
        watcher = Watcher()
        place(agent, agent, watcher)

        assert (await watcher.wait_end()).status == 482
        assert handler.watchers == []


async def test_accepted_refer_is_answered_with_its_event() -> None:
    """Restcomm reference 5.7: 202 with `Event: refer`."""
    transfer = Transfer()
    callee = Answering(answer)
    async with running(callee) as bob, running(tap=transfer) as alice:
        watcher = Watcher()
        call = place(alice, bob, watcher)
        await watcher.wait("answered")
        incoming = await callee.calls.get()
        incoming.referrer = call.referrer = transfer

        call.refer("sip:+12025550177@127.0.0.1")

        assert await transfer.answer == 202
        (accepted,) = (message for message in transfer.seen if message.startswith("SIP/2.0 202"))
        assert "\r\nEvent: refer\r\n" in accepted
        call.hangup()
        await watcher.wait_end()
