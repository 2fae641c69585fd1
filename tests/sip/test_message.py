"""Messages: header fields by any name, values on demand, answers, octets and back."""

import pytest

from dialplane.sip.errors import BodyTooLarge, SipParseError, TooLarge, UriTooLong
from dialplane.sip.headers import Headers
from dialplane.sip.message import Request, Response
from dialplane.sip.parser import DEFAULT, parse_message
from dialplane.sip.text import storable, storable_body
from tests.sip.samples import SDP, message, request


def refused(data: bytes) -> SipParseError:
    with pytest.raises(SipParseError) as caught:
        parse_message(data)
    return caught.value


def test_request_is_the_same_after_writing_and_reading() -> None:
    original = request(body=SDP)

    assert parse_message(bytes(original)) == original


def test_response_is_the_same_after_writing_and_reading() -> None:
    original = request().response(486, to_tag="b1")

    assert parse_message(bytes(original)) == original


def test_header_names_fold_to_one_spelling() -> None:
    headers = Headers([("v", "1"), ("VIA", "2"), ("x-Thing", "3"), ("X-THING", "4")])

    assert headers.get_all("Via") == ["1", "2"]
    assert headers.get("X-thing") == "3"
    assert list(headers) == [("Via", "1"), ("Via", "2"), ("X-Thing", "3"), ("X-Thing", "4")]


def test_changed_header_is_read_anew() -> None:
    changed = request()
    assert changed.cseq.number == 1

    changed.headers.set("CSeq", "7 INVITE")
    changed.headers.add_first("Via", "SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKnew")

    assert changed.cseq.number == 7
    assert [via.branch for via in changed.vias] == ["z9hG4bKnew", "z9hG4bK-524287-1"]
    assert changed.top_via.host == "198.51.100.1"


def test_set_leaves_one_field_where_the_first_stood() -> None:
    headers = Headers([("Allow", "A"), ("Route", "1"), ("Allow", "B"), ("Route", "2")])

    headers.set("Route", "3")
    headers.remove("allow")

    assert list(headers) == [("Route", "3")]


def test_values_are_split_outside_quotes_and_brackets_only() -> None:
    headers = Headers([("Contact", '"a, b" <sip:a@b;x="1,2">;q=1, <sip:c,d@e>'), ("m", "sip:f@g")])

    assert headers.split_values("Contact") == ['"a, b" <sip:a@b;x="1,2">;q=1', "<sip:c,d@e>", "sip:f@g"]


def test_answer_copies_what_identifies_the_request() -> None:
    answer = request(extra="Timestamp: 54\r\n").response(180, to_tag="x9")

    assert [name for name, _ in answer.headers] == ["Via", "From", "To", "Call-ID", "CSeq"]
    assert answer.to.tag == "x9"
    assert answer.reason == "Ringing"


def test_trying_carries_the_timestamp() -> None:
    """RFC 3261 8.2.6.1."""
    assert request(extra="Timestamp: 54\r\n").response(100).headers.get("Timestamp") == "54"


def test_to_tag_of_the_request_is_kept() -> None:
    answer = request(headers={"To": "sip:x@example.com;tag=theirs"}).response(200, to_tag="ours")

    assert answer.to.tag == "theirs"


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "a\rb"])
def test_line_break_in_a_value_is_never_written(value: str) -> None:
    outgoing = request()
    outgoing.headers.add("X-Note", value)

    with pytest.raises(ValueError, match="line break"):
        bytes(outgoing)


def test_octets_that_are_no_utf8_come_back_as_they_were() -> None:
    data = message(extra="X-Raw: \udcff\udcfe\r\n".encode("ascii", "surrogateescape").decode("latin-1"))
    data = data.replace("ÿþ".encode(), b"\xff\xfe")

    assert b"X-Raw: \xff\xfe\r\n" in bytes(parse_message(data))


def test_octets_after_the_body_are_ignored() -> None:
    """RFC 3261 18.3."""
    parsed = parse_message(message(body=SDP) + b"noise")

    assert parsed.body == SDP


def test_datagram_without_length_is_all_body() -> None:
    parsed = parse_message(message(body=SDP, without=("Content-Length",)))

    assert parsed.body == SDP


@pytest.mark.parametrize("length", ["+4", "-4", "4 ", " 4", "0x4", "٤", "4.0", "4e0", "", "9" * 5000])
def test_content_length_takes_plain_digits_only(length: str) -> None:
    """SIP-3. Blanks around the value belong to the colon and the line end, so those two are the number 4."""
    data = message(headers={"Content-Length": length}, body=b"1234")

    if length.strip() == "4":
        assert parse_message(data).body == b"1234"
    else:
        assert refused(data).status == 400


@pytest.mark.parametrize("value", ["-1", "2147483648", "4294967296", "1" * 400])
def test_cseq_above_its_range_is_refused(value: str) -> None:
    """SIP-6."""
    assert refused(message(headers={"CSeq": f"{value} INVITE"})).status == 400


@pytest.mark.parametrize(
    ("value", "seconds"), [("0", 0), ("300", 300), ("1" * 101, 2**32 - 1), ("-1", None), ("x", None)]
)
def test_expires_is_bounded_or_left_to_the_default(value: str, seconds: int | None) -> None:
    """SIP-6, RFC 4475 3.1.2.4."""
    assert request(extra=f"Expires: {value}\r\n").expires == seconds


SINGLE = {
    "From": ("f", "<sip:a@b.c>;tag=1"), "To": ("t", "<sip:a@b.c>"), "Call-ID": ("i", "x"), "CSeq": ("cseq", "1 INVITE"),
    "Max-Forwards": ("max-forwards", "7"), "Content-Length": ("l", "0"), "Content-Type": ("c", "application/sdp"),
}  # fmt: skip


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("spelling", ["long", "short"])
def test_single_header_given_twice_is_refused(name: str, spelling: str) -> None:
    """SIP-9."""
    short, value = SINGLE[name]
    field = f"{name if spelling == 'long' else short}: {value}\r\n"

    error = refused(message(extra=field, body=SDP) if name == "Content-Type" else message(extra=field))

    assert error.status == 400
    assert error.partial is not None


@pytest.mark.parametrize("name", ["Via ", "Via\t", "Via \t "])
def test_blanks_before_the_colon_make_no_other_name(name: str) -> None:
    """CVE-8, RFC 3261 7.3.1."""
    parsed = parse_message(message(extra=f"{name}: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKb\r\n"))

    assert len(parsed.vias) == 2


@pytest.mark.parametrize("name", ["P-Asserted-Identity\x00", "\x0bTo", "To\x7f", "T o", "Tö", ""])
def test_other_octets_before_the_colon_are_refused(name: str) -> None:
    """CVE-8."""
    assert refused(message(extra=f"{name}: <sip:a@b.c>\r\n")).status == 400


@pytest.mark.parametrize("smuggled", ["X: 1\rTo: x\r\n", "X: 1\nTo: x\r\n"])
def test_lone_line_end_is_refused(smuggled: str) -> None:
    """CVE-8."""
    assert refused(message(extra=smuggled)).status == 400


def test_message_with_bare_lf_is_answered_with_400() -> None:
    """CVE-2."""
    error = refused(message().replace(b"\r\n", b"\n"))

    assert (error.status, error.partial is not None) == (400, True)


@pytest.mark.parametrize("to", ["<sip:a@b.c>;tag=", "<sip:a@b.c>;tag=1;tag=2", "<sip:a@b.c>;TAG=1;tag=1"])
def test_empty_or_double_tag_is_refused(to: str) -> None:
    """CVE-7."""
    assert refused(message(headers={"To": to})).status == 400


@pytest.mark.parametrize("via", ["SIP/2.0/UDP", "SIP/2.0/UDP ;branch=z9hG4bKx", "SIP/2.0/UDP :5060", "", "x"])
def test_request_whose_via_has_no_host_is_dropped(via: str) -> None:
    """CVE-7: there is nowhere to send the answer."""
    assert refused(message(headers={"Via": via})).partial is None


@pytest.mark.parametrize(
    "data",
    [
        message("M" * 400 + " sip:a@example.com SIP/2.0", {"CSeq": "1 " + "M" * 400}),
        message(headers={"From": "<sip:a@b.c>;tag=" + "t" * 600}),
        message(headers={"Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK" + "b" * 600}),
        message(headers={"CSeq": "1 " + "M" * 400}),
    ],
    ids=["method", "tag", "branch", "cseq-method"],
)
def test_long_names_are_answered_or_read(data: bytes) -> None:
    """CVE-1."""
    try:
        parse_message(data)
    except SipParseError as caught:
        error = caught
    else:
        return

    assert (error.status, error.partial is not None) == (400, True)


@pytest.mark.parametrize("name", ["Accept", "Via", "Route", "Contact"])
@pytest.mark.parametrize("count", [50, 3_000])
def test_many_headers_of_one_kind_are_read_or_refused(name: str, count: int) -> None:
    """CVE-3."""
    value = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx" if name == "Via" else "<sip:x@y.z>"
    data = message(extra=f"{name}: {value}\r\n" * count)

    if count == 50:
        assert len(parse_message(data).headers.get_all(name)) >= 50
    else:
        error = refused(data)
        assert (error.status, error.partial is not None) == (513, True)


def with_size(size: int) -> bytes:
    """A message of exactly `size` octets, none of its fields too long."""
    bare = message(without=("Content-Length",))
    fields, rest = divmod(size - len(bare), 8_000)
    filler = ("X: " + "a" * 7_995 + "\r\n") * fields
    return message(without=("Content-Length",), extra=filler + "Y: " + "b" * (rest - 5) + "\r\n")


def test_message_at_its_limit_is_read_and_above_it_refused() -> None:
    """SIP-5."""
    assert isinstance(parse_message(with_size(DEFAULT.message)), Request)
    assert isinstance(refused(with_size(DEFAULT.message + 1)), TooLarge)


def test_header_field_at_its_limit_is_read_and_above_it_refused() -> None:
    """SIP-5: the name, the colon and the blank count too."""
    assert isinstance(parse_message(message(extra="X: " + "a" * (DEFAULT.header - 3) + "\r\n")), Request)
    assert isinstance(refused(message(extra="X: " + "a" * (DEFAULT.header - 2) + "\r\n")), TooLarge)


def test_number_of_header_fields_is_limited() -> None:
    """SIP-5: the usual message has eight of its own."""
    assert isinstance(parse_message(message(extra="X: 1\r\n" * (DEFAULT.headers - 8))), Request)
    assert isinstance(refused(message(extra="X: 1\r\n" * (DEFAULT.headers - 7))), TooLarge)


def test_number_of_vias_is_limited() -> None:
    """SIP-5: the usual message has one of its own."""
    via = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"

    assert isinstance(parse_message(message(extra=via * (DEFAULT.vias - 1))), Request)
    assert isinstance(refused(message(extra=via * DEFAULT.vias)), TooLarge)


def test_vias_in_one_line_count_as_those_in_lines_of_their_own() -> None:
    """SIP-5, RFC 3261 7.3.1."""
    via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx"

    assert isinstance(parse_message(message(headers={"Via": ", ".join([via] * DEFAULT.vias)})), Request)
    assert isinstance(refused(message(headers={"Via": ", ".join([via] * (DEFAULT.vias + 1))})), TooLarge)


def test_request_uri_is_limited() -> None:
    """SIP-5."""
    uri = "sip:" + "u" * (DEFAULT.uri - 8) + "@b.c"

    assert isinstance(parse_message(message(f"INVITE {uri} SIP/2.0")), Request)
    assert isinstance(refused(message(f"INVITE {uri}d SIP/2.0")), UriTooLong)


def test_method_is_limited() -> None:
    """SIP-5."""
    method = "M" * DEFAULT.method

    assert isinstance(parse_message(message(f"{method} sip:b.c SIP/2.0", {"CSeq": f"1 {method}"})), Request)
    assert refused(message(f"{method}M sip:b.c SIP/2.0", {"CSeq": f"1 {method}M"})).status == 400


def test_body_is_limited() -> None:
    """SIP-5."""
    assert isinstance(parse_message(message(body=b"x" * DEFAULT.body)), Request)
    assert isinstance(refused(message(body=b"x" * (DEFAULT.body + 1))), BodyTooLarge)


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"\x00" * 100, bytes.fromhex("000100002112a442") + b"\x00" * 12, b"\xff" * 65_535],
    ids=["empty", "keep-alive", "nul", "stun", "binary"],
)
def test_what_is_no_sip_is_dropped(data: bytes) -> None:
    """SIP-4."""
    assert refused(data).partial is None


def test_malformed_ack_and_response_are_never_answered() -> None:
    assert refused(message("ACK sip:a@b.c SIP/2.0", {"CSeq": "x"})).partial is None
    assert refused(message("SIP/2.0 700 Odd")).partial is None


def test_response_reason_may_be_anything_or_nothing() -> None:
    for line, reason in (("SIP/2.0 200 OK", "OK"), ("SIP/2.0 200 ", ""), ("SIP/2.0 200", "")):
        parsed = parse_message(message(line))
        assert isinstance(parsed, Response)
        assert (parsed.status, parsed.reason) == (200, reason)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain\tand\r\nlines", "plain\tand\r\nlines"),
        ("a\x00b\x1b[31m", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m"),
        ("\udcff", "\N{REPLACEMENT CHARACTER}"),
        ("=cmd()", "=cmd()"),
        ("x" * 300, "x" * 255),
    ],
)
def test_text_to_be_stored_is_cut_and_free_of_what_postgres_refuses(text: str, kept: str) -> None:
    """SIP-10."""
    assert storable(text, 255) == kept
    assert storable(text, 255).encode()


def test_body_to_be_stored_is_utf8_whatever_came() -> None:
    """SIP-10."""
    assert storable_body(b"caf\xc3\xa9 \xff\x00", 100) == "café \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
