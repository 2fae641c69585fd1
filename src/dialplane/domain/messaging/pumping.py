"""Pumping (FRD-6): messages to made-up numbers, drawn out of a sign-up form, that earn somebody a share."""

from collections.abc import Collection, Iterable
from datetime import timedelta

PUMPING_WINDOW = timedelta(minutes=10)
MOST_IN_A_RUN = 5
"""So many consecutive numbers may be written to in the window; what goes to one more is held."""
COMPLETION_WINDOW = timedelta(days=1)
COMPLETION_SAMPLE = 50
LEAST_COMPLETED_PERCENT = 10


def neighbours_of(number: str) -> list[str]:
    """The numbers of the same length on both sides, as far as a run is counted; none of what is no number."""
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return []
    prefix, value, width = number[: len(number) - len(digits)], int(digits), len(digits)
    steps = [step for step in range(-MOST_IN_A_RUN, MOST_IN_A_RUN + 1) if step]
    return [f"{prefix}{value + step:0{width}}" for step in steps if 0 <= value + step < 10**width]


def is_run(number: str, written: Collection[str]) -> bool:
    """Whether `number` stands in a run of more consecutive numbers, all of them `written` to, than are allowed."""
    around = [neighbour in written for neighbour in neighbours_of(number)]
    below, above = around[:MOST_IN_A_RUN], around[-MOST_IN_A_RUN:]
    return 1 + _length(reversed(below)) + _length(above) > MOST_IN_A_RUN


def completes(total: int, delivered: int) -> bool:
    """Whether of an account's last messages, whose fate is known, enough arrived."""
    return total < COMPLETION_SAMPLE or delivered * 100 >= total * LEAST_COMPLETED_PERCENT


def _length(marks: Iterable[bool]) -> int:
    length = 0
    for mark in marks:
        if not mark:
            break
        length += 1
    return length
