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
from dialplane.adapters.postgres.item_facts import Conditions, Facts
from dialplane.adapters.postgres.item_patterns import Grams, best_grams, in_range, literal_end, within
from dialplane.domain.supply.inventory import ItemQuery, Ordering

_ENTRY = 0.4
"""One entry of an index, looked through."""
_ITEM = 4.0
"""One item, looked at: its page lies anywhere."""
_DESCENT = 15.0
"""To the numbers of one class, place or head."""
_LOOK_UP = 5.0
"""Of one run of digits with its head."""
_LISTED = 0.15
"""One number in the list of a run, compared with those of others."""
_POSITIONS = 8
"""Where in a number a run of four may stand, as numbers go."""
_MIXED = 0.5
"""Where less than this part of what is walked is of a fitting class, it may all stand at the end."""


class Way(StrEnum):
    NUMBERS = "numbers"
    CLASSES = "classes"
    PLACES = "places"
    END = "end"
    DIGITS = "digits"


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
    share = 1.0
    for keys, name in ((facts.classes, Way.CLASSES), (facts.places, Way.PLACES)):
        if keys is not None:
            share = min(share, rows[name] / walked)
    steps = part if ranked is None else 2.0
    costs = {Way.NUMBERS: walked * (steps if share > _MIXED else max(steps, 1 - share)) * _ENTRY}
    in_head = min(1.0, walked / every) if query.head else 1.0
    for keys, way in ((facts.classes, Way.CLASSES), (facts.places, Way.PLACES)):
        if keys is None:
            continue
        if ranked is None:  # each group is walked a little farther than its share
            steps, descents = min(1.0, part * 2), float(len(keys))
        elif ranked is way:  # one group after the other
            steps, descents = min(1.0, part * 2), part * len(keys)
        else:
            steps, descents = 2.0, 0.0
        costs[way] = rows[way] * in_head * steps * _ENTRY + descents * _DESCENT
    if literal_end(query):
        costs[Way.END] = every * 10.0 ** -len(literal_end(query)) * _ENTRY * 2
    grams = best_grams(query)
    if grams is not None:
        steps = min(1.0, part * 1.5) if ranked is None else 1.0
        costs[Way.DIGITS] = steps * _cost_by_grams(grams, walked, _in_area(grams.pattern, rows) / every, facts)
    return costs


def _cost_by_grams(grams: Grams, walked: float, in_area: float, facts: Facts) -> float:
    """Of all that is `walked`; `in_area` is the part of it that has the pattern in its area."""
    shares = [min(1.0, _POSITIONS * 10.0 ** -len(window.fixed)) for window in grams.windows]
    # windows that overlap stand in the same numbers, others may stand there by chance
    in_all = min(1.0, max(math.prod(shares), _POSITIONS * 10.0**-grams.fixed) + in_area)
    read = walked * (sum(shares) * _LISTED + in_all * _ITEM)
    return read + len(facts.heads) * (_DESCENT + grams.look_ups * _LOOK_UP)


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
