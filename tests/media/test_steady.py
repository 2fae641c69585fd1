"""Streams that all go on in one loop."""

import socket
from collections.abc import Iterator

import pytest

from dialplane.media.steady import SteadyStreams
from dialplane.rtp.packet import Packet

LAST = Packet(8, 0xFFFF, 0xFFFF_FFFF - 159, 0xABCD, b"\x00" * 160, marker=True)


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    theirs.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_stream_goes_on_after_its_last_packet_across_both_wraps(wire: tuple[socket.socket, socket.socket]) -> None:
    streams: SteadyStreams[str] = SteadyStreams()
    stream = streams.join("a", bytes(LAST), iter([b"\x01" * 160, b"\x02" * 160]), wire[0].fileno())

    assert streams.take_turn(100.0) == []
    assert streams.take_turn(100.02) == []

    assert Packet.parse(wire[1].recv(2_048)) == Packet(8, 0, 0, 0xABCD, b"\x01" * 160)
    assert Packet.parse(wire[1].recv(2_048)) == Packet(8, 1, 160, 0xABCD, b"\x02" * 160)
    assert (stream.take_sent(), stream.sequence_number, stream.timestamp, stream.sent_at) == (2, 1, 160, 100.02)


def test_stream_without_a_next_frame_is_named_and_stands_where_it_was(
    wire: tuple[socket.socket, socket.socket],
) -> None:
    streams: SteadyStreams[str] = SteadyStreams()
    stream = streams.join("a", bytes(LAST), iter([]), wire[0].fileno())

    assert streams.take_turn(100.0) == ["a"]

    streams.leave("a")
    assert (stream.take_sent(), stream.sequence_number, stream.timestamp) == (0, 0xFFFF, 0xFFFF_FFFF - 159)
    assert len(streams) == 0


def test_packet_that_the_socket_does_not_take_is_not_counted_as_sent(
    wire: tuple[socket.socket, socket.socket],
) -> None:
    streams: SteadyStreams[str] = SteadyStreams()
    stream = streams.join("a", bytes(LAST), iter([b"\x01" * 160]), wire[0].fileno())
    wire[1].close()

    assert streams.take_turn(100.0) == []

    assert (stream.take_sent(), stream.sequence_number) == (0, 0)


def test_more_streams_than_one_array_holds_keep_their_own_headers(wire: tuple[socket.socket, socket.socket]) -> None:
    streams: SteadyStreams[int] = SteadyStreams()
    joined = [
        streams.join(each, bytes(Packet(0, each, 0, each, b"\x00" * 160)), iter([]), wire[0].fileno())
        for each in range(600)
    ]
    for each in range(0, 600, 2):
        streams.leave(each)

    assert streams.take_turn(100.0) == list(range(1, 600, 2))

    assert [joined[each].sequence_number for each in range(1, 600, 2)] == list(range(1, 600, 2))
