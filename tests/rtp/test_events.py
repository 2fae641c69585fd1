"""Digits as telephone events: each is heard once, whatever the network does to its packets."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.rtp.events import DIGITS, EventReceiver, TelephoneEvent, event_payloads
from dialplane.rtp.packet import MalformedPacketError


def packets_of(digits: str, *, duration_ms: int = 100) -> list[tuple[int, bytes]]:
    """RTP timestamp and payload of every packet of these key presses."""
    return [
        (0xFFFF_F000 + 2_000 * index & 0xFFFF_FFFF, payload)
        for index, digit in enumerate(digits)
        for payload in event_payloads(digit, duration_ms=duration_ms)
    ]


def hear(packets: list[tuple[int, bytes]]) -> str:
    receiver = EventReceiver()
    return "".join(receiver.receive(timestamp, payload) or "" for timestamp, payload in packets)


@given(st.text(DIGITS, max_size=12), st.randoms(use_true_random=False))
def test_digits_are_heard_once_each_and_in_order_as_long_as_one_packet_of_each_arrives(
    digits: str, chance: random.Random
) -> None:
    arriving = []
    for index in range(len(digits)):
        packets = packets_of(digits)[index * 7 : index * 7 + 7]
        arriving += sorted(chance.choices(packets, k=chance.randint(1, 9)), key=lambda packet: packet[1][2:])

    assert hear(arriving) == digits


def test_late_packet_of_an_earlier_digit_is_not_a_new_one() -> None:
    packets = packets_of("12")

    assert hear([*packets, packets[0], packets[6]]) == "12"


def test_digits_of_a_sender_that_begins_its_timestamps_anew_are_heard() -> None:
    """RFC 3550 5.1: nothing keeps a sender's timestamps from jumping, and only what is a little behind is late."""
    before = packets_of("12")
    anew = [(timestamp - 1_000_000 & 0xFFFF_FFFF, payload) for timestamp, payload in packets_of("34")]

    assert hear([*before, *anew]) == "1234"


def test_key_held_for_twenty_seconds_is_one_digit() -> None:
    """RFC 4733 section 2.5.1.3: the event goes on under a new timestamp when its duration is full."""
    begin, longest = 1_000, 0xFFFF
    packets = [
        (begin, bytes(TelephoneEvent(5, False, 160))),
        (begin, bytes(TelephoneEvent(5, False, longest))),
        (begin + longest, bytes(TelephoneEvent(5, False, 160))),
        (begin + longest, bytes(TelephoneEvent(5, False, longest))),
        (begin + 2 * longest, bytes(TelephoneEvent(5, True, 900))),
    ]

    assert hear(packets) == "5"


def test_event_that_is_no_digit_is_not_reported() -> None:
    assert hear([(1, bytes(TelephoneEvent(16, False, 160)))]) == ""


@given(st.integers(0, 0xFFFF_FFFF), st.binary(max_size=40))
def test_any_payload_gives_a_digit_nothing_or_the_modules_own_error(timestamp: int, payload: bytes) -> None:
    try:
        digit = EventReceiver().receive(timestamp, payload)
    except MalformedPacketError:
        return
    assert digit is None or digit in DIGITS


@pytest.mark.parametrize(("duration_ms", "frames"), [(10, 2), (100, 5), (250, 12)])
def test_digit_lasts_as_long_as_asked_and_ends_three_times(duration_ms: int, frames: int) -> None:
    events = [TelephoneEvent.parse(payload) for payload in event_payloads("A", duration_ms=duration_ms)]

    assert {event.code for event in events} == {12}
    assert [event.is_end for event in events] == [False] * (frames - 1) + [True] * 3
    assert [event.duration for event in events[-3:]] == [160 * frames] * 3
