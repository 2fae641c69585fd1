"""Reliable provisional answers (RFC 3262) and the session timer that we ask for (RFC 4028), against sipp and by raw
messages."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from dialplane.sip.message import Response
from dialplane.sip.transaction import Timers
from dialplane.voice.useragent.agent import EndKind, IncomingCall, OutgoingCall
from dialplane.voice.useragent.session import SessionTerms
from tests.effort import PATIENCE_S
from tests.ports import free_port
from tests.voice.agents import SDP, Answering, RawPeer, Watcher, running

SCENARIO = Path(__file__).parent / "scenarios" / "reliable_callee.xml"
RELIABLE = "Supported: 100rel\r\nRequire: 100rel\r\n"


def ring(call: IncomingCall) -> None:
    call.provisional(183, SDP)


@pytest.mark.peer("sipp")
async def test_sipp_that_wants_longer_sessions_and_answers_reliably_is_called() -> None:
    port = free_port()
    sipp = await asyncio.create_subprocess_exec(
        "sipp", "-sf", str(SCENARIO), "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin",
        stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL,
    )  # fmt: skip
    watcher = Watcher(on_answer=lambda call: call.hangup())
    async with running() as agent, asyncio.timeout(PATIENCE_S):
        call = agent.call(
            target=f"sip:x@127.0.0.1:{port}", caller="sip:a@b.example", sdp=SDP, watcher=watcher, session_s=90,
            reliable="Require",
        )  # fmt: skip
        await watcher.wait_end()
        output, _ = await sipp.communicate()

    assert sipp.returncode == 0, output[-2000:]
    assert call.session_s == 120
    assert watcher.names == ["provisional", "answered", "ended"]


async def test_answer_to_a_caller_who_requires_it_is_resent_until_the_prack() -> None:
    async with running(Answering(ring)) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra=RELIABLE))
            first = await peer.receive_response(183)
            again = await peer.receive_response(183)
            peer.send(prack(peer, first))
            answered = await peer.receive_response(200)

            assert bytes(again) == bytes(first)
            assert first.headers.get("Require") == "100rel"
            assert answered.cseq.method == "PRACK"


def prack(peer: RawPeer, answer: Response, *, number: int = 0) -> bytes:
    rseq = int(answer.headers.get("RSeq") or 0) + number
    return peer.request("PRACK", to_tag=answer.to.tag, cseq=2, extra=f"RAck: {rseq} {answer.cseq.number} INVITE\r\n")


async def test_prack_counts_by_its_numbers_and_not_by_its_spelling() -> None:
    """RFC 3262 7.2, RFC 3261 7.3.1: option tags in any case, numbers with zeros before them."""
    async with running(Answering(ring)) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra="Require: 100Rel\r\n"))
            first = await peer.receive_response(183)
            rack = f"RAck: 00{first.headers.get('RSeq')} 0001 INVITE\r\n"
            peer.send(peer.request("PRACK", to_tag=first.to.tag, cseq=2, extra=rack))

            assert (await peer.receive_response(200)).cseq.method == "PRACK"


@pytest.mark.parametrize("rack", ["", "RAck: rubbish\r\n", "RAck: 1\r\n", "RAck: 1 1 UPDATE\r\n"])
async def test_prack_that_says_not_for_which_answer_is_481(rack: str) -> None:
    """SIP-14, RFC 3262 3."""
    async with running(Answering(ring)) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra=RELIABLE))
            first = await peer.receive_response(183)
            peer.send(peer.request("PRACK", to_tag=first.to.tag, cseq=2, extra=rack))

            assert (await peer.receive_response(481)).cseq.method == "PRACK"


async def test_prack_for_another_answer_is_481() -> None:
    async with running(Answering(ring)) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra=RELIABLE))
            first = await peer.receive_response(183)
            peer.send(prack(peer, first, number=1))

            assert (await peer.receive_response(481)).cseq.method == "PRACK"


async def test_answer_waits_for_the_prack_of_early_media() -> None:
    def both(call: IncomingCall) -> None:
        call.provisional(183, SDP)
        call.answer(SDP)

    async with running(Answering(both)) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra=RELIABLE))
            first = await peer.receive_response(183)
            peer.send(prack(peer, first))
            methods = {(await peer.receive_response(200)).cseq.method for _ in range(2)}

            assert methods == {"INVITE", "PRACK"}


async def test_caller_that_never_acknowledges_gets_504() -> None:
    async with running(Answering(ring), timers=Timers(t1=0.02, t2=0.1, t4=0.1)) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra=RELIABLE))

            assert (await peer.receive_response(504)).cseq.method == "INVITE"


async def test_reliable_answers_of_our_own_callee_are_acknowledged_once_each() -> None:
    def take(call: IncomingCall) -> None:
        call.be_reliable()
        call.provisional(180)
        call.provisional(183, SDP)
        call.answer(SDP)

    callee, watcher = Answering(take), Watcher(on_answer=lambda call: call.hangup())
    async with running(callee) as other, running() as agent:
        agent.call(
            target=f"sip:x@127.0.0.1:{other.port}", caller="sip:a@b.example", sdp=SDP, watcher=watcher,
            reliable="Supported",
        )  # fmt: skip

        assert (await watcher.wait_end()).kind is EndKind.BYE
        assert watcher.names == ["provisional", "provisional", "answered", "ended"]


async def test_session_that_we_asked_for_is_refreshed_by_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionTerms, "wait_s", property(lambda terms: 0.1 if terms.is_ours else 30))
    callee, watcher = Answering(lambda call: call.answer(SDP)), Watcher()
    async with running(callee) as other, running() as agent:
        call = agent.call(
            target=f"sip:x@127.0.0.1:{other.port}", caller="sip:a@b.example", sdp=SDP, watcher=watcher, session_s=90
        )
        await watcher.wait("answered")
        taken = await callee.calls.get()
        started = taken._session
        async with asyncio.timeout(PATIENCE_S):
            while taken._session is started:  # each refresh begins the callee's timer anew
                await asyncio.sleep(0.02)
        call.hangup()
        await callee.watchers[0].wait_end()

    assert isinstance(call, OutgoingCall)
    assert call.session_s == 90
