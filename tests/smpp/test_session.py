"""The session as a state machine: signs of life, windows of time, the end in order (SMS-2, SMS-4)."""

from dialplane.smpp.addresses import Address
from dialplane.smpp.commands import Command, Status
from dialplane.smpp.framing import Framer
from dialplane.smpp.pdu import Bind, Named, Pdu, ShortMessage, read_pdu
from dialplane.smpp.session import Answered, Asked, Bound, Ended, Session, Side

MESSAGE = ShortMessage(Address("1"), Address("2"), b"hi")


def said(session: Session) -> list[Pdu]:
    framer = Framer()
    framer.feed(session.take_output())
    found = []
    while (taken := framer.take()) is not None:
        found.append(read_pdu(taken))
    return found


def server(command: Command = Command.BIND_TRANSCEIVER) -> Session:
    """Bound at 0."""
    session = Session(Side.SERVER, 0.0)
    (asked,) = session.receive(bytes(Pdu(command, 1, 0, Bind("a", "b"))), 0.0)
    assert isinstance(asked, Asked)
    session.answer(asked.pdu, Status.OK, Named("us"))
    said(session)
    return session


def test_connection_that_does_not_bind_is_closed_after_ten_seconds() -> None:
    """SMS-2."""
    session = Session(Side.SERVER, 0.0)

    assert session.next_deadline() == 10.0
    assert session.expire(9.9) == []
    assert session.expire(10.0) == [Ended("not bound in time")]


def test_silent_peer_is_asked_every_30_seconds_and_given_up_after_two_misses() -> None:
    """SMS-4."""
    session = server()
    asked = []
    for now in (30.0, 60.0):
        assert session.next_deadline() == now
        assert session.expire(now) == []
        asked += said(session)

    assert [each.command for each in asked] == [Command.ENQUIRE_LINK] * 2
    assert session.expire(90.0) == [Ended("the peer gives no sign of life")]


def test_peer_that_says_anything_is_not_given_up() -> None:
    """SMS-4."""
    session = server()
    session.expire(30.0)
    (enquiry,) = said(session)
    session.receive(bytes(Pdu(Command.ENQUIRE_LINK_RESP, enquiry.sequence)), 31.0)

    assert session.next_deadline() == 61.0
    assert session.expire(61.0) == []


def test_request_without_an_answer_for_30_seconds_ends_the_session() -> None:
    """SMS-4: what was handed over waits again."""
    session = server()
    session.request(Command.DELIVER_SM, MESSAGE, 10.0)
    session.receive(bytes(Pdu(Command.ENQUIRE_LINK, 9)), 39.0)

    assert session.expire(40.0) == [Ended("a request was not answered in time")]


def test_answers_come_in_any_order_and_unknown_ones_are_passed_over() -> None:
    session = server()
    first, second = (session.request(Command.DELIVER_SM, MESSAGE, 0.0) for _ in range(2))
    answers = [Pdu(Command.DELIVER_SM_RESP, number, 0, Named("")) for number in (second, 999, first, first)]

    assert session.receive(b"".join(map(bytes, answers)), 1.0) == [
        Answered(second, answers[0]),
        Answered(first, answers[2]),
    ]


def test_unbind_of_the_peer_is_answered_last_and_ends_in_order() -> None:
    session = server()
    (asked,) = session.receive(bytes(Pdu(Command.SUBMIT_SM, 5, 0, MESSAGE)) + bytes(Pdu(Command.UNBIND, 6)), 1.0)
    assert isinstance(asked, Asked)
    assert said(session) == []

    assert session.answer(asked.pdu, Status.OK, Named("id")) == [Ended("the peer unbound", in_order=True)]
    assert [each.command for each in said(session)] == [Command.SUBMIT_SM_RESP, Command.UNBIND_RESP]


def test_our_unbind_sends_nothing_more_and_ends_with_its_answer() -> None:
    session = server()
    session.unbind(1.0)
    (unbind,) = said(session)

    assert not session.may_send
    assert session.receive(bytes(Pdu(Command.UNBIND_RESP, unbind.sequence)), 1.0) == [Ended("unbound", in_order=True)]


def test_client_is_bound_by_the_answer_and_refuses_what_a_server_does_not_ask() -> None:
    session = Session(Side.CLIENT, 0.0)
    number = session.request(Command.BIND_RECEIVER, Bind("a", "b"), 0.0)
    session.receive(bytes(Pdu(Command.BIND_RECEIVER_RESP, number, 0, Named("smsc"))), 0.0)
    said(session)
    session.receive(bytes(Pdu(Command.SUBMIT_SM, 3, 0, MESSAGE)), 0.0)

    assert (session.bound, session.may_send) == (Bound.RECEIVER, False)
    assert said(session) == [Pdu(Command.SUBMIT_SM_RESP, 3, Status.WRONG_BIND_STATE)]
