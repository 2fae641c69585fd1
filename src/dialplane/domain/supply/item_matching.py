"""Whether something that can be had is what a query looks for, and where it stands in the order that is asked for.

The store answers the same from its indexes. This is for stock that lies elsewhere: carriers' answers are rarely as
narrow as the question.
"""

import math
import re
from typing import Protocol

from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import ItemQuery, Near, Ordering, SortKey

_EARTH_KM = 6371.0


class Had(Protocol):
    """What is looked at: an item, an offer, a line of an import."""

    @property
    def number(self) -> str: ...
    @property
    def kind(self) -> NumberKind: ...
    @property
    def country(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def locality(self) -> str: ...
    @property
    def postal_code(self) -> str: ...
    @property
    def latitude(self) -> float | None: ...
    @property
    def longitude(self) -> float | None: ...
    @property
    def capabilities(self) -> tuple[str, ...]: ...
    @property
    def setup_micros(self) -> int: ...
    @property
    def monthly_micros(self) -> int: ...
    @property
    def documents_required(self) -> tuple[str, ...]: ...


def fits(query: ItemQuery, had: Had) -> bool:
    """Whether every part of the query holds; its place in the order (`after`) counts, page and offset do not."""
    return (
        _has_digits(query, had.number)
        and _is_of_kind(query, had)
        and _is_cheap_enough(query, had)
        and _lies_there(query, had)
        and (query.after is None or sort_key(query, had) > query.after)
    )


def sort_key(query: ItemQuery, had: Had) -> SortKey:
    """Where it stands in the query's order. Of what fits the query only: a distance needs coordinates."""
    if query.ordering is Ordering.PRICE:
        return had.monthly_micros, had.setup_micros, had.number
    if query.ordering is Ordering.DISTANCE and query.near and had.latitude is not None and had.longitude is not None:
        return distance_km(query.near, had.latitude, had.longitude), 0, had.number
    return 0, 0, had.number


def distance_km(near: Near, latitude: float, longitude: float) -> float:
    """Haversine, on a sphere of 6,371 km."""
    here, there = math.radians(near.latitude), math.radians(latitude)
    across = math.radians(longitude - near.longitude)
    half_chord = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half_chord)))


def _has_digits(query: ItemQuery, number: str) -> bool:
    digits = number[1:]
    return (
        (not query.number or query.number == number)
        and re.match(_expression(query.head.removeprefix("+")), digits) is not None
        and all(re.search(_expression(part), digits) for part in query.parts)
        and re.search(_expression(query.ends_with) + r"\Z", digits) is not None
    )


def _expression(pattern: str) -> str:
    return pattern.replace("*", "[0-9]")


def _is_of_kind(query: ItemQuery, had: Had) -> bool:
    return (
        (not query.any_country or had.country in query.any_country)
        and (not query.kinds or had.kind in query.kinds)
        and set(query.capabilities) <= set(had.capabilities)
        and not set(query.incapable_of) & set(had.capabilities)
        and not (query.without_documents and had.documents_required)
    )


def _is_cheap_enough(query: ItemQuery, had: Had) -> bool:
    prices = (
        (query.max_setup_micros, had.setup_micros),
        (query.max_monthly_micros, had.monthly_micros),
        (query.max_total_micros, had.setup_micros + had.monthly_micros),
    )
    return all(most is None or price <= most for most, price in prices)


def _lies_there(query: ItemQuery, had: Had) -> bool:
    if query.near is not None:
        if had.latitude is None or had.longitude is None:
            return False
        if distance_km(query.near, had.latitude, had.longitude) > query.near.distance_km:
            return False
    return (
        (not query.region or had.region == query.region)
        and (not query.locality or had.locality.lower() == query.locality.lower())
        and (not query.postal_code or had.postal_code == query.postal_code)
    )
