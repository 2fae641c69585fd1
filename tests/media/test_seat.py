"""A seat's patience with what arrives: late, early, lost, out of order, and clocks that drift."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.media.seat import Board, NoSeatError, Seat

SILENCE = b"\xff" * 160
STREAM = object()


def frame(number: int) -> bytes:
    return number.to_bytes(2, "big") * 80


def number_of(played: bytes) -> int | None:
    """Which frame that was, None for silence."""
    return None if played == SILENCE else int.from_bytes(played[:2], "big")


class Table:
    """One seat, and its turns."""

    def __init__(self) -> None:
        self.board = Board(seats=4)
        self.changes = 0
        self.seat = Seat(self.board, 7, self._change)

    def put(self, number: int, *, timestamp: int | None = None) -> None:
        self.seat.put(STREAM, (0xFFFF_FF00 + 160 * number if timestamp is None else timestamp) % 2**32, frame(number))

    def turn(self) -> bytes:
        """What is mixed in the next turn."""
        played = self.board.said[self.board.slot, self.seat.row].tobytes()
        self.board.said[self.board.slot, self.seat.row] = 0xFF
        self.board.position += 160
        return played

    def second(self) -> list[bytes]:
        played = [self.turn() for _ in range(50)]
        self.seat.look_after()
        return played

    def _change(self) -> None:
        self.changes += 1


def test_frames_are_played_in_order_one_turn_after_they_came() -> None:
    table = Table()

    played = []
    for number in range(40):
        table.put(number)
        played.append(table.turn())

    assert played == [SILENCE] + [frame(number) for number in range(39)]


def test_reordered_packets_are_put_in_order_and_lost_ones_are_silence() -> None:
    table = Table()

    for number in (0, 2, 1, 4):
        table.put(number)

    assert [table.turn() for _ in range(6)] == [SILENCE, frame(0), frame(1), frame(2), SILENCE, frame(4)]


def test_packets_late_by_a_hundred_milliseconds_cost_one_gap_and_no_more() -> None:
    table = Table()
    for number in range(10):
        table.put(number)
        table.turn()

    played = []
    for number in range(10, 60):  # from now on each is five frames late
        played.append(table.turn())
        if number >= 15:
            table.put(number - 5)

    first = played.index(frame(10))
    assert played[first:] == [frame(10 + index) for index in range(len(played) - first)]
    assert table.seat.lost == 0


def test_delay_that_is_not_needed_any_more_is_given_back() -> None:
    table = Table()
    table.put(0)
    for _ in range(6):
        table.turn()
    table.put(1)  # a stall of a tenth of a second
    for number in range(2, 7):
        table.put(number)

    waits = []
    for number in range(7, 607):
        table.put(number)
        waits.append(number - (number_of(table.turn()) or 0))
        if number % 50 == 0:
            table.seat.look_after()

    assert waits[0] >= 5
    assert waits[-1] <= 2


def test_drift_of_the_senders_clock_never_adds_up() -> None:
    """A phone that is 0.1 % fast sends a frame too much every 20 s; one that is slow sends one too few."""
    for rate in (0.999, 1.001):
        table = Table()
        sent, owed, played = 0, 0.0, []
        for second in range(240):
            for _ in range(50):
                owed += rate
                while owed >= 1:
                    table.put(sent)
                    sent += 1
                    owed -= 1
                played.append(table.turn())
            table.seat.look_after()
            if second % 60 == 59:
                newest = max(number_of(each) or 0 for each in played[-3:])
                assert sent - newest <= 4, (rate, second)
        assert played[100:].count(SILENCE) <= 20
        assert table.seat.lost <= 2


def test_new_clock_of_the_sender_is_taken_after_three_packets_and_that_of_a_new_stream_at_once() -> None:
    table = Table()
    for number in range(5):
        table.put(number)
        table.turn()

    for number in range(10, 14):
        table.put(number, timestamp=5_000_000 + 160 * number)
    assert [table.turn() for _ in range(3)] == [frame(4), frame(12), frame(13)]

    table.seat.put(object(), 77, frame(50))
    assert [table.turn() for _ in range(2)] == [SILENCE, frame(50)]


def test_frames_of_other_lengths_and_places_are_played_seamlessly() -> None:
    table = Table()
    audio = bytes(range(240))

    for index in range(4):
        table.seat.put(STREAM, 1_000 + 240 * index, audio)
    played = b"".join(table.turn() for _ in range(7))

    assert played == SILENCE + audio * 4


def test_who_says_nothing_for_a_second_is_not_mixed_until_it_speaks() -> None:
    table = Table()
    table.put(0)
    assert (table.seat.is_live, table.changes) == (True, 1)

    table.second()
    table.second()
    assert (table.seat.is_live, table.changes) == (False, 2)

    table.put(100)
    assert (table.seat.is_live, table.changes) == (True, 3)


def test_row_that_is_given_back_is_clean_for_the_next() -> None:
    table = Table()
    table.put(3)
    table.seat.leave()

    again = Seat(table.board, 8, lambda: None)

    assert again.row == table.seat.row
    assert not np.any(table.board.said[:, again.row] != 0xFF)
    assert again.heard.tobytes() == SILENCE


def test_seats_are_refused_when_all_are_taken() -> None:
    board = Board(seats=3)

    assert [board.take_row() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(NoSeatError):
        board.take_row()


@given(st.lists(st.tuples(st.integers(0, 0xFFFF_FFFF), st.integers(0, 960), st.integers(0, 3)), max_size=60))
def test_any_timestamps_and_lengths_stay_within_the_seats_own_row(packets: list[tuple[int, int, int]]) -> None:
    table = Table()
    neighbour = Seat(table.board, 9, lambda: None)

    for timestamp, size, turns in packets:
        table.seat.put(STREAM, timestamp, b"\x10" * size)
        for _ in range(turns):
            table.turn()

    assert not np.any(table.board.said[:, neighbour.row] != 0xFF)


def test_random_jitter_within_the_tolerance_loses_nothing_once_it_is_known() -> None:
    chance = random.Random(5)
    table = Table()
    arrivals: dict[int, list[int]] = {}
    for number in range(500):
        arrivals.setdefault(number + chance.choice((0, 0, 1, 2, 3)), []).append(number)

    played = []
    for turn in range(510):
        for number in arrivals.get(turn, ()):
            table.put(number)
        played.append(table.turn())

    assert played[100:480].count(SILENCE) == 0
    assert table.seat.lost == 0
