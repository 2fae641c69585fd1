"""The first step of a search: which classes and places fit (see migration 0018). Both tables are small."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dialplane.adapters.postgres.connection import Connection
from dialplane.domain.supply.inventory import ItemQuery, Near, Ordering
from dialplane.domain.supply.item_matching import distance_km

Rank = tuple[float, float]
"""Where all items of a class or place stand in the order; their numbers decide among them."""

UNRANKED: Rank = (0, 0)
HEAD = 3
_KM_A_DEGREE = 111.32
"""Of latitude, and of longitude at the equator."""


class Conditions:
    """Conditions of a statement with their arguments. The texts are constants; what the user gave is bound."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.arguments: list[object] = []

    def beside(self) -> "Conditions":
        """Conditions of another part of the same statement."""
        other = Conditions()
        other.arguments = self.arguments
        return other

    def bind(self, value: object) -> str:
        """The place that stands for the value."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def add(self, text: str, *values: object) -> None:
        """`{}` in the text stands for the values, in order."""
        self.texts.append(text.format(*map(self.bind, values)))

    def __str__(self) -> str:
        return " and ".join(self.texts) or "true"


@dataclass(frozen=True, slots=True)
class Facts:
    """Keys that fit, and how each ranks in the order; None where the query says nothing of such things."""

    classes: Mapping[int, Rank] | None
    places: Mapping[int, Rank] | None
    stretches: Sequence[tuple[Rank, str]]
    """Ranks of classes, with what their numbers begin with, three digits; in order."""
    lengths: Mapping[str, Collection[int]]
    """How many digits the numbers have that begin so."""

    @property
    def heads(self) -> list[str]:
        """What numbers of the classes begin with, in order."""
        return sorted(self.lengths)

    @property
    def is_hopeless(self) -> bool:
        return (
            not self.stretches
            or (self.classes is not None and not self.classes)
            or (self.places is not None and not self.places)
        )


async def look_up(connection: Connection, query: ItemQuery) -> Facts:
    """The classes and places that fit the query, those behind `query.after` only."""
    classes = await _classes(connection, query)
    places = None if classes == {} else await _places(connection, query)
    heads = await _heads(connection, query, classes)
    lengths: dict[str, set[int]] = {}
    for _, head, digits in heads:
        lengths.setdefault(head, set()).add(digits)
    return Facts(classes, places, sorted({(rank, head) for rank, head, _ in heads}), lengths)


async def _heads(
    connection: Connection, query: ItemQuery, classes: Mapping[int, Rank] | None
) -> list[tuple[Rank, str, int]]:
    where = Conditions()
    if classes is not None:
        where.add("class = any({}::bigint[])", list(classes))
    rank = "monthly_micros, setup_micros" if query.ordering is Ordering.PRICE else "0, 0"
    source = "item_class_heads join item_classes using (class)"
    sql = f"select distinct {rank}, head, digits from {source} where {where}"  # noqa: S608 (constants only)
    wanted = query.head.partition("*")[0].removeprefix("+")
    return [
        ((monthly, setup), head, digits)
        for monthly, setup, head, digits in await connection.fetch(sql, *where.arguments)
        if head.startswith(wanted[:HEAD]) or wanted.startswith(head)
    ]


async def _classes(connection: Connection, query: ItemQuery) -> dict[int, Rank] | None:
    by_price = query.ordering is Ordering.PRICE
    where = _class_conditions(query)
    if not where.texts and not by_price:
        return None
    sql = f"select class, monthly_micros, setup_micros from item_classes where {where}"  # noqa: S608 (constants only)
    rows = await connection.fetch(sql, *where.arguments)
    if not by_price:
        return {row["class"]: UNRANKED for row in rows}
    return _behind({row["class"]: (row["monthly_micros"], row["setup_micros"]) for row in rows}, query)


def _class_conditions(query: ItemQuery) -> Conditions:
    where = Conditions()
    if query.any_country:
        where.add("country = any({}::text[])", query.any_country)
    if query.kinds:
        where.add("type = any({}::text[])", [kind.value for kind in query.kinds])
    if query.capabilities:
        where.add("capabilities @> {}::text[]", query.capabilities)
    if query.incapable_of:
        where.add("not capabilities && {}::text[]", query.incapable_of)
    if query.without_documents:
        where.add("documents_required = '{{}}'")
    if query.max_setup_micros is not None:
        where.add("setup_micros <= {}", query.max_setup_micros)
    if query.max_monthly_micros is not None:
        where.add("monthly_micros <= {}", query.max_monthly_micros)
    if query.max_total_micros is not None:
        where.add("setup_micros + monthly_micros <= {}", query.max_total_micros)
    return where


async def _places(connection: Connection, query: ItemQuery) -> dict[int, Rank] | None:
    where = _place_conditions(query)
    if not where.texts:
        return None
    if query.any_country:
        where.add("country = any({}::text[])", query.any_country)
    sql = f"select place, latitude, longitude from item_places where {where}"  # noqa: S608 (constants only)
    rows = await connection.fetch(sql, *where.arguments)
    if query.near is None:
        return {row["place"]: UNRANKED for row in rows}
    distances = {row["place"]: distance_km(query.near, row["latitude"], row["longitude"]) for row in rows}
    within = {place: distance for place, distance in distances.items() if distance <= query.near.distance_km}
    if query.ordering is not Ordering.DISTANCE:
        return dict.fromkeys(within, UNRANKED)
    return _behind({place: (distance, 0) for place, distance in within.items()}, query)


def _place_conditions(query: ItemQuery) -> Conditions:
    where = Conditions()
    if query.region:
        where.add("region = {}", query.region)
    if query.locality:
        where.add("lower(locality) = lower({})", query.locality)
    if query.postal_code:
        where.add("postal_code = {}", query.postal_code)
    if query.near is not None:
        south, north, west, east = _box(query.near)
        where.add("latitude between {} and {}", south, north)
        where.add("longitude between {} and {}", west, east)
    return where


def _behind(ranks: dict[int, Rank], query: ItemQuery) -> dict[int, Rank]:
    """Those that hold something behind the place in the order where the page before ended."""
    if query.after is None:
        return ranks
    return {key: rank for key, rank in ranks.items() if rank >= query.after[:2]}


def _box(near: Near) -> tuple[float, float, float, float]:
    """South, north, west, east of a box around the circle; all longitudes where it comes near a pole or the date line.

    A hair larger than the circle: the circle itself decides.
    """
    height = near.distance_km / _KM_A_DEGREE * 1.01
    south, north = near.latitude - height, near.latitude + height
    if max(abs(south), abs(north)) > 85:
        return south, north, -180, 180
    half_width = height / min(_cosine(south), _cosine(north))
    west, east = near.longitude - half_width, near.longitude + half_width
    return (south, north, west, east) if west >= -180 and east <= 180 else (south, north, -180, 180)


def _cosine(degrees: float) -> float:
    return math.cos(math.radians(degrees))
