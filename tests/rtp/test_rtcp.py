"""Reports: built, read back, and never misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.rtp.packet import MalformedPacketError
from dialplane.rtp.rtcp import Bye, Report, ReportBlock, build_report, ntp_time, parse_compound

words = st.integers(0, 0xFFFF_FFFF)
blocks = st.builds(
    ReportBlock,
    ssrc=words,
    fraction_lost=st.integers(0, 255),
    packets_lost=st.integers(-0x80_0000, 0x7F_FFFF),
    highest_sequence=words,
    jitter=words,
    last_sender_report=words,
    delay=words,
)
sender_reports = st.builds(
    Report,
    ssrc=words,
    blocks=st.lists(blocks, max_size=3).map(tuple),
    ntp_time=st.integers(0, 0xFFFF_FFFF_FFFF_FFFF),
    rtp_timestamp=words,
    packets_sent=st.integers(1, 0xFFFF_FFFF),
    octets_sent=words,
)
receiver_reports = st.builds(Report, ssrc=words, blocks=st.lists(blocks, max_size=3).map(tuple))


@given(sender_reports | receiver_reports, st.text(max_size=60), st.booleans())
def test_built_report_is_read_back(report: Report, cname: str, bye: bool) -> None:
    expected: list[Report | Bye] = [report, Bye((report.ssrc,))] if bye else [report]

    datagram = build_report(report, cname=cname, bye=bye)

    assert len(datagram) % 4 == 0
    assert parse_compound(datagram) == expected


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda rest: b"\x81\xc8\x00\x0c" + rest))
def test_any_bytes_give_packets_or_the_modules_own_error(datagram: bytes) -> None:
    """RTP-2, CVE-15."""
    try:
        parse_compound(datagram)
    except MalformedPacketError:
        return


@pytest.mark.parametrize(
    "datagram",
    [
        b"\x80\xc9\x00",  # shorter than 8 octets
        b"\x80\xc9\x00\x05" + bytes(4),  # longer by its header than it is
        b"\x9f\xc9\x00\x01" + bytes(4),  # 31 blocks in none
        b"\x80\xcb\x00\x01" + bytes(4),  # BYE without a report before it
        b"\x00\xc9\x00\x01" + bytes(4),  # version 0
        b"\x80\xc9\x00\x01" + bytes(4) + b"\x80\xcb",  # second header cut off
        (b"\x80\xc9\x00\x01" + bytes(4)) * 17,  # too many
        b"\x80\xc9\x00\x01" + bytes(4) + b"\x9f\xcb\x00\x01" + bytes(4),  # BYE of 31 sources with one
    ],
)
def test_broken_compound_is_refused(datagram: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        parse_compound(datagram)


def test_ntp_time_counts_from_1900() -> None:
    assert ntp_time(0.5) == 2_208_988_800 << 32 | 1 << 31
