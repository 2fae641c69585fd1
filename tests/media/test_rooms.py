"""Rooms: who hears whom, announcements, recordings, coming and going."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialplane.audio.g711 import decode_ulaw, encode_alaw
from dialplane.domain.calling.media import PlayEnd, Prompt
from dialplane.media.client import MediaClient
from dialplane.media.client_leg import MediaClientLeg
from dialplane.media.client_room import MediaClientRoom
from tests.media.conftest import Party, tone
from tests.media.sounds import Speakers, audio_of, hear_frames, read_wav, strength
from tests.media.test_digits import Keys, press

SILENCE = b"\xff" * 160
LOW, MIDDLE, HIGH = 400, 1_000, 1_700
TONES = {frequency: tone(frequency, duration_ms=1_000) for frequency in (LOW, MIDDLE, HIGH)}


@pytest.fixture
def parties() -> Iterator[list[Party]]:
    three = [Party() for _ in range(3)]
    yield three
    for party in three:
        party.close()


async def connected(media: MediaClient, parties: list[Party]) -> list[MediaClientLeg]:
    legs = [await media.open() for _ in parties]
    for leg, party in zip(legs, parties, strict=True):
        leg.connect(party.remote())
    return legs


async def meeting(media: MediaClient, parties: list[Party]) -> tuple[MediaClientRoom, list[MediaClientLeg]]:
    """A room with a leg for each party in it."""
    legs = await connected(media, parties)
    room = await media.open_room()
    for leg in legs:
        room.add(leg)
    return room, legs


def speaking(parties: list[Party], legs: list[MediaClientLeg]) -> Speakers:
    """The first speaks low, the second in the middle, the third high."""
    return Speakers(
        *((party, leg.port, sound) for party, leg, sound in zip(parties, legs, TONES.values(), strict=False))
    )


async def heard_by(party: Party) -> list[int]:
    """The tones that arrive at a party, in 300 ms after what is on its way."""
    packets = (await hear_frames(party, 20))[5:]
    return [frequency for frequency in TONES if strength(audio_of(packets), frequency) > 4_000]


async def heard_by_all(parties: list[Party]) -> list[list[int]]:
    return [*await asyncio.gather(*map(heard_by, parties))]


async def test_each_hears_all_but_itself(media: MediaClient, parties: list[Party]) -> None:
    room, legs = await meeting(media, parties)

    async with speaking(parties, legs):
        heard = await heard_by_all(parties)

    assert heard == [[MIDDLE, HIGH], [LOW, HIGH], [LOW, MIDDLE]]
    await room.close()


async def test_rooms_do_not_hear_each_other(media: MediaClient, parties: list[Party]) -> None:
    legs = await connected(media, parties)
    one, two = await media.open_room(), await media.open_room()
    one.add(legs[0])
    one.add(legs[1])
    two.add(legs[2])

    async with speaking(parties, legs):
        heard = await heard_by_all(parties)

    assert heard == [[MIDDLE], [LOW], []]
    await one.close()
    await two.close()


async def test_stream_is_unbroken_from_silence_into_the_room_and_out_of_it(
    media: MediaClient, parties: list[Party]
) -> None:
    legs = await connected(media, parties[:2])
    room = await media.open_room()
    await parties[0].hear()

    async with speaking(parties[:2], legs):
        for leg in legs:
            room.add(leg)
        await parties[0].hear_until_sound()
        room.remove(legs[0])
        await parties[0].hear_until(SILENCE)

    begin = parties[0].heard[0]
    for index, packet in enumerate(parties[0].heard):
        assert packet.ssrc == begin.ssrc
        assert packet.sequence_number == begin.sequence_number + index & 0xFFFF
        assert packet.rtp_timestamp == begin.rtp_timestamp + 160 * index & 0xFFFF_FFFF
    await room.close()


async def test_party_with_alaw_is_understood_and_understands(media: MediaClient, party: Party) -> None:
    other = Party(payload_type=8)
    legs = await connected(media, [party, other])
    room = await media.open_room()
    for leg in legs:
        room.add(leg)
    spoken = decode_ulaw(TONES[MIDDLE])

    async with Speakers((party, legs[0].port, TONES[LOW]), (other, legs[1].port, encode_alaw(spoken))):
        heard = await heard_by_all([party, other])

    assert heard == [[MIDDLE], [LOW]]
    assert other.heard[-1].payload_type == 8
    other.close()
    await room.close()


async def test_muted_party_is_heard_by_nobody_and_hears_the_others(media: MediaClient, parties: list[Party]) -> None:
    room, legs = await meeting(media, parties)
    legs[0].mute(heard=False, hears=True)

    async with speaking(parties, legs):
        heard = await heard_by_all(parties)

    assert heard == [[MIDDLE, HIGH], [HIGH], [MIDDLE]]
    await room.close()


async def test_coach_is_heard_by_the_coached_alone(media: MediaClient, parties: list[Party], tmp_path: Path) -> None:
    """The supervisor (first) whispers to the agent (second); the customer (third) and the recording do not hear it."""
    legs = await connected(media, parties)
    room = await media.open_room()
    room.add(legs[0], heard_by=frozenset({legs[1].leg_id}))
    room.add(legs[1])
    room.add(legs[2])
    await room.start_recording(tmp_path / "room.wav")

    async with speaking(parties, legs):
        heard = await heard_by_all(parties)
    room.stop_recording()
    await room.wait_recording()

    recorded = read_wav(tmp_path / "room.wav")[1_600:4_000]
    assert heard == [[MIDDLE, HIGH], [LOW, HIGH], [MIDDLE]]
    assert [frequency for frequency in TONES if strength(recorded, frequency) > 4_000] == [MIDDLE, HIGH]
    await room.close()


async def test_party_that_hears_some_alone_does_not_hear_the_rest(media: MediaClient, parties: list[Party]) -> None:
    legs = await connected(media, parties)
    room = await media.open_room()
    room.add(legs[0], hears=frozenset({legs[2].leg_id}))
    room.add(legs[1])
    room.add(legs[2])

    async with speaking(parties, legs):
        heard = await heard_by_all(parties)
        room.add(legs[0])
        again = await heard_by(parties[0])

    assert heard == [[HIGH], [LOW, HIGH], [LOW, MIDDLE]]
    assert again == [MIDDLE, HIGH]
    await room.close()


async def test_announcement_is_heard_by_all_besides_who_speaks(
    media: MediaClient, parties: list[Party], tmp_path: Path
) -> None:
    room, legs = await meeting(media, parties[:2])
    beep = tmp_path / "beep.ulaw"
    beep.write_bytes(TONES[HIGH])

    async with speaking(parties[:2], legs):
        announced = asyncio.create_task(room.play([Prompt(beep, 1_000)]))
        heard = await heard_by_all(parties[:2])

    assert heard == [[MIDDLE, HIGH], [LOW, HIGH]]
    assert await announced is PlayEnd.FINISHED
    await room.close()


async def test_waiting_music_of_one_goes_before_the_room_and_ends_without_a_gap(
    media: MediaClient, parties: list[Party], tmp_path: Path
) -> None:
    legs = await connected(media, parties[:2])
    music = tmp_path / "music.ulaw"
    music.write_bytes(TONES[HIGH])
    playing = asyncio.create_task(legs[0].play([Prompt(music, 1_000)], loop=True))
    room = await media.open_room()
    for leg in legs:
        room.add(leg)

    async with speaking(parties[:2], legs):
        waiting, there = await heard_by_all(parties[:2])
        legs[0].stop_playing()
        afterwards = await heard_by(parties[0])

    assert [waiting, there, afterwards] == [[HIGH], [LOW], [MIDDLE]]
    assert await playing is PlayEnd.STOPPED
    await room.close()


async def test_loop_goes_round_without_a_seam_while_its_leg_comes_and_goes(
    media: MediaClient, party: Party, prompt: Prompt
) -> None:
    """No frame is left out, said twice or filled with silence when the prompt begins again or the leg moves."""
    leg = await media.open()
    leg.connect(party.remote())
    room = await media.open_room()
    playing = asyncio.create_task(leg.play([prompt], loop=True))
    await party.hear_until(b"\x10" * 160)
    first = len(party.heard) - 1

    for turn in range(6):
        room.add(leg) if turn % 2 == 0 else room.remove(leg)
        for _ in range(7):
            await party.hear()

    assert [packet.payload[0] for packet in party.heard[first:]] == [0x10 + index % 10 for index in range(43)]
    playing.cancel()
    await room.close()


async def test_digits_are_told_and_sent_in_a_room(media: MediaClient, parties: list[Party]) -> None:
    legs = await connected(media, parties[:2])
    keys = Keys(legs[0])
    room = await media.open_room()
    for leg in legs:
        room.add(leg)
    await media.stats()

    press(parties[0], legs[0].port, "7")
    await legs[1].send_digits("9", duration_ms=80, interval_ms=40)

    assert await keys.next() == "7"
    assert [packet for packet in parties[0].hear_waiting() if packet.payload_type == 101] == []
    assert [packet for packet in parties[1].hear_waiting() if packet.payload_type == 101] != []
    await room.close()


async def test_recording_of_a_room_has_everybody_and_stops_at_its_duration(
    media: MediaClient, parties: list[Party], tmp_path: Path
) -> None:
    room, legs = await meeting(media, parties[:2])

    async with speaking(parties[:2], legs):
        await room.start_recording(tmp_path / "room.wav", duration_s=1)
        end = await room.wait_recording()

    recorded = read_wav(tmp_path / "room.wav")
    assert (end.ended_by, end.duration_ms, len(recorded)) == ("duration", 1_000, 8_000)
    assert [f for f in TONES if strength(recorded[2_400:], f) > 6_000] == [LOW, MIDDLE]
    await room.close()


async def test_leg_in_a_room_is_recorded_with_what_it_hears(
    media: MediaClient, parties: list[Party], tmp_path: Path
) -> None:
    room, legs = await meeting(media, parties[:2])

    async with speaking(parties[:2], legs):
        await legs[0].start_recording(tmp_path / "leg.wav", duration_s=1, tracks="both")
        await legs[0].wait_recording()

    said, heard = read_wav(tmp_path / "leg.wav", channels=2)[:, 2_400:]
    assert [f for f in TONES if strength(said, f) > 6_000] == [LOW]
    assert [f for f in TONES if strength(heard, f) > 6_000] == [MIDDLE]
    await room.close()


async def test_closed_room_ends_what_it_plays_and_its_legs_hear_silence(
    media: MediaClient, parties: list[Party], prompt: Prompt, tmp_path: Path
) -> None:
    room, _ = await meeting(media, parties[:2])
    await room.start_recording(tmp_path / "room.wav")
    announced = asyncio.create_task(room.play([prompt] * 50))
    await parties[0].hear_until(b"\x10" * 160)

    await room.close()
    await room.close()

    assert await announced is PlayEnd.STOPPED
    assert (await room.wait_recording()).ended_by == "closed"
    await parties[0].hear_until(SILENCE)
    assert await room.play([prompt]) is PlayEnd.STOPPED


async def test_closed_leg_leaves_its_room(media: MediaClient, parties: list[Party]) -> None:
    room, legs = await meeting(media, parties[:2])

    async with speaking(parties[:2], legs):
        assert await heard_by(parties[1]) == [LOW]
        await legs[0].close()
        assert await heard_by(parties[1]) == []

    room.remove(legs[0])
    assert (await media.stats()).failures == 0
    await room.close()


async def test_joined_legs_part_when_one_enters_a_room_and_leave_it_when_joined(
    media: MediaClient, parties: list[Party]
) -> None:
    legs = await connected(media, parties)
    legs[0].bridge(legs[1])
    room = await media.open_room()

    async with speaking(parties, legs):
        room.add(legs[1])
        room.add(legs[2])
        in_room = await heard_by_all(parties)
        legs[2].bridge(legs[0])
        joined = await heard_by_all(parties)

    assert in_room == [[], [HIGH], [MIDDLE]]
    assert joined == [[HIGH], [], [LOW]]
    await room.close()
