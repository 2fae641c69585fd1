"""Messages out of a stream, however the octets arrive."""

from collections.abc import Sequence

import pytest

from dialplane.sip.framing import Frame, KeepAlive, Malformed, StreamFramer
from dialplane.sip.message import Request
from dialplane.sip.parser import DEFAULT
from tests.captures.torture import torture
from tests.sip.samples import SDP, message

OPTIONS = message("OPTIONS sip:a@example.com SIP/2.0", {"CSeq": "2 OPTIONS"})
TWO = torture("rfc4475", "wsinv") + OPTIONS


def methods(frames: Sequence[Frame]) -> list[str]:
    return [frame.method for frame in frames if isinstance(frame, Request)]


def test_two_messages_in_one_write_are_two() -> None:
    """SIP-3."""
    framer = StreamFramer()

    frames = framer.feed(TWO)

    assert methods(frames) == ["INVITE", "OPTIONS"]
    assert not framer.is_mid_message


def test_messages_arrive_octet_by_octet() -> None:
    """SIP-3."""
    framer = StreamFramer()

    frames = [frame for octet in TWO for frame in framer.feed(bytes([octet]))]

    assert methods(frames) == ["INVITE", "OPTIONS"]


def test_messages_may_be_cut_anywhere() -> None:
    """SIP-3: split at every offset."""
    for offset in range(len(TWO)):
        framer = StreamFramer()
        frames = framer.feed(TWO[:offset]) + framer.feed(TWO[offset:])
        assert methods(frames) == ["INVITE", "OPTIONS"], offset


def test_body_is_what_content_length_says() -> None:
    (frame,) = StreamFramer().feed(message(body=SDP))

    assert isinstance(frame, Request)
    assert frame.body == SDP


def test_keep_alive_is_reported_and_single_line_ends_are_skipped() -> None:
    """SIP-4."""
    framer = StreamFramer()

    frames = framer.feed(b"\r\n\r\n") + framer.feed(b"\r\n") + framer.feed(b"\r\n") + framer.feed(b"\r\n" + OPTIONS)

    assert [type(frame) for frame in frames] == [KeepAlive, KeepAlive, Request]


def test_single_line_end_is_no_beginning_of_a_message() -> None:
    """RFC 3261 7.5, CVE-6: a phone that keeps its connection alive so is not cut off for a message it never ends."""
    framer = StreamFramer()
    framer.feed(OPTIONS)

    frames = framer.feed(b"\r\n")

    assert frames == []
    assert not framer.is_mid_message
    framer.feed(b"O")
    assert framer.is_mid_message


def test_a_thousand_keep_alives_leave_nothing_behind() -> None:
    """SIP-4."""
    framer = StreamFramer()

    frames = framer.feed(b"\r\n\r\n" * 1_000)

    assert len(frames) == 1_000
    assert not framer.is_mid_message


@pytest.mark.parametrize(
    "data",
    [
        message(without=("Content-Length",)),
        message(headers={"Content-Length": "-1"}),
        message(headers={"Content-Length": "+1"}),
        message(headers={"Content-Length": "1_0"}),
        message(extra="l: 0\r\n"),
        torture("rfc4475", "ncl"),
        torture("rfc4475", "mcl01"),
    ],
    ids=["missing", "negative", "signed", "underscore", "double", "ncl", "mcl01"],
)
def test_unusable_length_is_answered_and_closes(data: bytes) -> None:
    """SIP-3."""
    framer = StreamFramer()

    frames = framer.feed(data + OPTIONS)

    (frame,) = frames
    assert isinstance(frame, Malformed)
    assert frame.error.status == 400
    assert frame.error.partial is not None
    assert framer.must_close
    assert framer.feed(OPTIONS) == []


def test_message_malformed_otherwise_leaves_the_stream_usable() -> None:
    framer = StreamFramer()

    malformed, good = framer.feed(torture("rfc4475", "quotbal") + OPTIONS)

    assert isinstance(malformed, Malformed)
    assert malformed.error.partial is not None
    assert isinstance(good, Request)
    assert not framer.must_close


def test_short_body_is_waited_for() -> None:
    """SIP-1: `clerr` on a stream; the transport closes when nothing more comes."""
    framer = StreamFramer()

    assert framer.feed(torture("rfc4475", "clerr")) == []
    assert framer.is_mid_message


@pytest.mark.parametrize(
    "data",
    [b"\x00" * 20, bytes.fromhex("000100002112a442") + b"\x00" * 12, b"\x16\x03\x01\x02\x00", b"\r\rX", b"\xff"],
    ids=["nul", "stun", "tls", "stray-cr", "binary"],
)
def test_what_is_no_sip_closes_without_an_answer(data: bytes) -> None:
    """SIP-4."""
    framer = StreamFramer()

    (frame,) = framer.feed(data)

    assert isinstance(frame, Malformed)
    assert frame.error.partial is None
    assert framer.must_close


def test_head_without_end_is_cut_off_at_the_limit() -> None:
    """CVE-6, CVE-19: a peer cannot make us hold more than one message's worth."""
    framer = StreamFramer()
    framer.feed(OPTIONS[:-2])

    frames: list[Frame] = []
    for _ in range(70):
        frames += framer.feed(b"X: " + b"a" * 1_000 + b"\r\n")

    (frame,) = frames
    assert isinstance(frame, Malformed)
    assert frame.error.status == 513
    assert frame.error.partial is not None
    assert not framer.is_mid_message


def test_body_above_the_limit_is_answered_and_closes() -> None:
    framer = StreamFramer()

    (frame,) = framer.feed(message(headers={"Content-Length": str(DEFAULT.body + 1)}))

    assert isinstance(frame, Malformed)
    assert (frame.error.status, framer.must_close) == (413, True)
