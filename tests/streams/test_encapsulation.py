"""RTP, AudioSocket and plain samples around the same audio; both directions as one."""

from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.audio.g711 import decode_ulaw, encode_ulaw
from dialplane.streams.audiosocket import Frame, FrameReader, Kind, introduction
from dialplane.streams.blocks import LARGEST, LENGTH_OCTETS, pack, unpack_length
from dialplane.streams.encapsulation import AudioSocket, Encapsulation, PeerEndedError, Rtp, Samples
from dialplane.streams.two_tracks import TwoTracks

FRAME = encode_ulaw((np.arange(160) * 100).astype(np.int16))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Rtp("ulaw"), Rtp("ulaw")),
        (Rtp("slin"), Rtp("slin")),
        (Samples("ulaw"), Samples("ulaw")),
        (Samples("slin"), Samples("slin")),
        (AudioSocket(), AudioSocket()),
    ],
)
def test_what_one_side_wraps_the_other_unwraps(ours: Encapsulation, theirs: Encapsulation) -> None:
    assert theirs.unwrap(ours.wrap(FRAME, 0)) == [FRAME]


def test_audiosocket_frame_is_kind_length_and_samples_low_octet_first() -> None:
    wrapped = AudioSocket().wrap(FRAME, 0)

    assert wrapped == b"\x10\x01\x40" + decode_ulaw(FRAME).astype("<i2").tobytes()


def test_audiosocket_begins_with_the_calls_id() -> None:
    call_id = UUID("40325ec2-5efd-4bd3-805f-53576e581d13")

    assert introduction(call_id) == b"\x01\x00\x10" + call_id.bytes


def test_audiosocket_peer_that_hangs_up_ends_it() -> None:
    with pytest.raises(PeerEndedError):
        AudioSocket().unwrap(bytes(Frame(Kind.HANG_UP)))


@given(
    frames=st.lists(st.builds(Frame, st.integers(0, 255), st.binary(max_size=400)), max_size=6),
    cuts=st.lists(st.integers(1, 50), max_size=60),
)
def test_frames_come_out_however_the_stream_is_cut(frames: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(map(bytes, frames))
    reader, found, at = FrameReader(), [], 0
    for length in cuts:
        found += reader.feed(stream[at : at + length])
        at += length
    found += reader.feed(stream[at:])

    assert found == frames


@given(st.binary(max_size=400))
def test_any_octets_are_audio_or_nothing(data: bytes) -> None:
    for encapsulation in (Rtp("slin"), Samples("slin"), Samples("alaw")):
        encapsulation.unwrap(data)


def test_block_keeps_its_length_and_has_a_limit() -> None:
    assert unpack_length(pack(FRAME)[:LENGTH_OCTETS]) == len(FRAME)
    with pytest.raises(ValueError, match="65535 octets at most"):
        pack(bytes(LARGEST + 1))


def test_frames_of_the_same_moment_are_one_and_a_silent_side_is_not_waited_for() -> None:
    both = TwoTracks()
    loud, soft = encode_ulaw(np.full(160, 9_000, dtype=np.int16)), encode_ulaw(np.full(160, 600, dtype=np.int16))

    assert both.put("inbound", 0, loud) == []
    assert both.put("outbound", 0, soft) == [(0, encode_ulaw(decode_ulaw(loud) + decode_ulaw(soft)))]
    alone = [each for at in range(20, 200, 20) for each in both.put("inbound", at, loud)]
    assert alone == [(at, loud) for at in range(20, 140, 20)]
    assert both.put("outbound", 20, soft) == []  # its moment has gone


@given(st.lists(st.tuples(st.sampled_from(["inbound", "outbound"]), st.integers(0, 40)), max_size=80))
def test_time_never_goes_back(frames: list[tuple[str, int]]) -> None:
    both = TwoTracks()

    given_out = [at for track, slot in frames for at, _ in both.put(track, slot * 20, FRAME)]  # type: ignore[arg-type]

    assert all(later > earlier for earlier, later in pairwise(given_out))
