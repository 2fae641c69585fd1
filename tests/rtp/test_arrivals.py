"""Late and lost packets, counted at the receiver."""

from hypothesis import given
from hypothesis import strategies as st

from dialplane.rtp.arrivals import Arrival, Punctuality, judge_stream


def stream(delays_ms: list[float], *, begin: int = 65_533) -> list[Arrival]:
    """Packets across the wraps of both numbers, each so much later than its time."""
    return [
        Arrival((begin + index) % 65_536, (2**32 - 320 + 160 * index) % 2**32, 100 + index * 0.02 + delay / 1000)
        for index, delay in enumerate(delays_ms)
    ]


def test_punctual_stream_has_no_fault() -> None:
    assert judge_stream(stream([5] * 50)).late_share == judge_stream(stream([5] * 50)).lost_share == 0


def test_packets_more_than_ten_milliseconds_behind_their_stream_are_late() -> None:
    found = judge_stream(stream([5, 5, 14, 16, 5, 40, 5]))

    assert (found.packets, found.lost, found.late, round(found.worst_s, 3)) == (7, 0, 2, 0.035)
    assert round(found.late_share, 3) == 0.286


def test_packets_that_never_came_are_lost_and_copies_count_once() -> None:
    packets = stream([0] * 10)

    found = judge_stream([*packets[:3], packets[2], packets[5], packets[4], *packets[6:]])

    assert (found.packets, found.lost, found.late) == (9, 1, 0)
    assert found.lost_share == 0.1


def test_streams_add_up() -> None:
    total = sum((judge_stream(stream([0, 20])), judge_stream(stream([0, 0, 30])), judge_stream([])), Punctuality())

    assert (total.packets, total.lost, total.late, round(total.worst_s, 3)) == (5, 0, 2, 0.03)


@given(st.lists(st.floats(0, 9.9), min_size=1, max_size=60), st.sets(st.integers(1, 58)))
def test_whatever_is_missing_between_first_and_last_is_counted(delays: list[float], missing: set[int]) -> None:
    packets = stream(delays)
    kept = [packet for index, packet in enumerate(packets) if index in (0, len(packets) - 1) or index not in missing]

    found = judge_stream(kept)

    assert (found.packets + found.lost, found.late) == (len(packets), 0)
