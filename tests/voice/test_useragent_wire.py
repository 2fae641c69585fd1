"""What peers do that no user agent of ours would: retransmissions, strays, silence, floods of challenges."""

import asyncio

import pytest

from dialplane.sip.message import Request, Response
from dialplane.sip.transaction import Timers
from dialplane.voice.useragent.agent import CallEnd, Credentials, EndKind, IncomingCall, Source
from dialplane.voice.useragent.session import SessionTerms, terms_of
from tests.effort import business
from tests.voice.agents import QUICK, SDP, Answering, RawPeer, Watcher, running


def answer(call: IncomingCall) -> None:
    call.answer(SDP)


async def _answered(peer: RawPeer, callee: Answering) -> str:
    """Make a call from `peer` that is answered and acknowledged; the callee's tag."""
    peer.send(peer.request("INVITE", body=SDP))
    tag = (await peer.receive_response(200)).to.tag
    assert tag is not None
    peer.send(peer.request("ACK", to_tag=tag))
    call = await callee.calls.get()
    assert isinstance(call.watcher, Watcher)
    await call.watcher.wait("answered")
    return tag


async def test_retransmitted_requests_have_one_effect() -> None:
    """SIP-11."""
    callee = Answering(lambda call: call.provisional(180))
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            invite, message = peer.request("INVITE", body=SDP), peer.request("MESSAGE", cseq=2)
            for _ in range(5):
                peer.send(invite)
                peer.send(message)
            assert await peer.is_served()

            statuses = [answer.status for answer in peer.pending() if isinstance(answer, Response)]
            assert len(callee.watchers) == len(callee.requests) == 1
            assert sorted(set(statuses)) == [180, 200]
            assert statuses.count(200) == 5


async def test_caller_hears_trying_within_200_ms_where_the_answer_takes_longer_and_for_each_copy_before() -> None:
    """SIP-11, RFC 3261 17.2.1."""
    async with running(Answering(lambda call: None)) as agent:
        with RawPeer(agent) as peer:
            invite = peer.request("INVITE", body=SDP)
            peer.send(invite)
            async with asyncio.timeout(0.2 * business()):
                await peer.receive_response(100)

            peer.send(invite)
            await peer.receive_response(100)


@pytest.mark.parametrize(("begin", "statuses"), [(None, [100, 183, 183]), (180, [180, 180, 180])])
async def test_caller_who_waits_hears_so_each_minute(
    monkeypatch: pytest.MonkeyPatch, begin: int | None, statuses: list[int]
) -> None:
    """RFC 3261 13.3.1.1, with a minute of 50 ms: a proxy gives up what it hears nothing of."""
    monkeypatch.setattr("dialplane.voice.useragent.incoming.AGAIN_S", 0.05)
    callee = Answering(lambda call: None if begin is None else call.provisional(begin, SDP))
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", branch="z9hG4bKone", body=SDP))
            heard = [await peer.receive_response() for _ in range(3)]
            peer.send(peer.request("CANCEL", branch="z9hG4bKone"))
            await peer.receive_response(487)

            assert [response.status for response in heard] == statuses
            assert [response.body for response in heard] == [b"" if begin is None else SDP] * 3


async def test_invitation_that_expires_before_its_answer_is_487() -> None:
    """RFC 3261 13.3.1."""
    callee = Answering(lambda call: call.provisional(180))
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra="Expires: 0\r\n"))
            await peer.receive_response(487)

            end = CallEnd(EndKind.CANCEL, by_remote=True, status=487, text="the invitation expired")
            assert await callee.watchers[0].wait_end() == end


async def test_answer_is_resent_until_ack_and_the_call_closed_without_one() -> None:
    """SIP-12, with a short T1: the BYE comes after 64*T1, later on a busy machine, never earlier."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            started = asyncio.get_running_loop().time()
            peer.send(peer.request("INVITE", body=SDP))

            bye = await peer.receive_request("BYE")

            took = asyncio.get_running_loop().time() - started
            assert took >= 64 * QUICK.t1 - 0.01
            assert bye.cseq.number == 1
            assert await callee.watchers[0].wait_end() == CallEnd(EndKind.NO_ACK, by_remote=True)
            assert callee.watchers[0].names == ["ended"]


async def test_answer_is_resent_at_the_intervals_of_the_rfc() -> None:
    """SIP-12, RFC 3261 13.3.1.4: at T1, doubling up to T2."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP))
            first = await peer.receive_response(200)
            repeated = [await peer.receive_response(200) for _ in range(4)]

            assert all(response == first for response in repeated)
            peer.send(peer.request("ACK", to_tag=first.to.tag))
            await callee.watchers[0].wait("answered")


@pytest.mark.parametrize("method", ["BYE", "CANCEL", "UPDATE", "PRACK", "INFO"])
@pytest.mark.parametrize("to_tag", [None, "unknown"])
async def test_stray_request_is_481(method: str, to_tag: str | None) -> None:
    """SIP-14."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            extra = "RAck: 1 1 INVITE\r\n" if method == "PRACK" else ""
            peer.send(peer.request(method, to_tag=to_tag, extra=extra))

            assert (await peer.receive_response()).status == 481
            assert await peer.is_served()


async def test_stray_ack_and_responses_are_dropped() -> None:
    """SIP-14."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            ack = peer.request("ACK", to_tag="unknown")
            peer.send(ack)
            for status in (100, 180, 200, 404, 503):
                peer.send(ack.replace(ack.split(b"\r\n")[0], b"SIP/2.0 %d Stray" % status))

            assert await peer.is_served()
            assert peer.pending() == []
            assert (agent.counters["stray_ack"], agent.counters["stray_response"]) == (1, 5)


async def test_bye_of_a_call_that_an_earlier_process_had_is_200() -> None:
    """AV-2: the call is over and billed; whoever hangs it up is told that all is well."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            bye = peer.request("BYE", to_tag="of-an-earlier-life")
            agent.take_leave_of([peer.call_id])
            peer.send(bye)
            bye_answered = (await peer.receive_response()).status
            peer.send(peer.request("INFO", cseq=3, to_tag="of-an-earlier-life"))
            info_answered = (await peer.receive_response()).status

    assert (bye_answered, info_answered) == (200, 481)


async def test_bye_of_a_stranger_does_not_end_the_call() -> None:
    """SIP-14: Call-ID and our tag are not enough, the peer's tag must fit."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            tag = await _answered(peer, callee)
            peer.pending()
            own_tag, peer.tag = peer.tag, "forged"
            peer.send(peer.request("BYE", cseq=2, to_tag=tag))
            assert (await peer.receive_response()).status == 481
            peer.tag = own_tag
            peer.send(peer.request("BYE", cseq=3, to_tag=tag))
            assert (await peer.receive_response()).status == 200


async def test_request_with_an_old_cseq_is_refused() -> None:
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            tag = await _answered(peer, callee)
            peer.pending()

            peer.send(peer.request("INFO", cseq=1, to_tag=tag))

            assert (await peer.receive_response()).status == 500


async def test_merged_request_is_482() -> None:
    """SIP-15."""
    callee = Answering(lambda call: call.provisional(180))
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", branch="z9hG4bKone"))
            peer.send(peer.request("INVITE", branch="z9hG4bKtwo"))

            merged = await peer.receive_response(482)

            assert merged.top_via.branch == "z9hG4bKtwo"
            assert len(callee.watchers) == 1


async def test_bye_before_the_answer_ends_the_call() -> None:
    callee = Answering(lambda call: call.provisional(180))
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP))
            tag = (await peer.receive_response(180)).to.tag

            peer.send(peer.request("BYE", cseq=2, to_tag=tag))

            answers = {(await peer.receive_response()).cseq.method for _ in range(2)}
            assert answers == {"BYE", "INVITE"}
            assert (await callee.watchers[0].wait_end()).kind is EndKind.BYE


async def test_answers_to_cancel_and_to_the_call_have_one_tag() -> None:
    """RFC 3261 9.2."""
    async with running(Answering(lambda call: call.provisional(180))) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", branch="z9hG4bKone", body=SDP))
            ringing = await peer.receive_response(180)
            peer.send(peer.request("CANCEL", branch="z9hG4bKone"))

            cancelled, ended = await peer.receive_response(200), await peer.receive_response(487)

            assert cancelled.cseq.method == "CANCEL"
            assert cancelled.to.tag == ended.to.tag == ringing.to.tag


async def test_cancel_after_the_answer_changes_nothing() -> None:
    """SIP-13."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", branch="z9hG4bKrace", body=SDP))
            tag = (await peer.receive_response(200)).to.tag

            peer.send(peer.request("CANCEL", branch="z9hG4bKrace"))
            peer.send(peer.request("ACK", to_tag=tag))

            await callee.watchers[0].wait("answered")
            assert callee.watchers[0].names == ["answered"]


@pytest.mark.parametrize(
    "offer",
    [
        b"",
        SDP.replace(b"40000", b"0"),
        SDP.replace(b"m=audio 40000 RTP/AVP 0 101", b"m=image 40000 udptl t38"),
        b"garbage",
    ],
    ids=["none", "port 0", "T.38", "garbage"],
)
async def test_odd_reinvite_is_answered(offer: bytes) -> None:
    """SIP-17."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            tag = await _answered(peer, callee)
            peer.pending()
            peer.send(peer.request("INVITE", cseq=2, to_tag=tag, body=offer))
            assert (await peer.receive_response()).status == 200
            peer.send(peer.request("ACK", cseq=2, to_tag=tag, body=b"" if offer else SDP))
            assert await peer.is_served()

            assert await callee.watchers[0].wait("offer") == offer
            if not offer:
                assert await callee.watchers[0].wait("renegotiated") == SDP


async def test_reinvite_without_ack_ends_the_call() -> None:
    """SIP-12 holds for a re-INVITE too."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            tag = await _answered(peer, callee)
            peer.send(peer.request("INVITE", cseq=2, to_tag=tag, body=SDP))

            await peer.receive_request("BYE")

            assert (await callee.watchers[0].wait_end()).kind is EndKind.NO_ACK


async def test_reinvite_that_crosses_ours_is_491() -> None:
    """SIP-17."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            tag = await _answered(peer, callee)
            peer.pending()
            call = callee.taken[0]
            call.reinvite(SDP)
            await peer.receive_request("INVITE")

            peer.send(peer.request("INVITE", cseq=2, to_tag=tag, body=SDP))

            assert (await peer.receive_response()).status == 491


async def test_endless_challenges_are_answered_twice() -> None:
    """SIP-18."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            watcher = Watcher()
            agent.call(
                target=f"sip:bob@127.0.0.1:{peer.port}",
                caller="<sip:alice@example.com>",
                sdp=SDP,
                watcher=watcher,
                credentials=Credentials("alice", "secret", realm="trunk"),
            )
            for number in range(3):
                invite = await peer.receive_request("INVITE")
                assert ("Proxy-Authorization" in invite.headers) == (number > 0)
                assert invite.cseq.number == number + 1
                challenge = f'Proxy-Authenticate: Digest realm="trunk", nonce="{number}", qop="auth"'
                peer.send(peer.answer(invite, 407, extra=challenge))
                await peer.receive_request("ACK")

            assert (await watcher.wait_end()).status == 407
            assert await peer.is_served()
            assert peer.pending() == []


@pytest.mark.parametrize(
    "credentials",
    [Credentials("a", "secret", realm="ours"), Credentials("a", "secret", host="192.0.2.1"), None],
    ids=["other realm", "other host", "none"],
)
async def test_credentials_go_to_their_own_realm_and_host_only(credentials: Credentials | None) -> None:
    """CVE-11."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            waiting = asyncio.create_task(
                agent.request(
                    "MESSAGE",
                    target=f"sip:bob@127.0.0.1:{peer.port}",
                    caller="sip:a@b.example",
                    body=b"hello",
                    content_type="text/plain",
                    credentials=credentials,
                )
            )
            message = await peer.receive_request("MESSAGE")
            peer.send(peer.answer(message, 401, extra='WWW-Authenticate: Digest realm="theirs", nonce="1"'))

            assert (await waiting).status == 401
            assert peer.pending() == []


async def test_challenged_bye_is_not_repeated_with_credentials() -> None:
    """CVE-11."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            await _answered(peer, callee)
            callee.taken[0].hangup()
            bye = await peer.receive_request("BYE")

            peer.send(peer.answer(bye, 401, extra='WWW-Authenticate: Digest realm="theirs", nonce="1"'))

            assert await peer.is_served()
            assert peer.pending() == []


@pytest.mark.parametrize("is_challenged", [True, False])
async def test_challenge_of_another_realm_than_the_calls_own_is_not_answered(is_challenged: bool) -> None:
    """CVE-11: whoever is behind a trunk's proxy challenges us through it, to guess at the password at leisure."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            watcher = Watcher(on_answer=lambda call: call.hangup())
            agent.call(
                target=f"sip:b@127.0.0.1:{peer.port}",
                caller="sip:a@b.example",
                sdp=SDP,
                watcher=watcher,
                credentials=Credentials("a", "secret", host="127.0.0.1"),
            )
            invite = await peer.receive_request("INVITE")
            if is_challenged:
                own = 'Proxy-Authenticate: Digest realm="trunk", nonce="1", qop="auth"'
                peer.send(peer.answer(invite, 407, extra=own))
                await peer.receive_request("ACK")
                invite = await peer.receive_request("INVITE")
            peer.send(peer.answer(invite, 200))
            bye = await peer.receive_request("BYE")
            peer.send(
                peer.answer(bye, 407, extra='Proxy-Authenticate: Digest realm="elsewhere", nonce="2", qop="auth"')
            )

            assert await peer.is_served()
            assert peer.pending() == []
            assert ("Proxy-Authorization" in invite.headers) is is_challenged


async def test_callee_that_rings_may_update_the_call() -> None:
    """RFC 3311 5.2, RFC 3261 12.1.2: the 180 began a dialog. Another offer waits for ours to be answered."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            watcher = Watcher()
            agent.call(target=f"sip:b@127.0.0.1:{peer.port}", caller="sip:a@b.example", sdp=SDP, watcher=watcher)
            invite = await peer.receive_request("INVITE")
            peer.call_id, peer.tag, ours = invite.call_id, "rawtag", invite.from_.tag
            peer.send(peer.answer(invite, 180))

            statuses = []
            for method, cseq, body in (("UPDATE", 5, b""), ("UPDATE", 6, SDP), ("INFO", 4, b""), ("BYE", 7, b"")):
                peer.send(peer.request(method, cseq=cseq, to_tag=ours, body=body))
                statuses.append((await peer.receive_response()).status)
            peer.send(peer.answer(invite, 200))
            await watcher.wait("answered")
            peer.send(peer.request("INFO", cseq=6, to_tag=ours))
            statuses.append((await peer.receive_response()).status)

            assert statuses == [200, 491, 500, 481, 500]
            assert watcher.names == ["provisional", "answered"]


async def test_second_fork_that_answers_is_acknowledged_and_hung_up() -> None:
    """RFC 3261 13.2.2.4."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            watcher = Watcher()
            agent.call(target=f"sip:b@127.0.0.1:{peer.port}", caller="sip:a@b.example", sdp=SDP, watcher=watcher)
            invite = await peer.receive_request("INVITE")
            for tag in ("first", "second"):
                peer.send(peer.answer(invite, 200, tag=tag))

            requests = [await peer.receive() for _ in range(3)]

            seen = [(one.method, one.to.tag) for one in requests if isinstance(one, Request)]
            assert seen == [("ACK", "first"), ("ACK", "second"), ("BYE", "second")]
            assert watcher.names == ["answered"]


async def test_repeated_2xx_gets_the_same_ack_again() -> None:
    async with running() as agent:
        with RawPeer(agent) as peer:
            watcher = Watcher()
            agent.call(target=f"sip:b@127.0.0.1:{peer.port}", caller="sip:a@b.example", sdp=SDP, watcher=watcher)
            invite = await peer.receive_request("INVITE")
            peer.send(peer.answer(invite, 200))
            first = await peer.receive_request("ACK")
            peer.send(peer.answer(invite, 200))

            assert await peer.receive_request("ACK") == first


async def test_answer_that_crosses_our_cancel_is_hung_up() -> None:
    """SIP-13: ACK and BYE, and the watcher hears of one end only."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            watcher = Watcher()
            call = agent.call(target=f"sip:b@127.0.0.1:{peer.port}", caller="sip:a@b.example", sdp=SDP, watcher=watcher)
            invite = await peer.receive_request("INVITE")
            peer.send(peer.answer(invite, 180))
            await watcher.wait("provisional")
            call.hangup()
            cancel = await peer.receive_request("CANCEL")
            peer.send(peer.answer(invite, 200))
            peer.send(peer.answer(cancel, 200))

            assert cancel.top_via.branch == invite.top_via.branch
            await peer.receive_request("ACK")
            await peer.receive_request("BYE")
            assert watcher.names == ["provisional", "ended"]


async def test_call_tells_what_the_agent_can_do_as_the_agent_does() -> None:
    """RFC 3261 11.2 and 13.3.1.4: OPTIONS in a dialog and outside, and the 200 to INVITE."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("OPTIONS"))
            outside = await peer.receive_response(200)
            peer.call_id = f"another-{peer.call_id}"
            peer.send(peer.request("INVITE", body=SDP))
            answered = await peer.receive_response(200)
            peer.send(peer.request("ACK", to_tag=answered.to.tag))
            peer.send(peer.request("OPTIONS", cseq=2, to_tag=answered.to.tag))
            inside = await peer.receive_response(200)

            told = [outside.headers.get(name) for name in ("Allow", "Supported", "Accept")]
            assert inside.cseq.method == "OPTIONS"
            assert [inside.headers.get(name) for name in ("Allow", "Supported", "Accept")] == told
            assert [answered.headers.get(name) for name in ("Allow", "Supported")] == told[:2]


@pytest.mark.parametrize(("method", "status"), [("PRACK", 481), ("NOTIFY", 481), ("MESSAGE", 405)])
async def test_request_that_makes_no_sense_in_a_call_is_refused(method: str, status: int) -> None:
    """SIP-14, RFC 6665 4.1.3; RFC 3261 21.4.6: `Allow` names what is allowed there."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            tag = await _answered(peer, callee)
            peer.send(peer.request(method, cseq=2, to_tag=tag))

            response = await peer.receive_response()

            assert response.status == status
            assert method not in (response.headers.get("Allow") or "")


async def test_requests_follow_the_route_set() -> None:
    """RFC 3261 12.1.1, 12.2.1.1: loose routes in Route, nearest first; the answer repeats Record-Route."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as proxy, RawPeer(agent) as peer:
            route = f"<sip:127.0.0.1:{proxy.port};lr>, <sip:far.example.com;lr>"
            peer.send(peer.request("INVITE", body=SDP, extra=f"Record-Route: {route}\r\n"))
            response = await peer.receive_response(200)
            peer.send(peer.request("ACK", to_tag=response.to.tag))
            call = await callee.calls.get()
            await callee.watchers[0].wait("answered")

            call.hangup()

            bye = await proxy.receive_request("BYE")
            assert response.headers.get("Record-Route") == route
            assert [str(one) for one in bye.routes] == route.split(", ")
            assert bye.uri == f"sip:raw@127.0.0.1:{peer.port}"


async def test_contact_inside_our_network_is_not_believed() -> None:
    """CVE-16: a peer cannot make us send to addresses that it could not reach itself."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            invite = peer.request("INVITE", body=SDP).replace(
                f"Contact: <sip:raw@127.0.0.1:{peer.port}>".encode(), b"Contact: <sip:raw@169.254.169.254:80>"
            )
            peer.send(invite)
            tag = (await peer.receive_response(200)).to.tag
            peer.send(peer.request("ACK", to_tag=tag))
            call = await callee.calls.get()
            await callee.watchers[0].wait("answered")

            call.hangup()

            assert (await peer.receive_request("BYE")).uri == "sip:raw@169.254.169.254:80"


async def test_refused_source_is_not_read() -> None:
    """DOS-2's place: the handler is asked before anything is parsed."""
    handler = Answering()
    handler.refused.add("127.0.0.9")
    async with running(handler) as agent:
        with RawPeer(agent, "127.0.0.9") as peer:
            peer.send(peer.request("OPTIONS"))
            assert await peer.is_served()
            assert peer.pending() == []
            assert agent.counters["source_refused"] == 1


async def test_request_that_nobody_answers_is_408() -> None:
    async with running(timers=Timers(t1=0.01)) as agent:
        with RawPeer(agent) as peer:
            target = f"sip:bob@127.0.0.1:{peer.port}"
            response = await agent.request("OPTIONS", target=target, caller="sip:a@b.example")

            assert response.status == 408


async def test_answer_goes_to_the_source_with_rport_and_to_the_sent_by_port_without() -> None:
    """RFC 3261 18.2.2, RFC 3581."""
    async with running() as agent:
        with RawPeer(agent) as peer, RawPeer(agent) as named:
            peer.send(peer.request("OPTIONS").replace(b";branch", b";rport;branch"))
            via = (await peer.receive_response()).top_via
            assert (via.received, via.rport) == ("127.0.0.1", peer.port)
            port = str(peer.port).encode()
            peer.send(peer.request("OPTIONS").replace(b":" + port + b";branch", b":%d;branch" % named.port, 1))
            assert (await named.receive_response()).status == 200


async def test_destination_may_differ_from_the_target() -> None:
    async with running() as agent:
        with RawPeer(agent) as peer:
            waiting = asyncio.create_task(
                agent.request(
                    "MESSAGE",
                    target="sip:+12025550123@carrier.example.com",
                    caller='"Alice" <sip:+12025550100@us.example>',
                    destination=Source("127.0.0.1", peer.port, "udp"),
                    headers=[("Max-Forwards", "5"), ("X-Trace", "1")],
                )
            )
            message = await peer.receive_request("MESSAGE")
            peer.send(peer.answer(message, 202))

            assert (await waiting).status == 202
            assert message.uri == "sip:+12025550123@carrier.example.com"
            assert (message.max_forwards, message.from_.display_name) == (5, "Alice")


async def test_session_interval_that_is_too_small_is_422() -> None:
    """RFC 4028 9."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra="Supported: timer\r\nSession-Expires: 89\r\n"))
            response = await peer.receive_response(422)

            assert response.headers.get("Min-SE") == "90"


@pytest.mark.parametrize(
    ("asked", "agreed", "wait_s"),
    [
        ("Supported: timer\r\nSession-Expires: 90\r\n", "90;refresher=uac", 60),
        ("Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n", "1800;refresher=uac", 1768),
        ("Require: timer\r\nSession-Expires: 600;refresher=uas\r\n", "600;refresher=uas", 300),
        ("Session-Expires: 600\r\n", "600;refresher=uas", 300),
    ],
)
async def test_session_timer_of_the_caller_is_agreed_to(asked: str, agreed: str, wait_s: float) -> None:
    """SIP-16, RFC 4028 9 and 10."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra=asked))
            response = await peer.receive_response(200)
            peer.send(peer.request("ACK", to_tag=response.to.tag))
            await callee.watchers[0].wait("answered")

            assert response.headers.get("Session-Expires") == agreed
            assert terms_of(callee.taken[0].request) == SessionTerms(int(agreed.split(";")[0]), agreed.endswith("uas"))
            assert SessionTerms(int(agreed.split(";")[0]), agreed.endswith("uas")).wait_s == wait_s


async def test_refused_refresh_leaves_the_session_as_it_was() -> None:
    """RFC 4028 7.4: only a 2xx refreshes. Session-Expires in any other request says nothing (section 4)."""
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra="Supported: timer\r\nSession-Expires: 90\r\n"))
            tag = (await peer.receive_response(200)).to.tag
            peer.send(peer.request("ACK", to_tag=tag))
            await callee.watchers[0].wait("answered")
            callee.watchers[0].offer_answer = 488

            longer = "Supported: timer\r\nSession-Expires: 7200;refresher=uac\r\n"
            peer.send(peer.request("INVITE", cseq=2, to_tag=tag, body=SDP, extra=longer))
            refusal = await peer.receive_response(488)
            peer.send(peer.request("UPDATE", cseq=3, to_tag=tag))
            refreshed = await peer.receive_response(200)
            peer.send(peer.request("BYE", cseq=4, to_tag=tag, extra="Session-Expires: 1\r\n"))
            await callee.watchers[0].wait_end()

            assert refreshed.headers.get("Session-Expires") == "90;refresher=uac"
            warning = f'305 127.0.0.1:{agent.port} "Incompatible media format"'
            assert refusal.headers.get("Warning") == warning
            assert (await peer.receive_response(200)).cseq.method == "BYE"


async def test_session_that_we_want_is_no_shorter_than_the_caller_takes() -> None:
    """RFC 4028 9: Min-SE of an INVITE that asks for no timer itself."""

    def ask(call: IncomingCall) -> None:
        call.want_session(120)
        call.answer(SDP)

    async with running(Answering(ask)) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra="Supported: Timer\r\nMin-SE: 600\r\n"))

            response = await peer.receive_response(200)

            assert response.headers.get("Session-Expires") == "600;refresher=uac"


async def test_session_that_is_not_refreshed_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIP-16, with an interval of 1 s instead of 90: the BYE comes a third before its end."""
    monkeypatch.setattr("dialplane.voice.useragent.session.SHORTEST_S", 1)
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra="Supported: timer\r\nSession-Expires: 1\r\n"))
            tag = (await peer.receive_response(200)).to.tag
            peer.send(peer.request("ACK", to_tag=tag))

            bye = await peer.receive_request("BYE")

            assert bye.headers.get("Reason") == 'SIP;cause=408;text="session expired"'
            end = CallEnd(EndKind.FAILED, by_remote=True, status=408, text="session expired")
            assert await callee.watchers[0].wait_end() == end


async def test_session_that_we_refresh_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 4028 7.4: an UPDATE at half the interval."""
    monkeypatch.setattr("dialplane.voice.useragent.session.SHORTEST_S", 1)
    callee = Answering(answer)
    async with running(callee) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP, extra="Session-Expires: 1;refresher=uas\r\n"))
            tag = (await peer.receive_response(200)).to.tag
            peer.send(peer.request("ACK", to_tag=tag))

            for number in (1, 2):
                update = await peer.receive_request("UPDATE")
                assert update.cseq.number == number
                assert update.headers.get("Session-Expires") == "1;refresher=uac"
                peer.send(peer.answer(update, 200))

            assert not callee.taken[0].is_ended
            peer.send(peer.request("BYE", cseq=2, to_tag=tag))
            await callee.watchers[0].wait_end()


async def test_challenged_bye_of_our_own_realm_is_repeated_once_with_credentials() -> None:
    """A trunk that challenges every request must not keep, and bill, a call that we ended."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            watcher = Watcher(on_answer=lambda call: call.hangup())
            agent.call(
                target=f"sip:b@127.0.0.1:{peer.port}",
                caller="sip:a@b.example",
                sdp=SDP,
                watcher=watcher,
                credentials=Credentials("a", "secret", realm="trunk"),
            )
            peer.send(peer.answer(await peer.receive_request("INVITE"), 200))
            byes = []
            for number in range(2):
                byes.append(await peer.receive_request("BYE"))
                challenge = f'WWW-Authenticate: Digest realm="trunk", nonce="{number}", qop="auth"'
                peer.send(peer.answer(byes[-1], 401, extra=challenge))

            assert await peer.is_served()
            assert peer.pending() == []
            assert [bye.cseq.number for bye in byes] == [2, 3]
            assert ["Authorization" in bye.headers for bye in byes] == [False, True]
