"""What an edge says of senders, and how requests leave through one."""

import pytest

from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.faces.cli.edge_files import SILENT_MS
from dialplane.sip.errors import SipParseError
from dialplane.sip.headers import Headers
from dialplane.sip.message import Request
from dialplane.sip.transaction_peer import Source
from dialplane.voice.useragent import dispatch
from dialplane.voice.useragent.agent import EndKind
from dialplane.voice.useragent.edges import GIVEN_UP_S, SOURCE, Edges
from dialplane.voice.useragent.incoming import GIVEN_UP
from tests.voice.agents import SDP, Answering, RawPeer, running

EDGE = Source("10.0.0.5", 5060, "udp")
PHONE = Source("192.0.2.7", 40_122, "tcp")
EDGES = Edges([EDGE])
OURS = "<sip:10.0.0.5;lr;received=sip:192.0.2.7:40122>"
ROUTE = "<sip:10.0.0.5:5060;lr;received=sip:192.0.2.7:40122%3Btransport%3Dtcp>"


def _request(*fields: tuple[str, str]) -> Request:
    return Request("REGISTER", "sip:example.com", Headers(fields))


@pytest.mark.parametrize(
    ("said", "sender"),
    [
        ("udp:192.0.2.7:5060", Source("192.0.2.7", 5060, "udp")),
        ("TLS:[2001:db8::7]:40122", Source("2001:db8::7", 40_122, "tls")),
        ("wss:192.0.2.7:443", Source("192.0.2.7", 443, "ws")),
    ],
)
def test_edge_names_the_sender_and_the_field_goes_no_further(said: str, sender: Source) -> None:
    request = _request((SOURCE, said))

    assert EDGES.find_sender(request, EDGE) == sender
    assert SOURCE not in request.headers


@pytest.mark.parametrize(
    "said", ["", "udp", "udp:", "udp:host:5060", "sctp:192.0.2.7:1", "udp:192.0.2.7:x", "udp:192.0.2.7:70000"]
)
def test_field_that_no_edge_writes_is_malformed(said: str) -> None:
    with pytest.raises(SipParseError):
        EDGES.find_sender(_request((SOURCE, said)), EDGE)


def test_edge_that_asks_for_itself_is_the_sender() -> None:
    assert EDGES.find_sender(_request(), EDGE) == EDGE


def test_what_leaves_goes_to_the_edge_with_a_route_to_the_peer() -> None:
    assert EDGES.way_to(PHONE, "") == (EDGE, (ROUTE,))
    assert EDGES.way_to(Source("127.0.0.1", 5080, "udp"), "").routes == ()
    assert Edges().way_to(PHONE, "") == (PHONE, ())


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ((), ROUTE),
        ((("Path", OURS),), OURS),
        ((("Path", "<sip:10.0.0.5;lr>, <sip:192.0.2.9;lr>"),), "<sip:10.0.0.5;lr>, <sip:192.0.2.9;lr>"),
        ((("Path", "<sip:198.51.100.66;lr>"),), ROUTE),
        ((("Path", "<sip:10.0.0.5;lr;x=" + "y" * 2_000 + ">"),), ROUTE),
    ],
)  # fmt: skip
def test_registration_by_an_edge_is_kept_with_a_path_through_it(path: tuple[tuple[str, str], ...], kept: str) -> None:
    """RFC 3327; nobody's Path leads elsewhere (CVE-16)."""
    assert EDGES.path_of(_request(*path), PHONE, EDGE) == kept
    assert EDGES.way_to(PHONE, kept).hop.host == EDGE.host


def test_path_of_who_registers_directly_is_not_believed() -> None:
    assert EDGES.path_of(_request(("Path", "<sip:10.0.0.5;lr>")), PHONE, PHONE) == ""


async def test_ban_meets_whoever_sent_through_the_edge_and_not_the_edge() -> None:
    """DOS-2: many senders share the edge's address."""
    handler = Answering()
    handler.refused = {"192.0.2.66"}
    here = Edges([Source("127.0.0.1", 5060, "udp")])
    async with running(handler, edges=here) as agent:
        with RawPeer(agent) as edge:
            edge.send(_options(edge, "192.0.2.66"))
            edge.send(_options(edge, "192.0.2.7"))
            answered = await edge.receive_response()

    assert (answered.status, answered.call_id) == (200, "192.0.2.7")
    assert agent.counters["source_refused"] == 1


def test_node_gives_a_call_up_before_the_edge_has_given_it_away() -> None:
    assert GIVEN_UP_S * 1_000 < SILENT_MS


async def test_call_of_which_an_edge_heard_nothing_in_time_is_refused_and_answered_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another node has it by then; `test_edge_hands_on.py` has the whole of it."""
    monkeypatch.setattr(dispatch, "GIVEN_UP_S", 0.05)
    handler = Answering()
    async with running(handler, edges=Edges([Source("127.0.0.1", 5060, "udp")])) as agent:
        with RawPeer(agent) as edge:
            edge.send(edge.request("INVITE", body=SDP))
            call = await handler.calls.get()
            refused = await edge.receive_response()  # in place of 100 Trying, which comes after 150 ms
            call.answer(SDP)
            call.provisional(180)
            end = await handler.watchers[0].wait_end()
            assert await edge.is_served()
            later = [message for message in edge.pending() if bytes(message) != bytes(refused)]

    assert refused.status == 503
    assert (end.kind, end.by_remote, end.text) == (EndKind.CANCEL, True, GIVEN_UP)
    assert (later, call.is_answered, agent.counters["given_up_by_edge"]) == ([], False, 1)


@pytest.mark.parametrize("given_up_s", [0.05, 1.5])
async def test_who_calls_without_an_edge_or_heard_of_its_call_in_time_is_answered(
    monkeypatch: pytest.MonkeyPatch, given_up_s: float
) -> None:
    monkeypatch.setattr(dispatch, "GIVEN_UP_S", given_up_s)
    handler = Answering()
    edges = Edges([Source("127.0.0.1", 5060, "udp")]) if given_up_s > 1 else None
    async with running(handler, edges=edges) as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP))
            call = await handler.calls.get()
            trying = await peer.receive_response()
            call.answer(SDP)
            answered = await peer.receive_response()

    assert (trying.status, answered.status) == (100, 200)


async def test_goodbye_for_another_node_takes_the_dialogs_own_way() -> None:
    """AV-2; RFC 3261 12.2.1.1: tags, route set, and a CSeq beyond whatever the dead node has sent."""
    async with running(Answering()) as agent:
        with RawPeer(agent) as edge:
            kept = KeptDialog(
                "a84b4c76e66710", "<sip:us@127.0.0.1>;tag=ours", "<sip:them@198.51.100.7>;tag=theirs",
                "sip:gw@198.51.100.7:5060", (f"<sip:{edge.host}:{edge.port};lr>",), 3, edge.host, edge.port, "udp",
            )  # fmt: skip
            agent.say_goodbye(kept, "the node that carried the call is gone")
            bye = await edge.receive_request("BYE")

    assert (bye.method, bye.uri, bye.call_id) == ("BYE", "sip:gw@198.51.100.7:5060", "a84b4c76e66710")
    assert (bye.from_.tag, bye.to.tag) == ("ours", "theirs")
    assert [str(route) for route in bye.headers.split_values("Route")] == [f"<sip:{edge.host}:{edge.port};lr>"]
    assert bye.cseq.number > 100_000
    assert "the node that carried the call is gone" in (bye.headers.get("Reason") or "")


async def test_field_of_a_sender_that_is_no_edge_says_nothing() -> None:
    handler = Answering()
    handler.refused = {"192.0.2.66"}
    async with running(handler) as agent:
        with RawPeer(agent) as peer:
            peer.send(_options(peer, "192.0.2.66"))
            answered = await peer.receive_response()

    assert answered.status == 200


def _options(peer: RawPeer, sender: str) -> bytes:
    return (
        f"OPTIONS sip:node SIP/2.0\r\nVia: SIP/2.0/UDP {peer.host}:{peer.port};branch=z9hG4bK{sender}\r\n"
        f"From: <sip:a@example.com>;tag=from-{sender}\r\nTo: <sip:node>\r\nCall-ID: {sender}\r\nCSeq: 1 OPTIONS\r\n"
        f"Max-Forwards: 70\r\n{SOURCE}: udp:{sender}:5060\r\nContent-Length: 0\r\n\r\n"
    ).encode()
