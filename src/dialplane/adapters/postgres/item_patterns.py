"""Digit patterns as conditions that an index answers. Numbers are compared byte by byte (`collate "C"`)."""

from itertools import product

from dialplane.adapters.postgres.item_facts import Conditions
from dialplane.domain.inventory import ItemQuery

GRAM = 4
_MOST_WINDOWS = 3
"""Of those with one open digit: each stands for ten runs of digits."""


def in_range(where: Conditions, query: ItemQuery) -> None:
    """The digits at the start, up to the first open one."""
    literal = query.head.partition("*")[0]
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


def by_digits(where: Conditions, query: ItemQuery) -> None:
    """Runs of four digits that the number must have."""
    literal, alternatives = grams(query)
    if literal:
        where.add("digit_grams(number) @> {}::text[]", literal)
    for runs in alternatives:
        where.add("digit_grams(number) && {}::text[]", runs)


def grams(query: ItemQuery) -> tuple[list[str], list[list[str]]]:
    """Runs of four that are needed, all of them; or lists of such, one of each of which is needed."""
    patterns = [*query.parts, query.ends_with]
    windows = {pattern[i : i + GRAM] for pattern in patterns for i in range(len(pattern) - GRAM + 1)}
    literal = sorted(window for window in windows if "*" not in window)
    if literal:
        return literal, []
    open_once = sorted(window for window in windows if window.count("*") == 1)
    return [], [_filled(window) for window in open_once[:_MOST_WINDOWS]]


def _filled(window: str) -> list[str]:
    return ["".join(digits) for digits in product(*("0123456789" if each == "*" else each for each in window))]


def _following(text: str) -> str:
    """The first text that no longer begins with this one."""
    return text[:-1] + chr(ord(text[-1]) + 1)


def _like(pattern: str) -> str:
    """`*` is one digit. The pattern was checked: it holds digits, `+` and `*` only."""
    return pattern.replace("*", "_")
