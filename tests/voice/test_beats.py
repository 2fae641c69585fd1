"""The common beat: after the moment, by at most one interval, and the same for all moments between two beats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.voice.beats import BEAT_S, next_beat

MILLISECOND_S = 0.001
CLOCK = st.integers(0, 10**10).map(lambda ms: ms / 1000)
"""The loop's, which stands still for a millisecond: up to four months after the machine's start."""


@given(CLOCK, st.sampled_from([1, 2]))
def test_beat_is_after_its_moment_and_no_further_than_the_interval(moment: float, beats: int) -> None:
    wait_s = next_beat(moment, beats=beats) - moment

    assert MILLISECOND_S / 2 < wait_s < beats * BEAT_S + MILLISECOND_S / 2


@given(CLOCK)
def test_what_is_set_at_a_beat_comes_at_the_next_one(moment: float) -> None:
    beat = next_beat(moment)

    assert MILLISECOND_S / 2 < next_beat(beat) - beat < BEAT_S + MILLISECOND_S / 2


@given(CLOCK)
def test_every_second_beat_is_a_beat(moment: float) -> None:
    double = next_beat(moment, beats=2)

    assert any(
        double == pytest.approx(beat, abs=MILLISECOND_S / 10)
        for beat in (next_beat(moment), next_beat(next_beat(moment)))
    )
