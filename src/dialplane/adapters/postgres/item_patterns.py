"""Digit patterns as conditions that an index answers. Numbers are compared byte by byte (`collate "C"`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from dialplane.adapters.postgres.item_facts import Conditions
from dialplane.domain.supply.inventory import ItemQuery

_GRAM = 4


@dataclass(frozen=True, slots=True)
class Window:
    """Four digits in a row of a pattern, as keys of an index: a number with the pattern has one of the runs."""

    index: Literal["digit_grams", "digit_masks"]
    """The function that gives the keys of a number; an index holds what it gives."""
    runs: tuple[str, ...]
    fixed: frozenset[int]
    """Where in the pattern the digits are that it looks at."""


@dataclass(frozen=True, slots=True)
class Grams:
    """Windows that a number with the pattern has, all of them."""

    pattern: str
    windows: tuple[Window, ...]

    @property
    def fixed(self) -> int:
        """How many digits of the pattern they look at."""
        return len(frozenset().union(*(window.fixed for window in self.windows)))

    @property
    def look_ups(self) -> int:
        """In the indexes, for each head."""
        return sum(len(window.runs) for window in self.windows)


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
    patterns = [f"%{_like(part)}%" for part in query.parts]
    if "*" in query.head:
        patterns.append(f"{_like(query.head)}%")
    if query.ends_with:
        patterns.append(f"%{_like(query.ends_with)}")
    for pattern in patterns:
        # Postgres takes such a pattern for one that hardly any number has, and then reads and sorts all of them instead
        # of walking them in order until enough are found; of a case it thinks nothing.
        where.add("case when number like {} then true else false end", pattern)


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
    return min(found, key=lambda grams: (-len(grams.windows[0].fixed), -grams.fixed, grams.look_ups), default=None)


def _grams(pattern: str) -> Grams | None:
    """By the windows that say most. The first and the last of a sort have least in common; windows of two digits come
    in for those that no other looks at, and with one between them that ties the two together."""
    sorts: list[list[Window]] = [[] for _ in _SORTS]
    for place in range(len(pattern) - _GRAM + 1):
        open_digits = tuple(i for i in range(_GRAM) if pattern[place + i] == "*")
        if open_digits in _SORTS:
            sorts[_SORTS[open_digits]].append(_window(pattern, place, open_digits))
    *tight, loose = sorts
    best = next((windows for windows in tight if windows), [])
    chosen = dict.fromkeys(_spread(best, 2))
    seen = frozenset().union(*(window.fixed for window in chosen))
    chosen |= dict.fromkeys(_spread([window for window in loose if not window.fixed <= seen], 3))
    return Grams(pattern, tuple(chosen)) if chosen else None


_SORTS: Mapping[tuple[int, ...], int] = {
    (): 0,
    **dict.fromkeys([(1,), (2,)], 1),
    **dict.fromkeys([(0,), (3,)], 2),
    **dict.fromkeys([(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)], 3),
}
"""Which digits of a window may be open, and which windows say most: the index itself leaves one in the middle open;
for another all ten digits are looked up."""


def _window(pattern: str, place: int, open_digits: tuple[int, ...]) -> Window:
    masked = next((i for i in open_digits if i in (1, 2)), None)
    text = pattern[place : place + _GRAM]
    choices = ("0123456789" if i in open_digits and i != masked else text[i] for i in range(_GRAM))
    return Window(
        "digit_grams" if masked is None else "digit_masks",
        tuple("".join(digits) for digits in product(*choices)),
        frozenset(place + i for i in range(_GRAM) if i not in open_digits),
    )


def _spread(windows: Sequence[Window], most: int) -> Sequence[Window]:
    """As many, from the first to the last."""
    if len(windows) <= most:
        return windows
    return [windows[i * (len(windows) - 1) // (most - 1)] for i in range(most)]


def _following(text: str) -> str:
    """The first text that no longer begins with this one."""
    return text[:-1] + chr(ord(text[-1]) + 1)


def _like(pattern: str) -> str:
    """`*` is one digit. The pattern was checked: it holds digits, `+` and `*` only."""
    return pattern.replace("*", "_")
