"""Which message belongs to which transaction (RFC 3261 17.1.3, 17.2.3), and deadlines by virtual time."""

from math import inf

from dialplane.sip.message import Request, Response
from dialplane.sip.parser import parse_message
from dialplane.sip.transaction import Input, State, Timers, Transaction
from dialplane.sip.transaction_layer import TransactionLayer, merge_key, server_key
from dialplane.sip.transaction_peer import Source

PEER = Source("192.0.2.1", 5060, "udp")


def _request(method: str = "INVITE", *, branch: str = "z9hG4bKabc", host: str = "a.example", to: str = "") -> Request:
    message = parse_message(
        f"{method} sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP {host};branch={branch}\r\n"
        f"From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>{to}\r\nCall-ID: x\r\nCSeq: 7 {method}\r\n"
        "Route: <sip:proxy.example;lr>\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert isinstance(message, Request)
    return message


class User:
    def __init__(self) -> None:
        self.seen: list[int] = []

    def on_response(self, transaction: Transaction, response: Response) -> None:
        self.seen.append(response.status)

    def on_no_answer(self, transaction: Transaction, status: int) -> None:
        self.seen.append(-status)


class Wire:
    """A layer and what it sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.layer = TransactionLayer(lambda data, peer: self.sent.append(data), Timers())


def test_ack_and_cancel_find_the_invite_by_its_branch() -> None:
    invite = server_key(_request("INVITE"))

    assert server_key(_request("ACK"), "INVITE") == invite
    assert server_key(_request("CANCEL"), "INVITE") == invite
    assert server_key(_request("CANCEL")) != invite


def test_same_branch_of_another_sender_is_another_transaction() -> None:
    assert server_key(_request(host="a.example")) != server_key(_request(host="b.example"))


def test_request_without_a_real_branch_is_matched_as_rfc_2543_says() -> None:
    """RFC 4475 3.4.1: the To tag of the ACK is the answer's."""
    invite = server_key(_request(branch="old-style"))

    assert server_key(_request("ACK", branch="old-style", to=";tag=ours"), "INVITE") == invite
    assert server_key(_request(branch="older-style")) != invite


def test_merged_request_has_the_same_merge_key() -> None:
    assert merge_key(_request(branch="z9hG4bK1")) == merge_key(_request(branch="z9hG4bK2"))


def test_merged_request_is_recognized_while_the_first_lives() -> None:
    """SIP-15."""
    wire = Wire()
    first, second = _request(branch="z9hG4bK1"), _request(branch="z9hG4bK2")
    transaction = wire.layer.open_server(first, server_key(first), PEER, 0)

    assert not wire.layer.is_merged(first, server_key(first))
    assert wire.layer.is_merged(second, server_key(second))
    wire.layer.respond(transaction, first.response(486, to_tag="t"), 0)
    wire.layer.step(transaction, Input.RECEIVE_ACK, 0)
    wire.layer.expire(5)
    assert not wire.layer.is_merged(second, server_key(second))
    assert len(wire.layer) == 0


def test_response_is_matched_by_branch_and_method() -> None:
    wire = Wire()
    user = User()
    invite = _request()
    wire.layer.open_client(invite, PEER, user, 0)

    assert wire.layer.receive_response(invite.response(180, to_tag="t"), 1)
    assert not wire.layer.receive_response(_request(branch="z9hG4bKother").response(180), 1)
    assert not wire.layer.receive_response(_request("CANCEL").response(200), 1)
    assert user.seen == [180]


def test_response_with_the_vias_of_several_hops_was_for_somebody_else() -> None:
    """RFC 3261 8.1.3.3."""
    wire = Wire()
    invite = _request()
    wire.layer.open_client(invite, PEER, None, 0)
    response = invite.response(486, to_tag="t")
    response.headers.add("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKfar")

    assert not wire.layer.receive_response(response, 1)


def test_failed_invite_is_acknowledged_with_its_branch_and_route() -> None:
    """17.1.1.3."""
    wire = Wire()
    invite = _request()
    wire.layer.open_client(invite, PEER, User(), 0)

    wire.layer.receive_response(invite.response(486, to_tag="theirs"), 1)

    ack = parse_message(wire.sent[-1])
    assert isinstance(ack, Request)
    assert (ack.method, ack.uri, str(ack.cseq)) == ("ACK", invite.uri, "7 ACK")
    assert (ack.top_via.branch, ack.to.tag) == ("z9hG4bKabc", "theirs")
    assert [route.uri for route in ack.routes] == ["sip:proxy.example;lr"]


def test_our_own_request_coming_back_is_a_loop() -> None:
    """SIP-15, RFC 5393."""
    wire = Wire()
    wire.layer.open_client(_request(), PEER, None, 0)

    assert wire.layer.is_ours(_request())
    assert not wire.layer.is_ours(_request(branch="z9hG4bKother"))


def test_deadlines_come_in_order_and_end() -> None:
    wire = Wire()
    users = [User() for _ in range(3)]
    for number, user in enumerate(users):
        wire.layer.open_client(_request(branch=f"z9hG4bK{number}"), PEER, user, number)

    times = []
    while (at := wire.layer.next_deadline()) < inf:
        times.append(at)
        wire.layer.expire(at)

    assert times == sorted(times)
    assert [user.seen for user in users] == [[-408]] * 3
    assert len(wire.sent) == 3 * 7
    assert len(wire.layer) == 0


def test_unreachable_peer_fails_its_requests_only() -> None:
    wire = Wire()
    near, far = User(), User()
    wire.layer.open_client(_request(branch="z9hG4bK1"), PEER, near, 0)
    wire.layer.open_client(_request(branch="z9hG4bK2"), Source("192.0.2.2", 5060, "tcp"), far, 0)

    wire.layer.fail_peer(Source("192.0.2.2", 5060, "tcp"), 1)

    assert (near.seen, far.seen) == ([], [-503])


def test_late_answer_after_a_final_one_is_not_sent() -> None:
    wire = Wire()
    message = _request("MESSAGE")
    transaction = wire.layer.open_server(message, server_key(message), PEER, 0)
    wire.layer.respond(transaction, message.response(200, to_tag="t"), 0)

    wire.layer.respond(transaction, message.response(500, to_tag="t"), 1)

    assert len(wire.sent) == 1
    assert transaction.state is State.COMPLETED
