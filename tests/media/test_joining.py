"""Two legs joined, one leg hearing itself, and who may speak."""

import asyncio

from dialplane.audio.g711 import ALAW_TO_ULAW
from dialplane.domain.calling.media import Prompt
from dialplane.media.client import MediaClient
from dialplane.media.client_leg import MediaClientLeg
from dialplane.rtp.events import TelephoneEvent, event_payloads
from dialplane.rtp.packet import Packet
from tests.media.conftest import Party

VOICE = bytes(range(160))


async def joined(media: MediaClient, one: Party, two: Party) -> tuple[MediaClientLeg, MediaClientLeg]:
    """Two legs, bridged, that have both heard their party."""
    first, second = await media.open(), await media.open()
    first.connect(one.remote())
    second.connect(two.remote())
    first.bridge(second)
    await media.stats()
    one.hear_waiting()
    two.hear_waiting()
    return first, second


async def test_audio_passes_between_joined_legs_with_a_header_of_our_own(
    media: MediaClient, party: Party, other_party: Party
) -> None:
    first, _ = await joined(media, party, other_party)

    for index in range(5):
        party.send(first.port, bytes((index,)) * 160)
    heard = [await other_party.hear() for _ in range(5)]

    assert [packet.payload[0] for packet in heard] == [0, 1, 2, 3, 4]
    assert len({packet.ssrc for packet in heard} | {party.ssrc}) == 2
    begin = heard[0]
    assert [packet.sequence_number - begin.sequence_number & 0xFFFF for packet in heard] == [0, 1, 2, 3, 4]
    assert [packet.rtp_timestamp - begin.rtp_timestamp & 0xFFFF_FFFF for packet in heard] == [0, 160, 320, 480, 640]


async def test_lost_packet_shows_as_a_gap_at_the_other_end(
    media: MediaClient, party: Party, other_party: Party
) -> None:
    first, _ = await joined(media, party, other_party)

    party.send(first.port, VOICE)
    party.sequence += 3
    party.timestamp += 480
    party.send(first.port, VOICE)
    before, after = await other_party.hear(), await other_party.hear()

    assert after.sequence_number - before.sequence_number & 0xFFFF == 4
    assert after.rtp_timestamp - before.rtp_timestamp & 0xFFFF_FFFF == 640


async def test_codecs_and_payload_types_are_translated_between_joined_legs(media: MediaClient, party: Party) -> None:
    alaw_party = Party(payload_type=8, telephone_event=96)
    first, second = await joined(media, alaw_party, party)

    alaw_party.send(first.port, VOICE)
    heard = await party.hear()
    alaw_party.send(first.port, next(event_payloads("7", duration_ms=100)), payload_type=96)
    event = await party.hear()
    party.send(second.port, VOICE.translate(ALAW_TO_ULAW))
    back = await alaw_party.hear()

    assert (heard.payload_type, heard.payload) == (0, VOICE.translate(ALAW_TO_ULAW))
    assert (event.payload_type, TelephoneEvent.parse(event.payload).code) == (101, 7)
    assert back.payload_type == 8
    alaw_party.close()


async def test_digit_becomes_a_tone_for_a_partner_without_telephone_event(media: MediaClient, party: Party) -> None:
    deaf = Party(telephone_event=None)
    first, _ = await joined(media, party, deaf)

    party.send(first.port, next(event_payloads("7", duration_ms=100)), payload_type=101)
    heard = [await deaf.hear() for _ in range(4)]

    assert {packet.payload_type for packet in heard} == {0}
    assert all(packet.payload != b"\xff" * 160 for packet in heard)
    deaf.close()


async def test_parted_legs_hear_silence_again_in_one_unbroken_stream(
    media: MediaClient, party: Party, other_party: Party
) -> None:
    first, second = await joined(media, party, other_party)
    party.send(first.port, VOICE)
    last = await other_party.hear()

    second.bridge(None)
    silent = await other_party.hear()

    assert silent.payload == b"\xff" * 160
    assert silent.ssrc == last.ssrc
    assert silent.sequence_number - last.sequence_number & 0xFFFF == 1
    assert silent.rtp_timestamp - last.rtp_timestamp & 0xFFFF_FFFF >= 160


async def test_closing_one_leg_parts_the_other(media: MediaClient, party: Party, other_party: Party) -> None:
    first, _ = await joined(media, party, other_party)

    await first.close()

    assert (await other_party.hear()).payload == b"\xff" * 160


async def test_prompt_on_a_joined_leg_is_heard_instead_of_the_partner(
    media: MediaClient, party: Party, other_party: Party, prompt: Prompt
) -> None:
    first, second = await joined(media, party, other_party)
    playing = asyncio.create_task(second.play([prompt]))
    await other_party.hear_until(b"\x10" * 160)
    for _ in range(3):
        party.send(first.port, VOICE)

    await playing

    assert VOICE not in [packet.payload for packet in other_party.hear_waiting()]


async def test_muted_party_is_not_heard_but_its_stream_goes_on(
    media: MediaClient, party: Party, other_party: Party
) -> None:
    first, _ = await joined(media, party, other_party)
    first.mute(heard=False, hears=True)
    await media.stats()

    party.send(first.port, VOICE)

    assert (await other_party.hear()).payload == b"\xff" * 160


async def test_party_that_hears_nothing_gets_silence_from_its_partner(
    media: MediaClient, party: Party, other_party: Party
) -> None:
    first, second = await joined(media, party, other_party)
    second.mute(heard=True, hears=False)
    await other_party.hear_until(b"\xff" * 160)

    party.send(first.port, VOICE)
    heard = [await other_party.hear() for _ in range(3)]

    assert {packet.payload for packet in heard} == {b"\xff" * 160}


async def test_echo_sends_back_what_is_heard(media: MediaClient, party: Party) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    leg.echo(True)
    await media.stats()
    party.hear_waiting()

    party.send(leg.port, VOICE)

    assert (await party.hear()).payload == VOICE


async def test_packets_with_extension_padding_and_csrc_are_passed_on_without_them(
    media: MediaClient, party: Party, other_party: Party
) -> None:
    first, _ = await joined(media, party, other_party)
    plain = bytes(Packet(0, 1, 160, party.ssrc, b""))
    unusual = bytes((0x80 | 0x20 | 0x10 | 1,)) + plain[1:] + b"CSRC" + b"\xbe\xde\0\1EXTE" + VOICE + b"\0\0\0\4"

    party.rtp.sendto(unusual, ("127.0.0.1", first.port))

    assert (await other_party.hear()).payload == VOICE
