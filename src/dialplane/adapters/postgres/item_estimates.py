"""What each way of a search would cost, by Postgres's statistics and by what digits are like.

Costs are microseconds on the machine of bench/README.md. They need to be right by the order of magnitude only.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from dialplane.adapters.postgres.connection import Connection
from dialplane.adapters.postgres.item_facts import Conditions, Facts
from dialplane.adapters.postgres.item_patterns import GRAM, by_digits, grams, in_range, literal_end
from dialplane.domain.inventory import ItemQuery, Ordering

_ENTRY = 0.25
"""One entry of an index, looked through."""
_ITEM = 3.0
"""One item, looked at: its page lies anywhere."""
_GROUP = 10.0
"""A descent to the numbers of one class or place."""
_POSITIONS = 12
"""Where in a number a pattern may stand, as numbers go."""


class Way(StrEnum):
    NUMBERS = "numbers"
    CLASSES = "classes"
    PLACES = "places"
    END = "end"
    DIGITS = "digits"


RANKED_BY = {Ordering.PRICE: Way.CLASSES, Ordering.DISTANCE: Way.PLACES}
"""Whose keys the order goes by, where it does not go by the number."""


async def cheapest_way(connection: Connection, query: ItemQuery, facts: Facts) -> Way:
    rows = await _estimate(connection, query, facts)
    costs = _costs(query, facts, rows)
    return min(costs, key=lambda way: costs[way])


def _costs(query: ItemQuery, facts: Facts, rows: Mapping[str, float]) -> dict[Way, float]:
    """`rows` is how many are on offer (`all`), in the range of the head, of the classes, of the places, with the runs
    of digits."""
    every = rows["all"]
    share = {name: min(1.0, rows.get(name, every) / every) for name in ("head", Way.CLASSES, Way.PLACES)}
    fitting = every * share["head"] * share[Way.CLASSES] * share[Way.PLACES] * _digits_share(query, rows)
    enough = min(1.0, (query.offset + query.limit) / max(fitting, 1e-9))
    """The part of an ordered way that is walked until enough is found."""
    ranked = RANKED_BY.get(query.ordering)
    costs = {Way.NUMBERS: every * share["head"] * (enough if ranked is None else 2.0) * _ENTRY}
    for way, keys in ((Way.CLASSES, facts.classes), (Way.PLACES, facts.places)):
        if keys is None:
            continue
        if ranked is None:  # each group is walked until it alone has enough
            walked, descents = min(1.0, enough * len(keys)), float(len(keys))
        elif ranked is way:  # one group after the other
            walked, descents = min(1.0, enough * 2), enough * len(keys)
        else:
            walked, descents = 2.0, 0.0
        costs[way] = every * share[way] * share["head"] * walked * _ENTRY + descents * _GROUP
    if literal_end(query):
        costs[Way.END] = every * 10.0 ** -len(literal_end(query)) * _ENTRY * 2
    if Way.DIGITS in rows:
        costs[Way.DIGITS] = rows[Way.DIGITS] * _ITEM + every * 1e-5 * sum(map(len, grams(query)[1]))
    return costs


def _digits_share(query: ItemQuery, rows: Mapping[str, float]) -> float:
    """The part of all numbers that has the digits asked for."""
    share = 10.0 ** -_fixed(query.ends_with)
    for part in query.parts:
        share *= min(1.0, _POSITIONS * 10.0 ** -_fixed(part))
    if len(query.contains) == GRAM and Way.DIGITS in rows:
        share = max(share, rows[Way.DIGITS] / rows["all"])  # digits that stand in many numbers, such as an area code's
    head = query.head.partition("*")[2]
    return share * 10.0 ** -_fixed(head)


def _fixed(pattern: str) -> int:
    return len(pattern) - pattern.count("*")


async def _estimate(connection: Connection, query: ItemQuery, facts: Facts) -> dict[str, float]:
    """What Postgres expects, all in one question. A fact that the query says nothing of is left out."""
    where = Conditions()
    parts = {"all": "true"}
    if len(query.head.partition("*")[0]) > 1:
        in_range(head := where.beside(), query)
        parts["head"] = str(head)
    if facts.classes is not None:
        parts[Way.CLASSES] = f"class = any({where.bind(list(facts.classes))}::bigint[])"
    if facts.places is not None:
        parts[Way.PLACES] = f"place = any({where.bind(list(facts.places))}::bigint[])"
    if any(grams(query)):
        by_digits(digits := where.beside(), query)
        parts[Way.DIGITS] = str(digits)
    # One more than needed, because of a single part Postgres would make no list.
    ways = [f"select from inventory_items where state = 'offered' and {text}" for text in (*parts.values(), "true")]
    explained = await connection.fetchval(f"explain (format json) {' union all '.join(ways)}", *where.arguments)
    plan = (msgspec.json.decode(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    expected = [max(float(each["Plan Rows"]), 1.0) for each in plan["Plans"]]
    return dict(zip(parts, expected, strict=False))
