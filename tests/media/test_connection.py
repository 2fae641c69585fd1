"""A client that does not keep up with what it asked for."""

import socket

from dialplane.media.connection import Connection
from dialplane.media.frames import FrameReader
from dialplane.media.protocol import Digit, Report, TapAudio, decode_report

AUDIO = TapAudio(1, 1, "inbound", 0, b"\x10" * 160)


def drain(theirs: socket.socket, ours: Connection) -> list[Report]:
    """Everything that reaches the client."""
    reader = FrameReader()
    reports: list[Report] = []
    while ours.has_unsent:
        ours.flush()
        reports += map(decode_report, reader.feed(theirs.recv(1 << 20)))
    return reports


def test_copies_of_audio_are_dropped_for_a_client_that_does_not_read_and_its_reports_are_not() -> None:
    near, theirs = socket.socketpair()
    ours = Connection(near)

    for _ in range(20_000):  # 200 s of two directions, nobody reads
        ours.report_audio(AUDIO)
        ours.flush()
    ours.report(Digit(1, "7"))
    received = drain(theirs, ours)

    assert received[-1] == Digit(1, "7")
    assert 1_000 < received.count(AUDIO) < 20_000
    ours.report_audio(AUDIO)
    assert drain(theirs, ours) == [AUDIO]
    near.close()
    theirs.close()
