"""Offer and answer (RFC 3264), both ways."""

import pytest

from dialplane.sdp.negotiation import (
    Direction,
    Negotiated,
    NotAcceptable,
    choose,
    make_answer,
    make_offer,
    read_answer,
)
from dialplane.sdp.party import Encryption, PartyTerms, choose_party
from dialplane.sdp.session import SdpError, Session
from dialplane.sip.parser import parse_message
from tests.captures.torture import torture
from tests.sip.samples import SDP

OURS = "198.51.100.7"


def offer(media: str, *, host: str = "192.0.2.1", session: str = "") -> Session:
    family = "IP6" if ":" in host else "IP4"
    text = f"v=0\r\no=- 1 2 IN {family} {host}\r\ns=-\r\nc=IN {family} {host}\r\nt=0 0\r\n{session}{media}\r\n"
    return Session.parse(text.encode())


def answer(
    offered: Session, *, direction: Direction = Direction.SENDRECV, codecs: tuple[str, ...] = ("PCMU", "PCMA")
) -> tuple[Session, Negotiated]:
    return make_answer(offered, OURS, 4000, session_id=7, version=1, direction=direction, codecs=codecs)


def test_plain_offer_is_answered_with_its_first_codec_and_its_event_type() -> None:
    answered, negotiated = answer(Session.parse(SDP))

    assert bytes(answered).decode().split("\r\n") == [
        "v=0",
        "o=dialplane 7 1 IN IP4 198.51.100.7",
        "s=-",
        "c=IN IP4 198.51.100.7",
        "t=0 0",
        "m=audio 4000 RTP/AVP 0 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]
    assert negotiated == Negotiated("192.0.2.10", 6000, "PCMU", 0, 101, 20, sends=True, receives=True)


@pytest.mark.parametrize(
    ("media", "codec", "payload_type", "event"),
    [
        ("m=audio 6000 RTP/AVP 0", "PCMU", 0, None),
        ("m=audio 6000 RTP/AVP 8 0", "PCMA", 8, None),
        ("m=audio 6000 RTP/AVP 18 3 8 96\r\na=rtpmap:96 telephone-event/8000", "PCMA", 8, 96),
        (
            "m=audio 6000 RTP/AVP 97 101\r\na=rtpmap:97 pcma/8000/1\r\na=rtpmap:101 Telephone-Event/8000",
            "PCMA",
            97,
            101,
        ),
        ("m=audio 6000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/48000", "PCMU", 0, None),
        ("m=audio 6000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/16000", "PCMA", 8, None),
    ],
)
def test_codec_is_the_offerers_first_that_we_speak(
    media: str, codec: str, payload_type: int, event: int | None
) -> None:
    answered, negotiated = answer(offer(media))

    assert (negotiated.codec, negotiated.payload_type, negotiated.telephone_event) == (codec, payload_type, event)
    formats = (str(payload_type),) if event is None else (str(payload_type), str(event))
    assert answered.media[0].formats == formats


def test_our_own_choice_of_codecs_is_kept_to() -> None:
    _, negotiated = answer(offer("m=audio 6000 RTP/AVP 0 8"), codecs=("PCMA",))

    assert negotiated.codec == "PCMA"


@pytest.mark.parametrize(
    ("theirs", "ours", "answered", "sends", "receives"),
    [
        ("", Direction.SENDRECV, "sendrecv", True, True),
        ("sendrecv", Direction.SENDRECV, "sendrecv", True, True),
        ("sendonly", Direction.SENDRECV, "recvonly", False, False),
        ("recvonly", Direction.SENDRECV, "sendonly", False, True),
        ("inactive", Direction.SENDRECV, "inactive", False, False),
        ("sendrecv", Direction.SENDONLY, "sendonly", False, True),
        ("sendrecv", Direction.INACTIVE, "inactive", False, False),
        ("sendonly", Direction.SENDONLY, "inactive", False, False),
    ],
)
def test_direction_is_answered_with_what_is_left(
    theirs: str, ours: Direction, answered: str, sends: bool, receives: bool
) -> None:
    """RFC 3264 6.1."""
    line = f"\r\na={theirs}" if theirs else ""

    session, negotiated = answer(offer(f"m=audio 6000 RTP/AVP 0{line}"), direction=ours)

    assert session.media[0].attribute(answered) == ""
    assert (negotiated.sends, negotiated.receives) == (sends, receives)


def test_direction_of_the_session_counts_where_the_stream_has_none() -> None:
    held, negotiated = answer(offer("m=audio 6000 RTP/AVP 0", session="a=sendonly\r\n"))

    assert held.media[0].attribute("recvonly") == ""
    assert not negotiated.receives


def test_address_of_zeros_is_hold() -> None:
    """RFC 2543's way, still met."""
    held, negotiated = answer(offer("m=audio 6000 RTP/AVP 0", host="0.0.0.0"))

    assert held.media[0].attribute("recvonly") == ""
    assert (negotiated.sends, negotiated.receives) == (False, False)


def test_other_streams_are_refused_in_their_place() -> None:
    """RFC 3264 6: as many m-lines as the offer, in its order."""
    answered, negotiated = answer(
        offer(
            "m=video 6002 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\nm=audio 0 RTP/AVP 0\r\nm=audio 6000 RTP/AVP 8\r\n"
            "m=audio 6004 RTP/AVP 0\r\nm=image 6006 udptl t38"
        )
    )

    assert [(media.kind, media.port, media.formats) for media in answered.media] == [
        ("video", 0, ("31",)),
        ("audio", 0, ("0",)),
        ("audio", 4000, ("8",)),
        ("audio", 0, ("0",)),
        ("image", 0, ("t38",)),
    ]
    assert negotiated.port == 6000


@pytest.mark.parametrize(
    "media",
    [
        "m=video 6000 RTP/AVP 31",
        "m=audio 0 RTP/AVP 0",
        "m=audio 6000 RTP/AVP 18 101\r\na=rtpmap:101 telephone-event/8000",
        "m=audio 6000 RTP/SAVP 0",
        "m=image 6000 udptl t38",
    ],
    ids=["video", "switched-off", "g729", "srtp", "t38"],
)
def test_nothing_in_common_is_488(media: str) -> None:
    """SIP-17: T.38 and port 0 are an answer, not an accident."""
    with pytest.raises(NotAcceptable) as caught:
        answer(offer(media))

    assert caught.value.status == 488


def test_offer_without_any_stream_is_488() -> None:
    with pytest.raises(NotAcceptable):
        answer(Session.parse(b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"))


def test_media_address_must_be_an_address() -> None:
    with pytest.raises(NotAcceptable):
        answer(offer("m=audio 6000 RTP/AVP 0", host="media.example.com"))
    with pytest.raises(SdpError):
        answer(Session.parse(b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"))


@pytest.mark.parametrize("host", ["media.example.com", "224.2.1.1", "255.255.255.255", "ff02::1", "::ffff:224.0.0.1"])
def test_offer_whose_address_is_nobodys_is_refused_before_anything_is_agreed(host: str) -> None:
    """CVE-4: with 488, and not later, when the call is on record and its program runs."""
    with pytest.raises(NotAcceptable):
        choose(offer("m=audio 6000 RTP/AVP 0", host=host))
    with pytest.raises(NotAcceptable):
        choose_party(offer("m=audio 6000 RTP/AVP 0", host=host), PartyTerms(Encryption.OPTIONAL))


def test_offer_without_an_address_is_refused_before_anything_is_agreed() -> None:
    """CVE-4."""
    with pytest.raises(SdpError):
        choose(Session.parse(b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"))


@pytest.mark.parametrize("rtpmap", ["4294967296 PCMU/8000", "-1 PCMU/8000", "x", ""])
def test_hostile_rtpmap_is_refused(rtpmap: str) -> None:
    """CVE-4."""
    with pytest.raises(SdpError):
        answer(offer(f"m=audio 6000 RTP/AVP 0\r\na=rtpmap:{rtpmap}"))


@pytest.mark.parametrize(
    ("ptime", "used"),
    [("10", 10), ("20", 20), ("30", 30), ("60", 60), ("0", 20), ("15", 20), ("999999", 20), ("-5", 20), ("x", 20)],
)
def test_packet_time_is_the_offered_one_or_the_usual(ptime: str, used: int) -> None:
    _, negotiated = answer(offer(f"m=audio 6000 RTP/AVP 0\r\na=ptime:{ptime}"))

    assert negotiated.ptime_ms == used


def test_ipv6_offer_is_answered() -> None:
    """SIP-2: only the audio stream's own address matters."""
    session = Session.parse(parse_message(torture("rfc5118", "mult-ip-in-sdp")).body)

    answered, negotiated = answer(session)

    assert (negotiated.host, negotiated.port) == ("192.0.2.1", 22334)
    assert [media.port for media in answered.media] == [4000, 0]
    _, six = answer(offer("m=audio 6000 RTP/AVP 0", host="2001:db8::1"))
    assert six.host == "2001:db8::1"


def test_our_offer_is_answered_by_our_answer() -> None:
    offered = make_offer(OURS, 4000, 7, 1)

    answered, _ = make_answer(offered, "192.0.2.1", 6000, session_id=9, version=1)

    assert read_answer(offered, Session.parse(bytes(answered))) == Negotiated(
        "192.0.2.1", 6000, "PCMU", 0, 101, 20, sends=True, receives=True
    )


def test_our_hold_is_read_as_hold() -> None:
    offered = make_offer(OURS, 4000, 7, 2, direction=Direction.SENDONLY)

    answered, theirs = make_answer(offered, "192.0.2.1", 6000, session_id=9, version=2)
    ours = read_answer(offered, answered)

    assert answered.media[0].attribute("recvonly") == ""
    assert (ours.sends, ours.receives) == (False, True)
    assert (theirs.sends, theirs.receives) == (False, False)


def test_answer_that_claims_more_than_was_offered_is_cut_down() -> None:
    offered = make_offer(OURS, 4000, 7, 1, direction=Direction.INACTIVE)

    negotiated = read_answer(offered, Session.parse(SDP))

    assert (negotiated.sends, negotiated.receives) == (False, False)


@pytest.mark.parametrize("media", ["m=audio 0 RTP/AVP 0", "m=audio 6000 RTP/AVP 18", "m=audio 6000 RTP/AVP 8"])
def test_answer_without_what_we_offered_is_not_acceptable(media: str) -> None:
    offered = make_offer(OURS, 4000, 7, 1, codecs=("PCMU",))

    with pytest.raises(NotAcceptable):
        read_answer(offered, offer(media))
