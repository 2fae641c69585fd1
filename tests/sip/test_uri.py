"""URIs: parts, escapes, equality, and what is refused."""

import pytest

from dialplane.sip.errors import SipParseError, UnsupportedScheme
from dialplane.sip.uri import SipUri


def test_every_part_is_read() -> None:
    uri = SipUri.parse("sips:al%20ice:pa%3Ass@Example.COM:5071;Transport=tcp;lr?subject=a%20b&to=x")

    assert uri == SipUri(
        scheme="sips",
        user="al ice",
        host="example.com",
        port=5071,
        parameters={"transport": "tcp", "lr": None},
        headers="subject=a%20b&to=x",
        password="pa:ss",
    )


@pytest.mark.parametrize(
    "text",
    [
        "sip:example.com",
        "sip:alice@example.com",
        "sip:%00@example.com",
        "sip:a;b=c%40d@[2001:db8::1]:5070;transport=udp",
        "sip:alice:secret@example.com?subject=x",
        "sips:user@example.com;name=value%2541",
        "tel:+12025550123",
        "tel:7042;phone-context=example.com",
    ],
)
def test_uri_is_the_same_after_writing_and_reading(text: str) -> None:
    assert str(SipUri.parse(text)) == text


def test_tel_uri_loses_its_visual_separators() -> None:
    assert SipUri.parse("tel:+1-202-(555).0123").user == "+12025550123"


@pytest.mark.parametrize(
    "text",
    [
        "", "sip:", "sip", "example.com", "sip:@example.com", "sip:a@", "sip:a@b@c", "sip:a b@c", "<sip:a@b>",
        "sip:a@b:", "sip:a@b:99999", "sip:a@b:-1", "sip:2001:db8::10", "sip:[2001:db8::g]", "sip:[1.2.3.4]", "sip:[::1",
        "sip:a@b;", "sip:a%4@b", "sip:a%zz@b", 'sip:"a"@b', "sip:a@b\x00", "sip:a@b\n", "tel:", "tel:alice",
        "sip:a@b;;lr", "1sip:a",
        "sip:ä@b", "sip:a@b;ä", "sip:a@b?\x80", "sip:a@b?\udc80",
    ],
)  # fmt: skip
def test_malformed_uri_is_refused(text: str) -> None:
    with pytest.raises(SipParseError) as caught:
        SipUri.parse(text)

    assert caught.value.status == 400


@pytest.mark.parametrize("text", ["http://example.com", "isbn:2983792873", "soap.beep://192.0.2.103:3002"])
def test_other_scheme_is_told_apart(text: str) -> None:
    with pytest.raises(UnsupportedScheme):
        SipUri.parse(text)


def test_three_colons_are_read_as_two() -> None:
    """SIP-2: RFC 5118 4.10."""
    assert SipUri.parse("sip:[2001:db8:::192.0.2.1]").host == "[2001:db8::192.0.2.1]"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        ("sip:biloxi.com;transport=tcp;method=REGISTER", "sip:biloxi.com;method=REGISTER;transport=tcp"),
        ("sip:a@atlanta.com?subject=project%20x&a=urgent", "sip:a@atlanta.com?a=urgent&subject=project%20x"),
    ],
)  # fmt: skip
def test_equal_uris_of_the_rfc_match(one: str, other: str) -> None:
    """RFC 3261 19.1.4."""
    assert SipUri.parse(one).matches(SipUri.parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ],
)
def test_different_uris_of_the_rfc_do_not_match(one: str, other: str) -> None:
    """RFC 3261 19.1.4."""
    assert not SipUri.parse(one).matches(SipUri.parse(other))


def test_address_of_record_has_neither_port_nor_parameters() -> None:
    assert SipUri.parse("sip:al%00ice@Example.com:5080;lr").address_of_record == "al%00ice@example.com"
