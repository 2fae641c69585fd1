"""Charts as shapes that a template draws (inline SVG): worked out here, styled by classes, with a table beside each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dialplane.domain.charging.spending import Bucket, DaySpent, by_bucket
from dialplane.domain.charging.usage_records import Range

WIDTH, HEIGHT = 620, 160
"""Of the drawing, in its own units; it grows and shrinks with the page."""
_GAP = 0.2
"""Between two days, as a share of a day's width."""

KINDS: Mapping[Bucket, str] = {
    Bucket.SMS: "sms",
    Bucket.VOICE: "voice",
    Bucket.DID: "did",
    Bucket.STORAGE: "storage",
    Bucket.PAYG: "payg",
}
"""The class of each part of a bar."""


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a bar."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day."""

    day: date
    micros: int
    x: float
    width: float
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class BarChart:
    bars: tuple[Bar, ...]
    most: int
    """What the highest bar stands for, in micros."""
    width: int = WIDTH
    height: int = HEIGHT


def chart_of(days: Range, spent: Sequence[DaySpent]) -> BarChart:
    """A bar for each day of the range. What was given back draws nothing, since nothing is lower than nothing."""
    found = {each.day: each for each in spent}
    count = (days.last - days.first).days + 1
    most = max((each.micros for each in spent), default=0)
    step = WIDTH / count
    bars = []
    for place in range(count):
        day = days.first + timedelta(days=place)
        each = found.get(day)
        blocks = () if each is None or most <= 0 else _blocks(each, most)
        micros = 0 if each is None else each.micros
        bars.append(Bar(day, micros, round(place * step, 2), round(step * (1 - _GAP), 2), blocks))
    return BarChart(tuple(bars), max(most, 0))


def _blocks(each: DaySpent, most: int) -> tuple[Block, ...]:
    blocks, top = [], float(HEIGHT)
    for line in by_bucket(each.spent):
        height = HEIGHT * max(line.micros, 0) / most
        if height > 0:
            top -= height
            blocks.append(Block(KINDS[line.bucket], round(top, 2), round(height, 2)))
    return tuple(blocks)
