"""Digit patterns as conditions on the number. Numbers are compared byte by byte (`collate "C"`)."""

from collections.abc import Sequence

from dialplane.adapters.postgres.item_facts import Conditions
from dialplane.domain.supply.inventory import ItemQuery


def within(where: Conditions, heads: Sequence[str]) -> None:
    """Between the first and the last of the heads."""
    where.add('number collate "C" >= {} collate "C"', f"+{heads[0]}")
    where.add('number collate "C" < {} collate "C"', following(f"+{heads[-1]}"))


def in_range(where: Conditions, head: str) -> None:
    """The digits at the start, up to the first open one."""
    literal = head.partition("*")[0]
    if len(literal) > 1:
        where.add('number collate "C" >= {} collate "C"', literal)
        where.add('number collate "C" < {} collate "C"', following(literal))


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
    where.add('reverse(number) collate "C" < {} collate "C"', following(backwards))


def following(text: str) -> str:
    """The first text that no longer begins with this one."""
    return text[:-1] + chr(ord(text[-1]) + 1)


def _like(pattern: str) -> str:
    """`*` is one digit. The pattern was checked: it holds digits, `+` and `*` only."""
    return pattern.replace("*", "_")
