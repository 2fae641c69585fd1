"""Descriptions of WebRTC parties: Chromium's own offer, and what may be wrong with one."""

from pathlib import Path

import pytest

from dialplane.sdp.negotiation import Choice, Direction, Negotiated, NotAcceptable
from dialplane.sdp.session import SdpError, Session
from dialplane.sdp.webrtc import (
    SecureEnd,
    Setup,
    choose_secure,
    is_secure,
    make_secure_answer,
    make_secure_offer,
    read_secure_answer,
    setup_for,
)

OFFER = (Path(__file__).parents[1] / "captures" / "webrtc" / "chromium_offer.sdp").read_bytes()
"""Chromium 156 by SIP.js 0.21, which a modifier made to prefer PCMU."""
FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
OURS = SecureEnd("ourfrag1", "our password of twenty+4".replace(" ", "/"), FINGERPRINT, Setup.PASSIVE)


def changed(old: str, new: str, offer: bytes = OFFER) -> Session:
    text = offer.decode()
    assert old in text
    return Session.parse(text.replace(old, new).encode())


def answered(offer: Session) -> Session:
    return make_secure_answer(offer, "192.0.2.1", 20_000, OURS, session_id=1, version=1)[0]


def test_chromium_is_answered_as_a_lite_end_that_waits() -> None:
    offer = Session.parse(OFFER)

    answer, secured = make_secure_answer(offer, "192.0.2.1", 20_000, OURS, session_id=7, version=1)

    assert is_secure(offer)
    assert secured.audio == Negotiated("0.0.0.0", 45644, "PCMU", 0, 126, 20, sends=True, receives=True)
    assert secured.party.setup is Setup.ACTPASS
    assert secured.party.fragment == "qTJL"
    assert bytes(answer).decode().split("\r\n") == [
        "v=0",
        "o=dialplane 7 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "m=audio 20000 UDP/TLS/RTP/SAVPF 0 126",
        "a=mid:0",
        "a=ice-ufrag:ourfrag1",
        "a=ice-pwd:our/password/of/twenty+4",
        f"a=fingerprint:{FINGERPRINT}",
        "a=setup:passive",
        "a=rtcp-mux",
        "a=msid:dialplane audio",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:126 telephone-event/8000",
        "a=fmtp:126 0-15",
        "a=ptime:20",
        "a=sendrecv",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 20000 typ host",
        "a=end-of-candidates",
        "",
    ]


def test_opus_is_taken_where_it_is_preferred_with_digits_of_its_clock() -> None:
    offer = changed("SAVPF 0 111", "SAVPF 111 0")

    answer, secured = make_secure_answer(offer, "192.0.2.1", 20_000, OURS, session_id=1, version=1)

    assert choose_secure(offer) == Choice(0, "OPUS", 111, 110)
    assert secured.event_clock_hz == 48_000
    assert answer.media[0].formats == ("111", "110")
    assert ("rtpmap", "111 opus/48000/2") in answer.media[0].attributes


def test_opus_with_digits_of_the_other_clock_only_is_taken_too() -> None:
    offer = changed("a=rtpmap:110 telephone-event/48000\n", "", changed_offer("SAVPF 0 111", "SAVPF 111 0"))

    secured = make_secure_answer(offer, "192.0.2.1", 20_000, OURS, session_id=1, version=1)[1]

    assert (secured.audio.telephone_event, secured.event_clock_hz) == (126, 8_000)


def changed_offer(old: str, new: str) -> bytes:
    return OFFER.replace(old.encode(), new.encode())


def test_hold_is_a_direction_and_no_address_of_zeros() -> None:
    """Before candidates are known browsers write 0.0.0.0, which in plain SIP once meant hold."""
    unknown = changed("c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0")
    held = changed("a=sendrecv", "a=sendonly")

    assert ("sendrecv", None) in answered(unknown).media[0].attributes
    assert ("recvonly", None) in answered(held).media[0].attributes


def test_video_is_refused_in_its_place_and_left_out_of_the_bundle() -> None:
    offer = Session.parse(
        changed_offer("a=group:BUNDLE 0", "a=group:BUNDLE 0 1") + b"m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:1\n"
    )

    answer = answered(offer)

    assert [(media.kind, media.port) for media in answer.media] == [("audio", 20_000), ("video", 0)]
    assert ("group", "BUNDLE 0") in answer.attributes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=rtcp-mux\n", ""),
        ("a=fingerprint:sha-256", "a=finger:sha-256"),
        ("SAVPF 0 111 63 9 8 13 110 126", "SAVPF 63 9 13"),
        ("m=audio 45644", "m=audio 0"),
        ("m=audio", "m=video"),
    ],
)
def test_an_offer_without_what_webrtc_needs_is_not_acceptable(old: str, new: str) -> None:
    with pytest.raises(NotAcceptable):
        choose_secure(changed(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=ice-ufrag:qTJL", "a=ice-ufrag:q"),
        ("a=ice-ufrag:qTJL", "a=ice-ufrag:q\u00e4hle"),
        ("a=ice-pwd:MUQBY4R9zq0pKlTv0lEgGhk9", "a=ice-pwd:short"),
        ("18:C9:D6:40", "18:C9:D6:4"),
        ("a=fingerprint:sha-256 18", "a=fingerprint:18"),
        ("a=setup:actpass", "a=setup:holdconn"),
    ],
)
def test_a_malformed_party_is_an_error_of_the_description(old: str, new: str) -> None:
    with pytest.raises(SdpError):
        answered(changed(old, new))


def test_a_payload_type_that_is_none_is_an_error() -> None:
    """CVE-4: it would not fit into a packet's header."""
    with pytest.raises(SdpError):
        changed("SAVPF 0 111", "SAVPF 0 900")


def test_our_offer_is_agreed_upon() -> None:
    offer = make_secure_offer("192.0.2.1", 20_000, OURS, session_id=1, version=1)
    theirs = SecureEnd("frag", "x" * 22, FINGERPRINT, Setup.ACTIVE)
    answer, _ = make_secure_answer(offer, "198.51.100.1", 9, theirs, session_id=2, version=1)

    secured = read_secure_answer(offer, Session.parse(bytes(answer)))

    assert offer.media[0].formats == ("0", "8", "111", "101", "110")
    assert (secured.audio.codec, secured.audio.telephone_event) == ("PCMU", 101)
    assert secured.party == theirs


def test_an_answer_that_leaves_the_role_open_is_an_error() -> None:
    offer = make_secure_offer("192.0.2.1", 20_000, OURS, session_id=1, version=1)
    theirs = SecureEnd("frag", "x" * 22, FINGERPRINT, Setup.ACTPASS)
    answer, _ = make_secure_answer(offer, "198.51.100.1", 9, theirs, session_id=2, version=1)

    with pytest.raises(SdpError):
        read_secure_answer(offer, answer)


@pytest.mark.parametrize(
    ("offered", "current", "ours"),
    [
        (Setup.ACTPASS, Setup.ACTPASS, Setup.PASSIVE),
        (Setup.ACTPASS, Setup.ACTIVE, Setup.ACTIVE),
        (Setup.ACTIVE, Setup.ACTPASS, Setup.PASSIVE),
        (Setup.PASSIVE, Setup.ACTPASS, Setup.ACTIVE),
    ],
)
def test_the_party_begins_where_it_may_and_roles_stay(offered: Setup, current: Setup, ours: Setup) -> None:
    """RFC 8842 5.3."""
    assert setup_for(offered, current=current) is ours


def test_our_hold_is_an_offer_to_send_only() -> None:
    offer = make_secure_offer("192.0.2.1", 20_000, OURS, session_id=1, version=2, direction=Direction.SENDONLY)

    assert ("sendonly", None) in offer.media[0].attributes
