"""Packets between Opus at 48,000 Hz and mu-law at 8,000 Hz: clocks, frames and events."""

from itertools import pairwise

import numpy as np

from dialplane.audio.decimation import Decimator
from dialplane.audio.g711 import FRAME_SAMPLES
from dialplane.domain.calling.media import RemoteMedia
from dialplane.media.opus import OpusDecoder, OpusEncoder
from dialplane.media.translation import Translation
from dialplane.rtp.packet import Packet
from tests.media.conftest import tone
from tests.media.sounds import strength

REMOTE = RemoteMedia("0.0.0.0", 9, "OPUS", 111, 110)


def translation() -> Translation:
    return Translation(REMOTE, 48_000)


def spoken(timestamp: int, octets: int = FRAME_SAMPLES, sequence_number: int = 1) -> bytes:
    return bytes(Packet(111, sequence_number, timestamp, 1, b"\xff" * octets))


def stamps(packets: list[bytes]) -> list[int]:
    return [Packet.parse(packet).rtp_timestamp for packet in packets]


def test_frames_of_thirty_milliseconds_leave_as_frames_of_twenty() -> None:
    ours = translation()

    sent = [ours.outgoing(spoken(at, 240)) for at in (1_000, 1_240, 1_480, 1_720)]

    assert [len(each) for each in sent] == [1, 2, 1, 2]
    first = stamps(sent[0])[0]
    flat = [stamp - first for each in sent for stamp in stamps(each)]
    assert flat == [0, 960, 1_920, 2_880, 3_840, 4_800]


def test_timestamps_go_on_across_the_wrap_of_either_clock() -> None:
    ours = translation()
    start = 2**32 - 320

    sent = [stamps(ours.outgoing(spoken((start + 160 * n) % 2**32)))[0] for n in range(6)]

    assert {(later - earlier) % 2**32 for earlier, later in pairwise(sent)} == {960}


def test_a_pause_of_the_leg_is_a_pause_for_the_party() -> None:
    ours = translation()
    before = stamps(ours.outgoing(spoken(0)))[0]

    after = stamps(ours.outgoing(spoken(8_000)))[0]

    assert after - before == 48_000


def test_late_audio_of_the_party_keeps_its_time() -> None:
    ours, encoder = translation(), OpusEncoder()
    payload = encoder.encode(b"\xff" * FRAME_SAMPLES)

    heard = [ours.incoming(bytes(Packet(111, n, 96_000 + 960 * n, 1, payload))) for n in (0, 2, 1, 3)]

    first = stamps(heard)[0]
    assert [stamp - first for stamp in stamps(heard)] == [0, 320, 160, 480]


def test_events_change_the_clock_of_their_duration() -> None:
    ours = translation()
    theirs = bytes(Packet(110, 1, 48_000, 1, bytes((5, 0x8A)) + (4_800).to_bytes(2, "big")))

    heard = Packet.parse(ours.incoming(theirs))
    sent = Packet.parse(ours.outgoing(bytes(Packet(110, 1, 160, 1, bytes((5, 0x0A)) + (800).to_bytes(2, "big"))))[0])

    assert heard.payload == bytes((5, 0x8A)) + (800).to_bytes(2, "big")
    assert sent.payload == bytes((5, 0x0A)) + (4_800).to_bytes(2, "big")


def test_streams_that_nobody_agreed_on_are_dropped() -> None:
    assert translation().incoming(bytes(Packet(96, 1, 0, 1, b"\x00" * 20))) == b""
    assert translation().incoming(b"\x80") == b""


def test_nonsense_is_no_sound() -> None:
    decoder = OpusDecoder()

    assert decoder.decode(b"\xff" * 50) == b""
    assert decoder.decode(b"") == b""
    assert decoder.decode(OpusEncoder().encode(tone(440, duration_ms=20))) != b""


def test_decimation_keeps_what_telephony_hears_and_folds_nothing_back() -> None:
    time_s = np.arange(48_000) / 48_000
    low = (8_000 * np.sin(2 * np.pi * 1_000 * time_s)).astype(np.int16)
    high = (8_000 * np.sin(2 * np.pi * 5_000 * time_s)).astype(np.int16)

    kept, gone = Decimator().feed(low), Decimator().feed(high)

    assert abs(strength(kept[400:7_600], 1_000) - 8_000) < 100
    assert strength(gone[400:7_600], 3_000) < 20


def test_decimation_in_pieces_is_decimation_of_the_whole() -> None:
    noise = np.random.default_rng(1).integers(-9_000, 9_000, 9_600).astype(np.int16)
    whole, pieces = Decimator(), Decimator()

    cut = np.concatenate([pieces.feed(noise[at : at + 960]) for at in range(0, 9_600, 960)])

    assert np.array_equal(whole.feed(noise), cut)
