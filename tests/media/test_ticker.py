"""The clock that all sending legs share."""

import pytest

from dialplane.media.ticker import Ticker


def test_members_take_a_turn_every_twenty_milliseconds() -> None:
    ticker: Ticker[str] = Ticker(100.0)
    ticker.add("a")
    ticker.add("b")

    assert ticker.take_due(99.999) is None
    assert ticker.take_due(100.0) == 100.0
    assert ticker.members() == ["a", "b"]
    assert ticker.take_due(100.01) is None
    assert ticker.next_at() == pytest.approx(100.02)


def test_turns_missed_by_a_little_are_made_up_for() -> None:
    ticker: Ticker[str] = Ticker(100.0)
    ticker.add("a")

    taken = 0
    while ticker.take_due(100.065) is not None:
        taken += 1

    assert taken == 4


def test_turns_missed_by_a_suspended_machine_are_left_out() -> None:
    ticker: Ticker[str] = Ticker(100.0)
    ticker.add("a")

    taken = 0
    while ticker.take_due(3_700.0) is not None:
        taken += 1

    assert taken == 1


def test_nobody_waiting_means_no_time_to_wake_up_and_nothing_to_make_up_for() -> None:
    ticker: Ticker[str] = Ticker(100.0)
    assert ticker.next_at() is None
    assert ticker.take_due(100.15) is None

    ticker.add("a")
    turn = ticker.take_due(100.17)

    assert turn is not None
    assert ticker.take_due(100.17) is None


def test_lateness_is_counted_from_the_time_that_was_due() -> None:
    ticker: Ticker[str] = Ticker(100.0)

    ticker.finished(100.0, 100.009)
    ticker.finished(100.02, 100.035)

    assert (ticker.turns, ticker.late, round(ticker.worst_s, 3)) == (2, 1, 0.015)
