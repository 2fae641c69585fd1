"""Via, CSeq, addresses, and the grammar that they share."""

import pytest

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import parse_parameters, quote, split_values, unquote
from dialplane.sip.values import CSeq, NameAddress, Via


@pytest.mark.parametrize(
    "text",
    [
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport",
        "SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1",
        "SIP/2.0/TCP example.com;branch=z9hG4bK1",
        "SIP/2.0/TLS [2001:db8::1]:5061;received=2001:db8::2;branch=z9hG4bK1",
        "SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK1;keep",
    ],
)
def test_via_is_the_same_after_writing_and_reading(text: str) -> None:
    assert str(Via.parse(text)) == text


def test_usual_via_reads_like_any_other() -> None:
    """The quick way and the general one give the same value."""
    assert Via.parse("SIP/2.0/UDP a.b:5070;branch=z9hG4bK1;rport") == Via.parse(
        "SIP / 2.0 / udp  a.b : 5070 ;branch=z9hG4bK1; RPORT"
    )


@pytest.mark.parametrize(
    "text",
    ["SIP/2.0/UDP a.b:99999;branch=x", "SIP/3.0/UDP a.b", "SIP/2.0/UDP a b", "SIP/2.0/UDP a;;b", "SIP/2.0/UDP a:"],
)
def test_malformed_via_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        Via.parse(text)


@pytest.mark.parametrize(
    ("via", "address"),
    [
        ("SIP/2.0/UDP a.b;branch=x", ("a.b", 5060)),
        ("SIP/2.0/TLS a.b;branch=x", ("a.b", 5061)),
        ("SIP/2.0/UDP a.b:5070;branch=x;received=192.0.2.7", ("192.0.2.7", 5070)),
        ("SIP/2.0/UDP a.b:5070;branch=x;received=192.0.2.7;rport=1024", ("192.0.2.7", 1024)),
        ("SIP/2.0/UDP [2001:db8::1];branch=x", ("2001:db8::1", 5060)),
    ],
)
def test_answer_goes_where_the_via_says(via: str, address: tuple[str, int]) -> None:
    """RFC 3261 18.2.2, RFC 3581 4."""
    assert Via.parse(via).answer_address == address


def test_receiver_writes_the_source_into_the_via() -> None:
    """RFC 3261 18.2.1, RFC 3581 4; SIP-2: `received` is written without brackets."""
    plain = Via.parse("SIP/2.0/UDP 192.0.2.1;branch=x")
    asking = Via.parse("SIP/2.0/UDP 192.0.2.1;branch=x;rport")
    six = Via.parse("SIP/2.0/UDP [2001:db8::1];branch=x")

    assert str(plain.seen_from("192.0.2.1", 4444)) == "SIP/2.0/UDP 192.0.2.1;branch=x"
    assert str(plain.seen_from("192.0.2.9", 4444)) == "SIP/2.0/UDP 192.0.2.1;branch=x;received=192.0.2.9"
    assert str(asking.seen_from("192.0.2.1", 4444)) == "SIP/2.0/UDP 192.0.2.1;branch=x;rport=4444;received=192.0.2.1"
    assert str(six.seen_from("2001:db8::2", 1)) == "SIP/2.0/UDP [2001:db8::1];branch=x;received=2001:db8::2"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sip:a@b;tag=1", NameAddress("", "sip:a@b", {"tag": "1"})),
        ("<sip:a@b;lr>", NameAddress("", "sip:a@b;lr", {})),
        ('"A \\"B\\" C" <sip:a@b>;tag=1;x', NameAddress('A "B" C', "sip:a@b", {"tag": "1", "x": None})),
        ("Alice Liddell <sip:a@b>", NameAddress("Alice Liddell", "sip:a@b", {})),
        ("Äpfel<sip:a@b>", NameAddress("Äpfel", "sip:a@b", {})),
        ('"a;b,c<d>" <tel:+1202>;p="q;r"', NameAddress("a;b,c<d>", "tel:+1202", {"p": '"q;r"'})),
    ],
)
def test_address_is_read(text: str, address: NameAddress) -> None:
    assert NameAddress.parse(text) == address
    assert NameAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "<sip:a@b", '"a <sip:a@b>', "a, b <sip:a@b>", "< sip:a@b >", "<sip:a b>", "sip:a@b?x=y", "alice", "", "<>",
        "<sip:a@b> x", '"a" b <sip:a@b>', "<sip:a@b>;=x", "<sip:a@b>;;", "sip:a@b;tag=1,x",
    ],
)  # fmt: skip
def test_malformed_address_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        NameAddress.parse(text)


def test_cseq_is_read_and_written() -> None:
    assert CSeq.parse("0009 INVITE") == CSeq(9, "INVITE")
    assert str(CSeq(9, "INVITE")) == "9 INVITE"


@pytest.mark.parametrize("text", ["", "1", "INVITE", "x INVITE", "1 IN VITE", "-1 INVITE", "١ INVITE", "1,INVITE"])
def test_malformed_cseq_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        CSeq.parse(text)


def test_parameters_keep_quotes_and_fold_names() -> None:
    assert parse_parameters('; A = b ;c; d="x;y=\\"z\\""') == {"a": "b", "c": None, "d": '"x;y=\\"z\\""'}


def test_quoted_text_comes_back() -> None:
    text = 'a "b" \\ c'

    assert unquote(quote(text)) == text


@pytest.mark.parametrize("text", ['"a, b', "<a, b", '"a\\", b'])
def test_open_quote_or_bracket_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        split_values(text)
