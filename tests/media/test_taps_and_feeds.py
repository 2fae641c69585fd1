"""A copy of a leg's audio for the runtime, and audio from the runtime for a leg: what streams and recognition need."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from dialplane.audio.g711 import ULAW_TO_ALAW
from dialplane.domain.calling.media import AudioTrack, Prompt
from dialplane.domain.errors import Invalid
from dialplane.media.client import MediaClient
from dialplane.media.tap import Cutter
from tests.effort import PATIENCE_S
from tests.media.conftest import Party, tone

SILENCE = b"\xff" * 160


def frame(number: int) -> bytes:
    return bytes((number,)) * 160


@dataclass
class Ear:
    """What a tap has told."""

    frames: list[tuple[AudioTrack, int, bytes]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, track: AudioTrack, at_ms: int, audio: bytes) -> None:
        self.frames.append((track, at_ms, audio))
        self.arrived.set()

    async def wait_for(self, count: int) -> list[tuple[AudioTrack, int, bytes]]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.frames) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.frames


@pytest.fixture
def alaw_party() -> Iterator[Party]:
    one = Party(payload_type=8)
    yield one
    one.close()


async def test_tap_tells_what_is_heard_with_its_time_and_a_gap_where_a_packet_is_lost(
    media: MediaClient, party: Party
) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    ear = Ear()
    leg.tap(ear)
    await media.stats()

    for number in (1, 2, 3, 5):
        party.sequence, party.timestamp = 100 + number, 1_000 + 160 * number
        party.send(leg.port, frame(number))
    heard = await ear.wait_for(4)

    begin = heard[0][1]
    assert heard == [("inbound", begin + 20 * (number - 1), frame(number)) for number in (1, 2, 3, 5)]
    assert 0 <= begin < 500


async def test_tap_of_both_directions_tells_them_apart_in_mulaw(
    media: MediaClient, alaw_party: Party, prompt: Prompt
) -> None:
    leg = await media.open()
    leg.connect(alaw_party.remote())
    ear = Ear()
    leg.tap(ear, sent=True)
    await media.stats()

    alaw_party.send(leg.port, frame(0x31).translate(ULAW_TO_ALAW))
    await leg.play([prompt])
    frames = await ear.wait_for(11)

    sent = [(at_ms, audio) for track, at_ms, audio in frames if track == "outbound" and audio != SILENCE]
    assert [audio for track, _, audio in frames if track == "inbound"] == [frame(0x31)]
    assert [audio for _, audio in sent] == [frame(0x10 + index) for index in range(10)]
    assert [at_ms - sent[0][0] for at_ms, _ in sent] == [20 * index for index in range(10)]


async def test_tap_of_a_joined_leg_has_its_partners_audio_as_what_it_is_sent(
    media: MediaClient, party: Party, other_party: Party
) -> None:
    first, second = await media.open(), await media.open()
    first.connect(party.remote())
    second.connect(other_party.remote())
    first.bridge(second)
    ear = Ear()
    first.tap(ear, heard=False, sent=True)
    await media.stats()

    for number in range(1, 4):
        other_party.send(second.port, frame(number))

    heard = await ear.wait_for(3)
    assert [(track, audio) for track, _, audio in heard] == [("outbound", frame(number)) for number in range(1, 4)]


async def test_two_taps_hear_the_same_until_each_is_closed(media: MediaClient, party: Party) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    one, two = Ear(), Ear()
    first, _ = leg.tap(one), leg.tap(two)
    await media.stats()

    party.send(leg.port, frame(1))
    await asyncio.gather(one.wait_for(1), two.wait_for(1))
    first.close()
    first.close()
    await media.stats()
    party.send(leg.port, frame(2))
    await two.wait_for(2)

    assert len(one.frames) == 1
    assert (await leg.close()).packets_received == 2
    leg.tap(one).close()


def test_packets_of_other_lengths_are_cut_into_frames_of_20_ms() -> None:
    cutter = Cutter()
    audio = bytes(range(240))

    frames = [cut for index in range(4) for cut in cutter.cut(240 * index, audio, 240 * index)]

    assert [position for position, _ in frames] == [0, 160, 320, 480, 640, 800]
    assert b"".join(part for _, part in frames) == audio * 4


def test_late_and_repeated_packets_are_left_out() -> None:
    cutter = Cutter()

    frames = [
        position for timestamp in (0, 160, 160, 0, 480, 320, 640) for position, _ in cutter.cut(timestamp, SILENCE, 0)
    ]

    assert frames == [0, 160, 480, 640]


async def test_fed_audio_is_played_in_one_piece_whatever_the_pieces_were(media: MediaClient, party: Party) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    audio = tone(700, duration_ms=500)
    await party.hear()

    for begin in range(0, len(audio), 333):
        leg.feed(audio[begin : begin + 333])
    await leg.feed_mark()
    await party.hear_until(SILENCE)

    played = b"".join(packet.payload for packet in party.heard)
    assert audio in played


async def test_marks_are_reached_in_order_when_what_was_fed_before_them_is_played(
    media: MediaClient, party: Party
) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    reached: list[str] = []

    async def mark(name: str) -> None:
        await leg.feed_mark()
        reached.append(name)

    leg.feed(frame(1) * 3)
    first = asyncio.create_task(mark("first"))
    await asyncio.sleep(0)
    leg.feed(frame(2) * 400)
    second = asyncio.create_task(mark("second"))
    await first
    assert reached == ["first"]
    assert len([packet for packet in party.hear_waiting() if packet.payload == frame(1)]) == 3

    leg.clear_feed()
    async with asyncio.timeout(4):  # half of what it would take to be sent
        await second
    await media.stats()
    party.hear_waiting()
    assert (await party.hear()).payload == SILENCE
    await leg.feed_mark()  # at once where nothing waits


async def test_feed_goes_before_the_partner_and_the_room_and_behind_a_prompt(
    media: MediaClient, party: Party, other_party: Party, prompt: Prompt
) -> None:
    first, second = await media.open(), await media.open()
    first.connect(party.remote())
    second.connect(other_party.remote())
    first.bridge(second)
    playing = asyncio.create_task(first.play([prompt]))
    await party.hear_until(frame(0x10))

    first.feed(frame(0x42) * 5)
    await asyncio.gather(playing, first.feed_mark())
    await other_party.speak(second.port, frame(0x55) * 5)
    await party.hear_until(frame(0x55))

    begin = next(index for index, packet in enumerate(party.heard) if packet.payload == frame(0x10))
    expected = [frame(0x10 + index) for index in range(10)] + [frame(0x42)] * 5
    assert [packet.payload for packet in party.heard[begin : begin + 15]] == expected


async def test_more_than_ten_minutes_waiting_are_refused(media: MediaClient, party: Party) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    leg.feed(SILENCE * 50 * 599)

    with pytest.raises(Invalid, match="600 s"):
        leg.feed(SILENCE * 50 * 2)

    leg.clear_feed()
    leg.feed(SILENCE * 50 * 2)
    await leg.close()


async def test_leg_that_is_closed_ends_the_waiting_for_its_marks(media: MediaClient, party: Party) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    leg.feed(SILENCE * 500)
    waiting = asyncio.create_task(leg.feed_mark())
    await party.hear()

    await leg.close()

    async with asyncio.timeout(PATIENCE_S):
        await waiting
        await leg.feed_mark()
