"""Digit patterns as keys of the two indexes of digits: runs of four in a row, and pairs that know their place.

Keys begin with the head of the number, its first three digits, so that a search goes through the numbers in their order
and stops when it has enough. What an index finds may have the digits elsewhere: the pattern itself decides.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from dialplane.adapters.postgres.item_facts import HEAD, Conditions
from dialplane.adapters.postgres.item_patterns import following
from dialplane.domain.supply.inventory import ItemQuery

_RUN = 4
_PLACES = 8
"""Where in a number behind its head a pattern of four digits may stand, as numbers go."""
_FARTHEST = 3
"""The two digits of a pair stand so far apart at most."""
_HEAD, _DISTANCE, _PLACE = 4500, 1500, 100
"""The weights of a pair's head, distance and place in digit_pairs (migration 0038)."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Four digits in a row of a pattern, wherever they stand in the number; all of these."""

    pattern: str
    runs: tuple[str, ...]
    fixed: int
    """So many digits of the pattern they look at."""

    @property
    def places(self) -> int:
        """Where the pattern may stand."""
        return _PLACES

    def source(self, where: Conditions, heads: Collection[str]) -> str:
        """The items that have them; `where` binds the arguments."""
        keys = ", ".join(f"head || {where.bind(run)}::text" for run in self.runs)
        bound = f"unnest({where.bind(list(heads))}::text[]) as heads (head)"
        return f"{bound} cross join lateral ({_items(f'digit_grams(number) @> array[{keys}]')}) as items"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs that have all fixed digits of a pattern, laid wherever in the number it may stand.

    Where a head has all of the pattern, or its numbers go on with what is left of it, every number of a whole range
    fits: to look each one up would take long, so there the range is read in its order.
    """

    pattern: str
    pairs: tuple[tuple[int, int], ...]
    """The places in the pattern of their two digits."""
    at_end: bool
    """Whether numbers end with the pattern."""

    @property
    def fixed(self) -> int:
        """So many digits of the pattern they look at."""
        return len({place for pair in self.pairs for place in pair})

    @property
    def places(self) -> int:
        """Where the pattern may stand."""
        return 1 if self.at_end else _PLACES

    def source(self, where: Conditions, heads: Mapping[str, Collection[int]], most: int | None) -> str:
        """The items that have them, of a range the first `most` that `where` lets through; it binds the arguments.

        `heads` come with how many digits their numbers have.
        """
        laid, begins = self._lay(heads)
        found = []
        if laid:
            columns = ", ".join(f"{where.bind(list(keys))}::int[]" for keys in zip(*sorted(laid), strict=True))
            names = ", ".join(f"pair{n}" for n in range(len(self.pairs)))
            items = _items(f"digit_pairs(number) @> array[{names}]")
            found.append(_each(f"unnest({columns}) as laid ({names})", items))
        if begins:
            wanted = "" if most is None else f'and {where} order by number collate "C" limit {where.bind(most)}'
            ends = where.bind([following(begin) for begin in begins])
            keys = f"unnest({where.bind(begins)}::text[], {ends}::text[]) as ranges (first, past)"
            in_range = 'number collate "C" >= first collate "C" and number collate "C" < past collate "C"'
            found.append(_each(keys, _items(f"{in_range} {wanted}")))
        if not found:
            found.append(_items("false"))
        return f"({' union '.join(found)}) as items"  # a number may have the pattern at two places

    def _lay(self, heads: Mapping[str, Collection[int]]) -> tuple[set[tuple[int, ...]], list[str]]:
        """Keys to look up together; beginnings of which every number fits."""
        laid: set[tuple[int, ...]] = set()
        begins: set[str] = set()
        for head, lengths in heads.items():
            for length in lengths:
                last = length - len(self.pattern)
                for start in range(last if self.at_end else 0, last + 1):
                    if start < 0 or not _goes_with(self.pattern, head[start:]):
                        continue
                    literal, _, open_part = self.pattern[max(0, HEAD - start) :].partition("*")
                    if start < HEAD and not open_part.strip("*"):
                        begins.add(f"+{head}{literal}")
                    else:
                        laid.add(self._keys(head, behind=last - start))
        return laid, sorted(begins)

    def _keys(self, head: str, behind: int) -> tuple[int, ...]:
        """Of the pattern with so many digits behind it."""
        end = behind + len(self.pattern) - 1
        return tuple(
            int(head) * _HEAD
            + (right - left - 1) * _DISTANCE
            + (end - right) * _PLACE
            + int(self.pattern[left] + self.pattern[right])
            for left, right in self.pairs
        )


def _goes_with(pattern: str, digits: str) -> bool:
    """As far as both go."""
    return all(wanted in ("*", digit) for wanted, digit in zip(pattern, digits, strict=False))


def _each(keys: str, items: str) -> str:
    return f"select items.* from {keys} cross join lateral ({items}) as items"  # noqa: S608 (as below)


def _items(condition: str) -> str:
    # The offset keeps Postgres from taking another index for the conditions around it.
    return f"select number, class, place from inventory_items where state = 'offered' and {condition} offset 0"  # noqa: S608 (keys are bound)


def best_runs(query: ItemQuery) -> Runs | None:
    """Of the pattern of which they say most; None where no pattern has four digits in a row."""
    found = [runs for pattern in (*query.parts, query.ends_with) if (runs := _runs(pattern))]
    return max(found, key=lambda runs: runs.fixed, default=None)


def best_pairs(query: ItemQuery) -> Pairs | None:
    """Of the pattern of which they say most at the fewest places; None where no pattern has two digits close by."""
    patterns = [*((part, False) for part in query.parts), (query.ends_with, True)]
    found = [Pairs(pattern, pairs, at_end) for pattern, at_end in patterns if (pairs := tuple(_chosen(pattern)))]
    return max(found, key=lambda pairs: (pairs.fixed, -pairs.places), default=None)


def _runs(pattern: str) -> Runs | None:
    places = [n for n in range(len(pattern) - _RUN + 1) if "*" not in pattern[n : n + _RUN]]
    if not places:
        return None
    chosen = {places[0], places[-1]}  # which have least in common
    fixed = len({place + n for place in chosen for n in range(_RUN)})
    return Runs(pattern, tuple({pattern[place : place + _RUN] for place in chosen}), fixed)


def _chosen(pattern: str) -> Iterator[tuple[int, int]]:
    """As few pairs as look at every digit that stands close to another."""
    fixed = [place for place, digit in enumerate(pattern) if digit != "*"]
    seen = -1
    for (left, right), following_place in zip(pairwise(fixed), [*fixed[2:], None], strict=False):
        if right - left > _FARTHEST:
            continue
        # The right one is left to the next pair, where the left one was looked at already.
        if left > seen or following_place is None or following_place - right > _FARTHEST:
            yield left, right
            seen = right
