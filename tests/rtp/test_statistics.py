"""Loss and jitter as RFC 3550 defines them."""

from hypothesis import given
from hypothesis import strategies as st

from dialplane.rtp.rtcp import ReportBlock
from dialplane.rtp.statistics import ReceiveStatistics


def receive(statistics: ReceiveStatistics, *sequence_numbers: int) -> None:
    for number in sequence_numbers:
        statistics.receive(number & 0xFFFF, number * 160 & 0xFFFF_FFFF, number * 0.020)


def test_steady_stream_has_neither_loss_nor_jitter() -> None:
    statistics = ReceiveStatistics(7)

    receive(statistics, *range(65_500, 65_600))

    assert statistics.lost == 0
    assert statistics.jitter_ms < 0.001
    assert statistics.report() == ReportBlock(7, 0, 0, 65_599, 0)


def test_loss_is_counted_in_all_and_as_a_fraction_since_the_last_report() -> None:
    statistics = ReceiveStatistics(7)
    receive(statistics, *range(100))
    statistics.report()

    receive(statistics, *range(150, 200))

    assert statistics.report() == ReportBlock(7, 128, 50, 199, 0)
    assert statistics.report().fraction_lost == 0


def test_jitter_approaches_the_mean_difference_of_transit_times() -> None:
    """Every other packet is 8 ms late: the difference is always 8 ms, and so in the end is the estimate."""
    statistics = ReceiveStatistics(7)

    for index in range(500):
        statistics.receive(index, index * 160, index * 0.020 + (index % 2) * 0.008)

    assert abs(statistics.jitter_ms - 8) < 0.01


def test_sender_that_starts_its_numbers_anew_has_not_lost_thousands() -> None:
    statistics = ReceiveStatistics(7)
    receive(statistics, 10, 11, 13)

    receive(statistics, *range(40_000, 40_010))

    assert (statistics.received, statistics.lost) == (13, 1)


@given(st.lists(st.integers(0, 0xFFFF), max_size=200))
def test_no_sequence_of_numbers_makes_a_figure_negative(numbers: list[int]) -> None:
    statistics = ReceiveStatistics(7)
    for index, number in enumerate(numbers):
        statistics.receive(number, number * 160, index * 0.02)
        block = statistics.report()
        assert 0 <= block.fraction_lost <= 255
        assert block.packets_lost >= 0
        assert statistics.jitter_ms >= 0
    bytes(statistics.report())
