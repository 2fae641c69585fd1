"""The common pulse: after the moment, by at most one interval, and the same for all moments between two pulses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.voice.pulses import PULSE_S, next_pulse

MILLISECOND_S = 0.001
CLOCK = st.integers(0, 10**10).map(lambda ms: ms / 1000)
"""The loop's, which stands still for a millisecond: up to four months after the machine's start."""


@given(CLOCK, st.sampled_from([1, 2]))
def test_a_pulse_is_after_its_moment_and_no_further_than_the_interval(moment: float, pulses: int) -> None:
    wait_s = next_pulse(moment, pulses=pulses) - moment

    assert MILLISECOND_S / 2 < wait_s < pulses * PULSE_S + MILLISECOND_S / 2


@given(CLOCK)
def test_what_is_set_at_a_pulse_comes_at_the_next_one(moment: float) -> None:
    pulse = next_pulse(moment)

    assert MILLISECOND_S / 2 < next_pulse(pulse) - pulse < PULSE_S + MILLISECOND_S / 2


@given(CLOCK)
def test_every_second_pulse_is_a_pulse(moment: float) -> None:
    double = next_pulse(moment, pulses=2)

    assert any(
        double == pytest.approx(pulse, abs=MILLISECOND_S / 10)
        for pulse in (next_pulse(moment), next_pulse(next_pulse(moment)))
    )
