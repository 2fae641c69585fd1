"""Digit patterns as conditions that an index answers. Numbers are compared byte by byte (`collate "C"`)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from dialplane.adapters.postgres.item_facts import Conditions
from dialplane.domain.inventory import ItemQuery

_GRAM = 4


@dataclass(frozen=True, slots=True)
class Grams:
    """Runs of four digits, one of the two in the middle perhaps open, that a number with the pattern has: one of each
    list."""

    pattern: str
    runs: tuple[tuple[str, ...], ...]
    fixed: int
    """How many digits of the pattern they look at."""
    fixed_in_each: int
    """How many digits of the pattern each list looks at."""

    @property
    def index(self) -> Literal["digit_grams", "digit_masks"]:
        """The function that gives the keys of a number; an index holds what it gives."""
        return "digit_masks" if "*" in self.runs[0][0] else "digit_grams"

    @property
    def look_ups(self) -> int:
        """In the index, for each head."""
        return sum(map(len, self.runs))


def within(where: Conditions, heads: Sequence[str]) -> None:
    """Between the first and the last of the heads."""
    where.add('number collate "C" >= {} collate "C"', f"+{heads[0]}")
    where.add('number collate "C" < {} collate "C"', _following(f"+{heads[-1]}"))


def in_range(where: Conditions, head: str) -> None:
    """The digits at the start, up to the first open one."""
    literal = head.partition("*")[0]
    if len(literal) > 1:
        where.add('number collate "C" >= {} collate "C"', literal)
        where.add('number collate "C" < {} collate "C"', _following(literal))


def like(where: Conditions, query: ItemQuery) -> None:
    """What ranges and runs of digits leave open; the pattern itself decides."""
    if query.number:
        where.add("number = {}", query.number)
    elif "*" in query.head:
        where.add("number like {}", _like(query.head) + "%")
    for part in query.parts:
        where.add("number like {}", f"%{_like(part)}%")
    if query.ends_with:
        where.add("number like {}", f"%{_like(query.ends_with)}")


def literal_end(query: ItemQuery) -> str:
    """The digits at the end, after the last open one."""
    return query.ends_with.rpartition("*")[2]


def by_end(where: Conditions, query: ItemQuery) -> None:
    backwards = literal_end(query)[::-1]
    where.add('reverse(number) collate "C" >= {} collate "C"', backwards)
    where.add('reverse(number) collate "C" < {} collate "C"', _following(backwards))


def best_grams(query: ItemQuery) -> Grams | None:
    """Those of the pattern that leaves least open; None where no pattern has a window that an index answers."""
    found = [grams for pattern in (*query.parts, query.ends_with) if (grams := _grams(pattern))]
    return min(found, key=lambda grams: (-grams.fixed_in_each, -grams.fixed, grams.look_ups), default=None)


def _grams(pattern: str) -> Grams | None:
    """By the windows that say most, those of the first sort that the pattern has."""
    places = range(len(pattern) - _GRAM + 1)
    for is_such in (_is_literal, _is_masked, _is_open_at_an_edge, _is_masked_and_open):
        fitting = [place for place in places if is_such(pattern[place : place + _GRAM])]
        if not fitting:
            continue
        # the first and the last have least in common
        chosen = dict.fromkeys((fitting[0], fitting[-1]))
        if is_such is _is_masked_and_open:
            chosen = dict.fromkeys(_telling(pattern, (fitting[0], *reversed(fitting))))
        runs = tuple(dict.fromkeys(_keys(pattern[place : place + _GRAM]) for place in chosen))
        looked_at = set().union(*(_digits_at(pattern, place) for place in chosen))
        return Grams(pattern, runs, len(looked_at), len(_digits_at(pattern, fitting[0])))
    return None


def _telling(pattern: str, places: Iterable[int]) -> Iterator[int]:
    """The places of windows none of whose digits another one has looked at: two digits a window let so many numbers
    through that each such window counts."""
    seen: set[int] = set()
    for place in places:
        digits = _digits_at(pattern, place)
        if not digits & seen:
            seen |= digits
            yield place


def _digits_at(pattern: str, place: int) -> set[int]:
    return {at for at in range(place, place + _GRAM) if pattern[at] != "*"}


def _is_literal(window: str) -> bool:
    return "*" not in window


def _is_masked(window: str) -> bool:
    return window.count("*") == 1 and "*" in window[1:-1]


def _is_open_at_an_edge(window: str) -> bool:
    return window.count("*") == 1 and "*" not in window[1:-1]


def _is_masked_and_open(window: str) -> bool:
    return window.count("*") == 2 and "*" in window[1:-1]


def _keys(window: str) -> tuple[str, ...]:
    """What to look up in the index, any of which will do: it leaves one digit in the middle open itself, for another
    one stand all ten."""
    masked = _is_masked(window) or _is_masked_and_open(window)
    first = window.index("*", 1) if masked else None
    return tuple(
        "".join(digits)
        for digits in product(
            *("0123456789" if each == "*" and at != first else each for at, each in enumerate(window))
        )
    )


def _following(text: str) -> str:
    """The first text that no longer begins with this one."""
    return text[:-1] + chr(ord(text[-1]) + 1)


def _like(pattern: str) -> str:
    """`*` is one digit. The pattern was checked: it holds digits, `+` and `*` only."""
    return pattern.replace("*", "_")
