"""Digits in both directions (RFC 4733)."""

import asyncio

import pytest

from dialplane.audio.listening import listen
from dialplane.domain.calling.media import PlayEnd, Prompt
from dialplane.media.client import MediaClient
from dialplane.media.client_leg import MediaClientLeg
from dialplane.rtp.events import TelephoneEvent, event_payloads
from dialplane.rtp.packet import Packet
from tests.effort import PATIENCE_S
from tests.media.conftest import Party


class Keys:
    """The digits that a leg reports."""

    def __init__(self, leg: MediaClientLeg) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        leg.on_digit = self.queue.put_nowait

    async def next(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return await self.queue.get()


def press(party: Party, port: int, digit: str, *, lost: frozenset[int] = frozenset()) -> None:
    """Send a digit's packets, without those that are lost on the way."""
    party.timestamp += 160
    begin = party.timestamp
    for index, payload in enumerate(event_payloads(digit, duration_ms=100)):
        party.sequence += 1
        if index not in lost:
            packet = Packet(101, party.sequence, begin, party.ssrc, payload, marker=index == 0)
            party.rtp.sendto(bytes(packet), ("127.0.0.1", port))
    party.timestamp += 800


@pytest.mark.parametrize(
    "lost", [frozenset(), frozenset({0, 1, 2}), frozenset({4, 5, 6}), frozenset({0, 1, 2, 3, 5, 6})]
)
async def test_each_digit_is_reported_once_whatever_packets_are_lost(
    media: MediaClient, party: Party, lost: frozenset[int]
) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    keys = Keys(leg)
    await media.stats()  # the order is carried out by then; what comes before it is from nobody

    for digit in "1133#":
        press(party, leg.port, digit, lost=lost)

    assert [await keys.next() for _ in range(5)] == list("1133#")
    await media.stats()
    assert keys.queue.empty()


async def test_digit_stops_a_prompt_that_asked_for_it(media: MediaClient, party: Party, prompt: Prompt) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    playing = asyncio.create_task(leg.play([prompt], stop_on_digit=True, loop=True))
    await party.hear_until(b"\x11" * 160)

    press(party, leg.port, "5")

    assert await playing is PlayEnd.DIGIT


async def test_digits_are_sent_as_events_with_three_end_packets(media: MediaClient, party: Party) -> None:
    leg = await media.open()
    leg.connect(party.remote())

    await leg.send_digits("1#", duration_ms=80, interval_ms=60)
    packets = [packet for packet in party.hear_waiting() if packet.payload_type == 101]
    events = [TelephoneEvent.parse(packet.payload) for packet in packets]

    assert [event.code for event in events] == [1] * 6 + [11] * 6
    assert [event.duration for event in events[:6]] == [160, 320, 480, 640, 640, 640]
    assert [event.is_end for event in events[:6]] == [False, False, False, True, True, True]
    assert [packet.marker for packet in packets] == [index in (0, 6) for index in range(12)]
    assert len({packet.rtp_timestamp for packet in packets[:6]}) == 1
    assert packets[6].rtp_timestamp - packets[0].rtp_timestamp & 0xFFFF_FFFF >= 640 + 480


async def test_digits_are_tones_for_a_party_without_telephone_event(media: MediaClient) -> None:
    party = Party(telephone_event=None)
    leg = await media.open()
    leg.connect(party.remote())

    await leg.send_digits("159", duration_ms=100, interval_ms=60)
    audio = b"".join(packet.payload for packet in party.hear_waiting())

    assert listen(audio).sounding_ms == 300
    party.close()


async def test_leg_closed_while_sending_digits_lets_the_sender_go_on(media: MediaClient, party: Party) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    sending = asyncio.create_task(leg.send_digits("1" * 100, duration_ms=100, interval_ms=100))
    await party.hear()

    await leg.close()

    async with asyncio.timeout(PATIENCE_S):
        await sending
