"""The search for numbers in Postgres: several ways to the same answer, of which the cheapest is taken.

Left alone, Postgres walks ten million numbers in order to find five that fit, or collects a million that fit to show a
hundred. It cannot know better, because it takes the conditions for independent of each other; here it is known what a
digit pattern means. The ways (each has its index, see migrations 0018 and 0038):

- walk the numbers in order, until enough of them fit;
- walk the numbers of the classes, or of the places, that fit;
- read all that end with the digits;
- read those that contain runs of four of the digits, or pairs of them at a place where the pattern may stand, head by
  head.

Each way answers from its index alone, but the last, which looks at the items that it finds.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dialplane.adapters.postgres.connection import Connection
from dialplane.adapters.postgres.item_digits import Pairs, Runs, best_pairs, best_runs
from dialplane.adapters.postgres.item_estimates import RANKED_BY, Plan, Way, first_step, possible_ways
from dialplane.adapters.postgres.item_facts import Conditions, Facts, Rank, look_up
from dialplane.adapters.postgres.item_patterns import by_end, following, in_range, like, within
from dialplane.domain.supply.inventory import ItemQuery, Ordering

_OFFERED = "state = 'offered'"
_IN_ORDER = 'number collate "C"'
_IN_HIDDEN_ORDER = "(number || '') collate \"C\""
"""The same, so that Postgres takes the index of the conditions and does not walk the numbers."""
_SPARE = 8
"""Groups are not as even as chance would have them."""
_COLUMN = {Way.CLASSES: "class", Way.PLACES: "place"}


@dataclass(frozen=True, slots=True)
class Found:
    """A number that fits, and the rank of its class or place among those of the search."""

    ordinal: int
    number: str


async def find_numbers(connection: Connection, query: ItemQuery) -> list[str]:
    """Numbers on offer that fit, in order: `query.limit` of them after the first `query.offset`."""
    facts = await look_up(connection, query)
    if facts.is_hopeless:
        return []
    plans = await possible_ways(connection, query, facts)
    return await Search(connection, query, facts).run(plans[0])


@dataclass(frozen=True, slots=True)
class Search:
    """One search, whatever the way."""

    connection: Connection
    query: ItemQuery
    facts: Facts

    async def run(self, plan: Plan) -> list[str]:
        return [each.number for each in await self._go(plan)]

    @property
    def wanted(self) -> int:
        return self.query.offset + self.query.limit

    async def _go(self, plan: Plan) -> list[Found]:
        where = Conditions(_OFFERED)
        match plan.way:
            case Way.NUMBERS:
                within(where, self.facts.heads)
                return await self._read_page(where, order=_IN_ORDER)
            case Way.RUNS:
                return (await self._through_stretches(best_runs(self.query), plan.part))[self.query.offset :]
            case Way.PAIRS:
                return (await self._through_stretches(best_pairs(self.query), plan.part))[self.query.offset :]
            case Way.CLASSES | Way.PLACES if RANKED_BY.get(self.query.ordering, plan.way) is plan.way:
                return (await self._through_groups(plan.way))[self.query.offset :]
            case Way.CLASSES:
                where.add("class = any({}::bigint[])", list(self.facts.classes or ()))
            case Way.PLACES:
                where.add("place = any({}::bigint[])", list(self.facts.places or ()))
            case Way.END:
                by_end(where, self.query)
        return await self._read_page(where, order=_IN_HIDDEN_ORDER)

    async def _read_page(self, where: Conditions, *, order: str) -> list[Found]:
        """What one statement finds; what is passed over does not leave Postgres."""
        return await self._read(where, order=order, wanted=self.query.limit, passed_over=self.query.offset)

    async def _through_stretches(self, digits: Runs | Pairs | None, part: float) -> list[Found]:
        """By way of an index of digits: head by head, and in the order of prices from the cheapest classes on."""
        assert digits is not None  # else this is no way
        stretches = self._ordered_stretches()
        by_place = RANKED_BY.get(self.query.ordering) is Way.PLACES  # of places it is not known where their numbers are
        step = len(stretches) if by_place else first_step(self.query, len(stretches), part)
        found: list[Found] = []
        while stretches and len(found) < self.wanted:
            wanted = self.wanted - len(found)
            fitting = await self._read_stretches(digits, stretches[:step], wanted)
            found += fitting
            stretches, step = stretches[step:], _next_step(step, len(fitting), wanted - len(fitting))
        return found

    def _ordered_stretches(self) -> list[tuple[int, str]]:
        """Ordinals of ranks with heads, in order."""
        ordinals = self._ordinals({n: rank for n, (rank, _) in enumerate(self.facts.stretches)})[0]
        return [(ordinals[n], head) for n, (_, head) in enumerate(self.facts.stretches)]

    async def _read_stretches(
        self, digits: Runs | Pairs, stretches: Sequence[tuple[int, str]], wanted: int
    ) -> list[Found]:
        heads = {head: self.facts.lengths[head] for _, head in stretches}
        where = Conditions()
        self._restrict(where)
        most = wanted if RANKED_BY.get(self.query.ordering) is None else None
        source = digits.source(where, heads) if isinstance(digits, Runs) else digits.source(where, heads, most)
        if RANKED_BY.get(self.query.ordering) is Way.CLASSES:
            (first, head), (last, end) = stretches[0], stretches[-1]
            where.add('(ordinal, number collate "C") >= ({}, {} collate "C")', first, f"+{head}")
            where.add('(ordinal, number collate "C") < ({}, {} collate "C")', last, following(f"+{end}"))
        return await self._select(where, order=_IN_ORDER, source=source, wanted=wanted)

    async def _read(self, where: Conditions, *, order: str, wanted: int, passed_over: int = 0) -> list[Found]:
        """So many of what the conditions let through, after those that are passed over."""
        self._restrict(where)
        return await self._select(where, order=order, source="inventory_items", wanted=wanted, passed_over=passed_over)

    async def _select(
        self, where: Conditions, *, order: str, source: str, wanted: int, passed_over: int = 0
    ) -> list[Found]:
        ranked = RANKED_BY.get(self.query.ordering)
        if ranked is None:
            sql = f"select 0, number from {source} where {where} order by {order}"  # noqa: S608 (values are bound)
        else:
            ordinals, shown = self._ordinals(self._keys(ranked) or {})
            among = f"unnest({where.bind(list(ordinals))}::bigint[], {where.bind(list(ordinals.values()))}::int[])"
            where.add(f'(ordinal > 0 or {_IN_ORDER} > {{}} collate "C")', shown)
            sql = (
                f"select ordinal, number from {source} join {among} as ranked (key, ordinal)"  # noqa: S608 (as above)
                f" on key = {_COLUMN[ranked]} + 0 where {where} order by ordinal, {order}"
            )
        return await self._fetch(f"{sql} limit {where.bind(wanted)} offset {where.bind(passed_over)}", where)

    def _restrict(self, where: Conditions) -> None:
        """What every way must hold to."""
        self._narrow(where)
        _is_among(where, "class", self.facts.classes)
        _is_among(where, "place", self.facts.places)

    async def _through_groups(self, way: Way) -> list[Found]:
        """By way of the indexes that hold the numbers of each class, or of each place, in order."""
        ordinals, shown = self._ordinals(self._keys(way) or {})
        found: list[Found] = []
        for some in _in_growing_parts(ordinals):
            found += await self._merge(way, some, shown, wanted=self.wanted - len(found))
            if len(found) >= self.wanted:
                break
        return found

    async def _merge(self, way: Way, ordinals: Mapping[int, int], shown: str, *, wanted: int) -> list[Found]:
        """The first of all groups. Each is read as far as its share of them, and those that end before the last one
        found are read on, until none does: numbers of a class often stand close together."""
        each = min(wanted, wanted // len(ordinals) + _SPARE)
        behind = {key: "" if ordinal else shown for key, ordinal in ordinals.items()}
        found: list[Found] = []
        while behind:
            rows = await self._read_groups(way, ordinals, behind, each)
            found += [Found(ordinal, number) for _, ordinal, number in rows]
            found = sorted(found, key=_place_in_order)[:wanted]
            counts = Counter(key for key, _, _ in rows)
            behind = {key: number for key, _, number in sorted(rows) if counts[key] == each}
            if len(found) == wanted:
                last = _place_in_order(found[-1])
                behind = {key: number for key, number in behind.items() if (ordinals[key], number) < last}
            each = min(wanted, each * 2)
        return found

    async def _read_groups(
        self, way: Way, ordinals: Mapping[int, int], behind: Mapping[int, str], each: int
    ) -> list[tuple[int, int, str]]:
        """Key, ordinal and number of the first `each` of every group behind a number."""
        other = Way.PLACES if way is Way.CLASSES else Way.CLASSES
        where = Conditions(_OFFERED, f"{_COLUMN[way]} = ranked.key", f'{_IN_ORDER} > ranked.behind collate "C"')
        self._narrow(where)
        _is_among(where, _COLUMN[other], self._keys(other))
        keys, numbers = where.bind(list(behind)), where.bind(list(behind.values()))
        groups = f"unnest({keys}::bigint[], {where.bind([ordinals[key] for key in behind])}::int[], {numbers}::text[])"
        sql = (
            f"select key, ordinal, number from {groups} as ranked (key, ordinal, behind) cross join lateral ("  # noqa: S608 (as above)
            f"select number from inventory_items where {where} order by {_IN_ORDER} limit {where.bind(each)}) as i"
        )
        return [tuple(row) for row in await self.connection.fetch(sql, *where.arguments)]

    def _narrow(self, where: Conditions) -> None:
        """What the number itself must be like."""
        in_range(where, self.query.head)
        like(where, self.query)
        if self.query.after is not None and self.query.ordering is Ordering.NUMBER:
            where.add(f'{_IN_ORDER} > {{}} collate "C"', self.query.after[2])

    def _keys(self, way: Way) -> Mapping[int, Rank] | None:
        return self.facts.classes if way is Way.CLASSES else self.facts.places

    def _ordinals(self, ranks: Mapping[int, Rank]) -> tuple[dict[int, int], str]:
        """Keys with the ordinals of their ranks from 1, in order; 0 is the rank at which the page before ended, and
        the text the number up to which it was shown."""
        after = None if self.query.ordering is Ordering.NUMBER else self.query.after
        begun = (after[0], after[1]) if after else None
        distinct = sorted(set(ranks.values()))
        ordinal = {rank: n for n, rank in enumerate(distinct, start=0 if begun and begun in distinct else 1)}
        keys = sorted(ranks, key=lambda key: (ranks[key], key))
        return {key: ordinal[ranks[key]] for key in keys}, after[2] if after else ""

    async def _fetch(self, sql: str, where: Conditions) -> list[Found]:
        return [Found(*row) for row in await self.connection.fetch(sql, *where.arguments)]


def _is_among(where: Conditions, column: str, keys: Mapping[int, Rank] | None) -> None:
    """In a form that is hashed, and that no other index than that of the way can answer."""
    if keys is not None:
        where.add(f"({column} in (select unnest({{}}::bigint[]))) is true", list(keys))


def _place_in_order(found: Found) -> tuple[int, str]:
    return found.ordinal, found.number


def _next_step(step: int, found: int, wanted: int) -> int:
    """How many heads to go through next, when so many gave `found` and `wanted` more are needed: a few more than that
    would take, but not many more than before."""
    return min(step * 4, 1 + math.ceil(1.25 * step * wanted / found)) if found else step * 4


def _in_growing_parts(ordinals: Mapping[int, int]) -> Iterator[dict[int, int]]:
    """All keys of one ordinal stay together; the first part is small, because it is often enough."""
    size = 4
    part: dict[int, int] = {}
    for _, same in itertools.groupby(ordinals.items(), key=lambda pair: pair[1]):
        part.update(same)
        if len(part) >= size:
            yield part
            part, size = {}, size * 4
    if part:
        yield part
