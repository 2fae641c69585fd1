"""RTP headers: any bytes give a packet or our error, and what we build is read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.rtp.packet import MalformedPacketError, Packet, sequence_difference, timestamp_difference

packets = st.builds(
    Packet,
    payload_type=st.integers(0, 127),
    sequence_number=st.integers(0, 0xFFFF),
    rtp_timestamp=st.integers(0, 0xFFFF_FFFF),
    ssrc=st.integers(0, 0xFFFF_FFFF),
    payload=st.binary(max_size=400),
    marker=st.booleans(),
)


@given(packets)
def test_built_packet_is_read_back(packet: Packet) -> None:
    assert Packet.parse(bytes(packet)) == packet


@given(st.binary(max_size=2_000))
def test_any_bytes_give_a_packet_or_the_modules_own_error(datagram: bytes) -> None:
    """RTP-2."""
    try:
        packet = Packet.parse(datagram)
    except MalformedPacketError:
        return
    assert packet.payload in datagram


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        bytes(11),
        b"\x40" + bytes(11),  # version 1
        b"\x8f" + bytes(20),  # fifteen CSRCs in two words
        b"\x90" + bytes(11),  # extension without header
        b"\x90" + bytes(13) + b"\xff\xff" + bytes(8),  # extension longer than the datagram
        b"\xa0" + bytes(11) + b"\x00",  # padding of nothing
        b"\xa0" + bytes(11) + b"\xff",  # padding longer than the datagram
    ],
)
def test_broken_header_is_refused(datagram: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        Packet.parse(datagram)


def test_padding_extension_and_csrc_are_stepped_over() -> None:
    header = b"\xb1\x80\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"

    packet = Packet.parse(header + b"CSRC" + b"\xbe\xde\x00\x01EXTE" + b"audio" + b"\x00\x00\x03")

    assert packet == Packet(0, 1, 2, 3, b"audio", marker=True)


@given(st.integers(0, 0xFFFF), st.integers(-0x8000, 0x7FFF))
def test_sequence_difference_holds_across_the_wrap(older: int, step: int) -> None:
    assert sequence_difference(older + step & 0xFFFF, older) == step


@given(st.integers(0, 0xFFFF_FFFF), st.integers(-0x8000_0000, 0x7FFF_FFFF))
def test_timestamp_difference_holds_across_the_wrap(older: int, step: int) -> None:
    assert timestamp_difference(older + step & 0xFFFF_FFFF, older) == step
