"""Session descriptions: read, written, and what is refused."""

import pytest

from dialplane.sdp.session import MediaDescription, Origin, SdpError, Session
from dialplane.sip.parser import parse_message
from tests.captures.torture import torture
from tests.sip.samples import SDP


def described(media: str = "m=audio 6000 RTP/AVP 0", *, head: str = "c=IN IP4 192.0.2.1\r\n") -> bytes:
    return f"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\n{head}t=0 0\r\n{media}\r\n".encode()


def test_usual_description_is_read() -> None:
    session = Session.parse(SDP)

    assert session.origin == Origin("user1", 53655765, 2353687637, "192.0.2.10")
    assert session.host == "192.0.2.10"
    (audio,) = session.media
    assert (audio.kind, audio.port, audio.protocol, audio.formats) == ("audio", 6000, "RTP/AVP", ("0", "8", "101"))
    assert audio.attribute("ptime") == "20"
    assert audio.attribute("sendrecv") == ""
    assert audio.attribute("absent") is None


def test_description_is_the_same_after_writing_and_reading() -> None:
    session = Session(
        Origin("dialplane", 2**63, 3, "2001:db8::1"),
        "2001:db8::1",
        (
            MediaDescription("audio", 4000, "RTP/AVP", ("0",), "192.0.2.1", (("ptime", "20"), ("sendrecv", None))),
            MediaDescription("image", 0, "udptl", ("t38",)),
        ),
        (("group", "BUNDLE 0"),),
    )

    assert Session.parse(bytes(session)) == session


def test_bare_lf_and_unknown_lines_are_tolerated() -> None:
    """RFC 4566 5."""
    session = Session.parse(SDP.replace(b"\r\n", b"\n") + b"x=later\nb=AS:64\n\n")

    assert session.media[0].port == 6000


@pytest.mark.parametrize("name", ["ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"])
def test_ipv6_descriptions_of_rfc_5118_are_read(name: str) -> None:
    """SIP-2."""
    session = Session.parse(parse_message(torture("rfc5118", name)).body)

    assert [session.host_of(media) for media in session.media] == {
        "ipv6-in-sdp": ["2001:db8::20", "2001:db8::20"],
        "mult-ip-in-sdp": ["192.0.2.1", "2001:db8::1"],
        "ipv4-mapped-ipv6": ["::ffff:192.0.2.2", "::ffff:192.0.2.2"],
    }[name]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe", b"v=1\r\n", b"v=0\r\n", b"hello", b"v=0\r\no=- 1 2 IN IP4 1.2.3.4\r\nx",
        described("m=audio 99999 RTP/AVP 0"), described("m=audio -1 RTP/AVP 0"), described("m=audio 6000"),
        described("m=audio 6000 RTP/AVP 4294967296"), described("m=audio 6000 RTP/AVP 128"),
        described("m=audio 6000 RTP/AVP -1"), described("m=audio 6000 RTP/AVP"), described("m=audio x RTP/AVP 0"),
        described("m=audio 6000 RTP/AVP 0\r\na=fmtp:0 \x00"), described("m=audio 6000 RTP/AVP 0\r\na="),
        described(head="c=IN IP4 2001:db8::1\r\n"), described(head="c=IN IP6 192.0.2.1\r\n"),
        described(head="c=IN IP4\r\n"), described(head="c=IN IP4 a b\r\n"), described(head="c=IN IP6 2001:::1\r\n"),
        described().replace(b"o=- 1", b"o=- x"), described().replace(b"o=- 1", b"o=- " + b"9" * 30),
        described("\r\n".join(["m=audio 6000 RTP/AVP 0"] * 500)),
    ],
    ids=lambda data: data[-30:].decode("latin-1"),
)  # fmt: skip
def test_hostile_description_is_refused(data: bytes) -> None:
    """CVE-4."""
    with pytest.raises(SdpError):
        Session.parse(data)


def test_32_media_descriptions_are_read_and_33_refused() -> None:
    """SIP-5."""
    lines = ["m=audio 6000 RTP/AVP 0"]

    assert len(Session.parse(described("\r\n".join(lines * 32))).media) == 32
    with pytest.raises(SdpError, match="too many"):
        Session.parse(described("\r\n".join(lines * 33)))
