"""The search for numbers as SQL: only the conditions that were given, each in the form that its index answers.

The text is put together from constants; what the user gave is bound.
"""

import math

from dialplane.domain.inventory import ItemQuery, Near, StockQuery

_KM_A_DEGREE = 111.32
"""Of latitude, and of longitude at the equator."""


def search_sql(query: ItemQuery, *, lock_one: bool = False) -> tuple[str, list[object]]:
    """The statement and its arguments. With `lock_one` it locks one item that nobody else has locked."""
    arguments: list[object] = []
    conditions = ["state = 'offered'"]

    def where(condition: str, *values: object) -> None:
        places = []
        for value in values:
            arguments.append(value)
            places.append(f"${len(arguments)}")
        conditions.append(condition.format(*places))

    if query.country:
        where("country = {}", query.country)
    if query.kinds:
        where("type = any({}::text[])", [kind.value for kind in query.kinds])
    if query.head:
        where("number like {}", _like(query.head) + "%")
    if query.ends_with:
        where("reverse(number) like {}", _like(query.ends_with[::-1]) + "%")
    if query.contains:
        # The trigrams narrow it down by their index; the pattern itself decides.
        trigrams = _trigrams(query.contains)
        if trigrams:
            where("digit_trigrams(number) @> {}::text[]", trigrams)
        where("number like {}", f"%{_like(query.contains)}%")
    if query.region:
        where("region = {}", query.region)
    if query.locality:
        where("lower(locality) = lower({})", query.locality)
    if query.postal_code:
        where("postal_code = {}", query.postal_code)
    if query.capabilities:
        where("capabilities @> {}::text[]", list(query.capabilities))
    if query.incapable_of:
        where("not capabilities && {}::text[]", list(query.incapable_of))
    if query.without_documents:
        conditions.append("documents_required = '{}'")
    if query.max_monthly_micros is not None:
        where("monthly_micros <= {}", query.max_monthly_micros)
    order = "number"
    if query.near is not None:
        south, north, west, east = _box(query.near)
        where("latitude between {} and {}", south, north)
        where("longitude between {} and {}", west, east)
        where(_DISTANCE_KM + " <= {2}", query.near.latitude, query.near.longitude, query.near.distance_km)
        # the two arguments of the distance are the last but one and two
        order = _DISTANCE_KM.format(f"${len(arguments) - 2}", f"${len(arguments) - 1}")
    arguments.append(1 if lock_one else query.limit)
    sql = f"select * from inventory_items where {' and '.join(conditions)} order by {order} limit ${len(arguments)}"  # noqa: S608 (constants only; values are bound)
    if lock_one:
        return sql + " for update skip locked", arguments
    if query.offset:
        arguments.append(query.offset)
        sql += f" offset ${len(arguments)}"
    return sql, arguments


def stock_sql(query: StockQuery, *, after: str, limit: int) -> tuple[str, list[object]]:
    """The operator's look at the stock: by number, after the number `after`."""
    arguments: list[object] = [after, limit]
    conditions = ["number > $1"]

    def where(condition: str, value: object) -> None:
        arguments.append(value)
        conditions.append(condition.format(f"${len(arguments)}"))

    if query.states:
        where("state = any({}::text[])", [state.value for state in query.states])
    if query.kinds:
        where("type = any({}::text[])", [kind.value for kind in query.kinds])
    if query.starts_with:
        where("number like {}", f"+{query.starts_with}%")
    if query.locality:
        where("lower(locality) = lower({})", query.locality)
    for column in ("country", "region", "carrier", "account_id", "trunk_id"):
        value = getattr(query, column)
        if value:
            where(f"{column} = {{}}", value)
    sql = f"select * from inventory_items where {' and '.join(conditions)} order by number limit $2"  # noqa: S608 (constants only; values are bound)
    return sql, arguments


_DISTANCE_KM = (
    "(12742 * asin(least(1, sqrt(power(sin(radians(latitude - {0}::float8) / 2), 2)"
    " + cos(radians({0}::float8)) * cos(radians(latitude)) * power(sin(radians(longitude - {1}::float8) / 2), 2)))))"
)
"""Haversine, on a sphere of 6,371 km."""


def _like(pattern: str) -> str:
    """`*` is one digit. The pattern was checked: it holds digits, `+` and `*` only."""
    return pattern.replace("*", "_")


def _trigrams(pattern: str) -> list[str]:
    found = {pattern[i : i + 3] for i in range(len(pattern) - 2)}
    return sorted(trigram for trigram in found if "*" not in trigram)


def _box(near: Near) -> tuple[float, float, float, float]:
    """South, north, west, east of a box around the circle; the whole width near the poles."""
    height = near.distance_km / _KM_A_DEGREE
    width = height / max(math.cos(math.radians(near.latitude)), 0.01)
    return near.latitude - height, near.latitude + height, near.longitude - width, near.longitude + width
