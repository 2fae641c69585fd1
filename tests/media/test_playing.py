"""What a leg sends of its own accord, as the party hears it."""

import asyncio
from pathlib import Path

from dialplane.audio.g711 import ULAW_TO_ALAW
from dialplane.domain.calling.media import PlayEnd, Prompt
from dialplane.media.client import MediaClient
from tests.media.conftest import Party

FRAMES = [bytes((0x10 + frame,)) * 160 for frame in range(10)]


async def test_prompt_arrives_frame_by_frame_with_an_unbroken_header(
    media: MediaClient, party: Party, prompt: Prompt
) -> None:
    leg = await media.open()
    leg.connect(party.remote())

    ended, _ = await asyncio.gather(leg.play([prompt, prompt]), party.hear_until(FRAMES[9]))
    await party.hear_until(b"\xff" * 160)

    first = next(index for index, packet in enumerate(party.heard) if packet.payload == FRAMES[0])
    assert ended is PlayEnd.FINISHED
    assert [packet.payload for packet in party.heard[first : first + 20]] == FRAMES + FRAMES
    begin = party.heard[0]
    for index, packet in enumerate(party.heard):
        assert packet.sequence_number == begin.sequence_number + index & 0xFFFF
        assert packet.rtp_timestamp == begin.rtp_timestamp + 160 * index & 0xFFFF_FFFF
        assert (packet.ssrc, packet.payload_type, packet.marker) == (begin.ssrc, 0, index == 0)


async def test_prompt_is_turned_into_alaw_for_a_party_that_wants_it(media: MediaClient, prompt: Prompt) -> None:
    party = Party(payload_type=8)
    leg = await media.open()
    leg.connect(party.remote())

    await asyncio.gather(leg.play([prompt]), party.hear_until(FRAMES[9].translate(ULAW_TO_ALAW)))

    assert {packet.payload_type for packet in party.heard} == {8}
    party.close()


async def test_new_prompt_stops_the_running_one(media: MediaClient, party: Party, prompt: Prompt) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    first = asyncio.create_task(leg.play([prompt], loop=True))
    await party.hear_until(FRAMES[3])

    second = asyncio.create_task(leg.play([prompt]))

    assert await first is PlayEnd.STOPPED
    assert await second is PlayEnd.FINISHED


async def test_cancelled_play_falls_silent(media: MediaClient, party: Party, prompt: Prompt) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    playing = asyncio.create_task(leg.play([prompt], loop=True))
    await party.hear_until(FRAMES[3])

    playing.cancel()

    await party.hear_until(b"\xff" * 160)


async def test_unreadable_prompt_ends_as_stopped(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())

    assert await leg.play([Prompt(tmp_path / "nothing", 20)]) is PlayEnd.STOPPED


async def test_party_that_does_not_receive_is_sent_nothing_and_the_prompt_still_ends(
    media: MediaClient, party: Party, prompt: Prompt
) -> None:
    leg = await media.open()
    leg.connect(party.remote(receives=False))

    assert await leg.play([prompt]) is PlayEnd.FINISHED
    assert party.hear_waiting() == []


async def test_leg_that_hears_nothing_gets_silence_instead_of_its_prompt(
    media: MediaClient, party: Party, prompt: Prompt
) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    leg.mute(heard=True, hears=False)

    await leg.play([prompt])

    assert {packet.payload for packet in party.hear_waiting()} == {b"\xff" * 160}
