"""RFC 4475 and RFC 5118 up to the application's door: parsed, screened, and what the answer would be."""

import pytest

from dialplane.sip.errors import SipParseError
from dialplane.sip.framing import StreamFramer
from dialplane.sip.message import Request, Response
from dialplane.sip.parser import parse_message
from dialplane.sip.screening import Capabilities, screen
from dialplane.sip.uri import SipUri
from tests.captures.torture import TortureMessage, load_torture, torture

RFC4475 = load_torture("rfc4475")
RFC5118 = load_torture("rfc5118")
# What the application answers itself (481 to a tag of no dialog, 401 or 200 by the registrar) starts with letting in.
LET_IN = frozenset({"accept", "200", "401", "404", "481"})


def outcome(data: bytes) -> str:
    """A status code, `accept` where the application gets it, `drop` where nobody may answer."""
    try:
        message = parse_message(data)
    except SipParseError as error:
        return "drop" if error.partial is None else str(error.status)
    if isinstance(message, Response):
        return "drop"  # it matches no transaction: nothing has been sent
    refusal = screen(message, Capabilities())
    return "accept" if refusal is None else str(refusal.status)


def parsed(name: str) -> Request:
    message = parse_message(torture("rfc4475", name))
    assert isinstance(message, Request)
    return message


def test_all_messages_of_both_documents_are_here() -> None:
    """SIP-1, SIP-2: 49 messages (one of them twice, as it is and terminated) and 12."""
    assert len({message.name for message in RFC4475} - {"baddn_terminated"}) == 49
    assert len(RFC5118) == 12


@pytest.mark.parametrize("message", [*RFC4475, *RFC5118], ids=lambda message: message.name)
def test_torture_message_gets_an_answer_that_the_document_allows(message: TortureMessage) -> None:
    """SIP-1, SIP-2."""
    answer = outcome(message.data)

    allowed = message.allowed | ({"accept"} if message.allowed & LET_IN else set())
    assert answer in allowed


def test_terminated_baddn_is_refused() -> None:
    """SIP-1: the archive's file lacks its last empty line; with it, the comma in the name is what is wrong."""
    with pytest.raises(SipParseError) as caught:
        parse_message(torture("rfc4475", "baddn_terminated"))

    assert caught.value.problem == "address malformed"


@pytest.mark.parametrize("message", RFC4475, ids=lambda message: message.name)
def test_refusal_is_addressed_like_the_request(message: TortureMessage) -> None:
    """Whatever is wrong, the answer carries the request's own Via and Call-ID, so that its sender can match it."""
    try:
        received = parse_message(message.data)
    except SipParseError as error:
        if error.partial is None:
            return
        received = error.partial
    if isinstance(received, Response):
        return

    answer = bytes(received.response(400))

    for name in ("Via", "Call-ID", "CSeq"):
        for value in received.headers.get_all(name)[:1]:
            assert f"\r\n{name}: {value}\r\n".encode("utf-8", "surrogateescape") in answer


def test_esc01_user_is_unescaped_once() -> None:
    request = parsed("esc01")

    assert SipUri.parse(request.uri).user == "sips:user@example.com"
    (contact,) = request.contacts
    assert SipUri.parse(contact.uri).user == "caller"
    assert SipUri.parse(contact.uri).parameters == {"lr": None, "name": "value%41"}


def test_escnull_contacts_keep_their_escaped_nul() -> None:
    request = parsed("escnull")

    assert [contact.uri for contact in request.contacts] == [
        "sip:%00@host5.example.com",
        "sip:%00%00@host5.example.com",
    ]
    assert str(SipUri.parse(request.to.uri)) == "sip:null-%00-null@example.com"


def test_esc02_escaped_header_name_is_another_name() -> None:
    request = parsed("esc02")

    assert request.method == "RE%47IST%45R"
    assert [contact.uri for contact in request.contacts] == [
        "sip:alias1@host1.example.com",
        "sip:alias3@host3.example.com",
    ]


def test_wsinv_folded_values_read_like_straight_ones() -> None:
    request = parsed("wsinv")

    assert request.to.tag == "1918181833n"
    assert request.from_.display_name == 'J Rosenberg \\"'
    assert (request.cseq.number, request.cseq.method, request.max_forwards) == (9, "INVITE", 68)
    assert [(via.transport, via.host, via.branch) for via in request.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]


def test_longreq_has_34_vias_and_keeps_their_order() -> None:
    request = parsed("longreq")

    assert len(request.vias) == 34
    assert request.vias[0] == request.top_via


def test_semiuri_semicolon_belongs_to_the_user() -> None:
    assert SipUri.parse(parsed("semiuri").uri).user == "user;par=u@example.net"


def test_unknown_parameter_belongs_to_header_or_uri_as_brackets_say() -> None:
    """RFC 4475 3.3.12 and 3.3.13."""
    (outside,) = parsed("cparam01").contacts
    (inside,) = parsed("cparam02").contacts

    assert (outside.uri, outside.parameters) == ("sip:+19725552222@gw1.example.net", {"unknownparam": None})
    assert (inside.uri, inside.parameters) == ("sip:+19725552222@gw1.example.net;unknownparam", {})


def test_bext01_names_the_two_required_tags_only() -> None:
    refusal = screen(parsed("bext01"), Capabilities())

    assert refusal is not None
    assert refusal.headers.get("Unsupported") == "nothingSupportsThis, nothingSupportsThisEither"


def test_intmeth_gets_allow() -> None:
    refusal = screen(parsed("intmeth"), Capabilities())

    assert refusal is not None
    assert refusal.headers.get("Allow") == Capabilities().allow


def test_dblreq_is_two_messages_on_a_stream_and_one_in_a_datagram() -> None:
    """SIP-1."""
    data = torture("rfc4475", "dblreq")

    datagram = parse_message(data)
    frames = StreamFramer().feed(data)

    assert isinstance(datagram, Request)
    assert datagram.method == "REGISTER"
    assert [frame.method for frame in frames if isinstance(frame, Request)] == ["REGISTER", "INVITE"]


def test_mpart01_body_is_framed_by_its_length() -> None:
    assert len(parsed("mpart01").body) == 553


def test_received_is_read_with_and_without_brackets() -> None:
    """SIP-2."""
    for name in ("via-received-param-with-delim", "via-received-param-no-delim"):
        message = parse_message(torture("rfc5118", name))
        assert message.top_via.received == "2001:db8::9:255"


def test_ambiguous_port_is_part_of_the_address() -> None:
    """SIP-2."""
    ambiguous = parse_message(torture("rfc5118", "port-ambiguous"))
    plain = parse_message(torture("rfc5118", "port-unambiguous"))
    assert isinstance(ambiguous, Request)
    assert isinstance(plain, Request)

    assert SipUri.parse(ambiguous.uri).port is None
    assert SipUri.parse(ambiguous.uri).host == "[2001:db8::10:5070]"
    assert SipUri.parse(plain.uri).port == 5070
