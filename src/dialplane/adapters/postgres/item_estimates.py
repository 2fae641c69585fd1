"""What each way of a search would cost, by Postgres's statistics and by what digits are like.

Costs are microseconds on the machine of bench/README.md. They need to be right by the order of magnitude only.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import phonenumbers

from dialplane.adapters.postgres.connection import Connection
from dialplane.adapters.postgres.item_digits import best_pairs, best_runs
from dialplane.adapters.postgres.item_facts import Conditions, Facts
from dialplane.adapters.postgres.item_patterns import in_range, literal_end, within
from dialplane.domain.supply.inventory import ItemQuery, Ordering

_ENTRY = 0.4
"""One entry of an index, looked through."""
_COMPARED = 0.8
"""One whose number is compared with a pattern, too."""
_ITEM = 4.0
"""One item, looked at: its page lies anywhere."""
_DESCENT = 15.0
"""To the numbers of one class, place or head."""
_LOOK_UP = 5.0
"""Of one run of digits with its head."""
_LISTED = 0.15
"""One number in the list of a run, compared with those of others."""
_POSITIONS = 8
"""Where in a number a pattern may stand, as numbers go."""
_SPREAD = 5
"""How many standard deviations more than a page are looked for at once."""
_AGAIN = 4
"""So many times the entries of a page are walked where groups are merged."""
_MIXED = 0.5
"""Where less than this part of what is walked is of a fitting class, it may all stand at the end."""


class Way(StrEnum):
    NUMBERS = "numbers"
    CLASSES = "classes"
    PLACES = "places"
    END = "end"
    RUNS = "runs"
    PAIRS = "pairs"


RANKED_BY = {Ordering.PRICE: Way.CLASSES, Ordering.DISTANCE: Way.PLACES}
"""Whose keys the order goes by, where it does not go by the number."""


@dataclass(frozen=True, slots=True)
class Plan:
    way: Way
    part: float
    """So much of the way is likely to be enough."""


async def possible_ways(connection: Connection, query: ItemQuery, facts: Facts) -> list[Plan]:
    """All that lead to the same answer, the cheapest first. `facts` are not hopeless."""
    rows = await _estimate(connection, query, facts)
    part = _part(query, facts, rows)
    costs = _costs(query, facts, rows, part)
    return [Plan(way, part) for way in sorted(costs, key=lambda way: costs[way])]


def _part(query: ItemQuery, facts: Facts, rows: Mapping[str, float]) -> float:
    """How much of what is on offer is looked through until a page is full, if all is mixed well."""
    every = rows["all"]
    fitting = every * _digits_share(query, rows)
    for keys, name in ((facts.classes, Way.CLASSES), (facts.places, Way.PLACES)):
        if keys is not None:
            fitting *= min(1.0, rows[name] / every)
    if query.head:
        fitting *= min(1.0, rows["range"] / every)
    return min(1.0, (query.offset + query.limit) / max(fitting, 1e-9))


def _costs(query: ItemQuery, facts: Facts, rows: Mapping[str, float], part: float) -> dict[Way, float]:
    every, ranked = rows["all"], RANKED_BY.get(query.ordering)
    walked = rows["range"]
    entry = _COMPARED if query.parts or query.ends_with or "*" in query.head else _ENTRY
    share = 1.0
    for keys, name in ((facts.classes, Way.CLASSES), (facts.places, Way.PLACES)):
        if keys is not None:
            share = min(share, rows[name] / walked)
    steps = part if ranked is None else 2.0
    costs = {Way.NUMBERS: walked * (steps if share > _MIXED else max(steps, 1 - share)) * entry}
    in_head = min(1.0, walked / every) if query.head else 1.0
    for keys, way in ((facts.classes, Way.CLASSES), (facts.places, Way.PLACES)):
        if keys is None:
            continue
        if ranked is None:  # each group is walked farther than its share, and again where that was not far enough
            steps, descents = min(1.0, part * _AGAIN), float(len(keys))
        elif ranked is way:  # one group after the other
            steps, descents = min(1.0, part * _AGAIN), part * len(keys)
        else:
            steps, descents = 2.0, 0.0
        costs[way] = rows[way] * in_head * steps * entry + descents * _DESCENT
    if literal_end(query):
        costs[Way.END] = every * 10.0 ** -len(literal_end(query)) * _ENTRY * 2
    read = _part_of_heads(query, facts, part)
    if (runs := best_runs(query)) is not None:
        in_area = _in_area(runs.pattern, rows) / every
        shares = (runs.places * 10.0**-4 * len(runs.runs), runs.places * 10.0**-runs.fixed + in_area)
        costs[Way.RUNS] = read * _cost_by_digits(facts, walked, shares, scans=1, look_ups=len(runs.runs))
    if (pairs := best_pairs(query)) is not None:
        # the other pairs are sought only where the first one stands
        shares = (pairs.places * 10.0**-2, pairs.places * 10.0**-pairs.fixed)
        look_ups = pairs.places * len(pairs.pairs)
        costs[Way.PAIRS] = read * _cost_by_digits(facts, walked, shares, scans=pairs.places, look_ups=look_ups)
    return costs


def first_step(query: ItemQuery, stretches: int, part: float) -> int:
    """Of so many stretches those that are likely to be enough: a few more than on the average."""
    spare = _SPREAD / math.sqrt(query.offset + query.limit)
    return math.ceil(stretches * min(1.0, part * (1 + spare)))


def _part_of_heads(query: ItemQuery, facts: Facts, part: float) -> float:
    if RANKED_BY.get(query.ordering) is Way.PLACES:
        return 1.0
    first = facts.stretches[: first_step(query, len(facts.stretches), part)]
    return len({head for _, head in first}) / len(facts.heads)


def _cost_by_digits(facts: Facts, walked: float, shares: tuple[float, float], *, scans: int, look_ups: int) -> float:
    """Of all heads, where such shares of what is `walked` stand in the lists of keys, and are looked at.

    Scans and look-ups are those of each head.
    """
    listed, found = shares
    read = walked * (listed * _LISTED + min(1.0, found) * _ITEM)
    return read + len(facts.heads) * (scans * _DESCENT + look_ups * _LOOK_UP)


def _digits_share(query: ItemQuery, rows: Mapping[str, float]) -> float:
    """The part of all numbers that has the digits asked for, the head's literal beginning apart."""
    share = 10.0 ** -(_fixed(query.ends_with) + _fixed(query.head.partition("*")[2]))
    for part in query.parts:
        share *= _share(part, rows, rows["all"])
    return share


def _share(pattern: str, rows: Mapping[str, float], every: float) -> float:
    """The part of numbers that contain the pattern: by chance, or because their area begins so."""
    return min(1.0, _POSITIONS * 10.0 ** -_fixed(pattern) + _in_area(pattern, rows) / every)


def _in_area(pattern: str, rows: Mapping[str, float]) -> float:
    """Numbers whose area begins with the pattern: of those that begin with its first digits, which Postgres knows, so
    many as have the digits after an open one by chance."""
    return rows.get(pattern, 0.0) * 10.0 ** -_fixed(pattern.partition("*")[2])


def _fixed(pattern: str) -> int:
    return len(pattern) - pattern.count("*")


async def _estimate(connection: Connection, query: ItemQuery, facts: Facts) -> dict[str, float]:
    """How many are on offer (`all`), between the first and the last number that may fit (`range`), of the classes, of
    the places, and with each pattern in their area: what Postgres expects, all in one question."""
    where = Conditions()
    within(range_ := where.beside(), facts.heads)
    in_range(range_, query.head)
    names, conditions = ["all", "range"], ["true", str(range_)]
    if facts.classes is not None:
        names.append(Way.CLASSES)
        conditions.append(f"class = any({where.bind(list(facts.classes))}::bigint[])")
    if facts.places is not None:
        names.append(Way.PLACES)
        conditions.append(f"place = any({where.bind(list(facts.places))}::bigint[])")
    for part in query.parts:
        for head in {"", *(str(phonenumbers.country_code_for_region(country)) for country in query.any_country)}:
            in_range(area := where.beside(), f"+{head}{part}")
            names.append(part)
            conditions.append(str(area))
    ways = [f"select from inventory_items where state = 'offered' and {each}" for each in conditions]
    explained = await connection.fetchval(f"explain (format json) {' union all '.join(ways)}", *where.arguments)
    plan = (msgspec.json.decode(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    rows: dict[str, float] = {}
    for name, each in zip(names, plan["Plans"], strict=True):
        rows[name] = rows.get(name, 0.0) + max(float(each["Plan Rows"]), 1.0)
    return rows
