"""The operator's look at the stock as SQL: stretches of indexes that hold what fits, merged in the order of numbers.

Left alone, Postgres walks ten million numbers to find the five that fit. So each statement says where to look: with the
account, the trunk or the carrier where one is given, else in each state that is wanted, place by place or class by
class (see migrations 0018 and 0061; both are few). Of a stretch no more than a page is read.

The text is put together from constants; what the user gave is bound.
"""

from collections.abc import Iterator

from dialplane.adapters.postgres.item_facts import Conditions
from dialplane.adapters.postgres.item_patterns import following
from dialplane.domain.supply.inventory import OWNED, ItemState, StockQuery

_NUMBER = 'number collate "C"'
"""As the indexes have it."""


def stock_sql(query: StockQuery, *, after: str, limit: int) -> tuple[str, list[object]]:
    """The statement and its arguments: items by number, after the number `after`."""
    where = Conditions()
    where.add(f"{_NUMBER} > {{}}", after)
    page = f"order by {_NUMBER} limit {where.bind(limit)}"
    stretches = [
        f"select found.number from {keys} cross join lateral "  # noqa: S608 (constants only; values are bound)
        f"(select number from inventory_items where {fits} {page}) as found"
        for keys, fits in _stretches(query, where)
    ]
    sql = (
        f"select inventory_items.* from (select number from ({' union all '.join(stretches)}) as all_found {page}) "  # noqa: S608 (as above)
        f"as shown join inventory_items using (number) order by {_NUMBER}"
    )
    return sql, where.arguments


def _stretches(query: StockQuery, where: Conditions) -> Iterator[tuple[str, Conditions]]:
    """Tables of keys with the conditions of the numbers of each key; `where` holds for all."""
    classes, places = _of_class(query, where), _of_place(query, where)
    if query.starts_with:
        start = f"+{query.starts_with}"
        where.add(f"{_NUMBER} >= {{}} and {_NUMBER} < {{}}", start, following(start))
    for column in ("carrier", "account_id", "trunk_id"):
        if value := getattr(query, column):
            where.add(f"{column} = {{}}", value)
    if query.account_id or query.trunk_id or query.carrier not in ("", OWNED):
        yield _ONE_KEY, _joined(where, _among(query.states), _by_key("class", classes), _by_key("place", places))
        return
    for state in query.states or tuple(ItemState):
        standing = f"state = '{state.value}'"  # a constant, so that it is seen which index has such items
        if places.texts:
            keys = f"(select place from item_places where {places}) as keys"  # noqa: S608 (as above)
            yield keys, _joined(where, standing, "place = keys.place", _by_key("class", classes))
        elif classes.texts or state is not ItemState.OFFERED:
            keys = f"(select class from item_classes where {classes}) as keys"  # noqa: S608 (as above)
            yield keys, _joined(where, standing, "class = keys.class")
        else:
            yield _ONE_KEY, _joined(where, standing)


_ONE_KEY = "(select) as keys"
"""Nothing is looked up in parts."""


def _of_class(query: StockQuery, where: Conditions) -> Conditions:
    found = where.beside()
    if query.country:
        found.add("country = {}", query.country)
    if query.kinds:
        found.add("type = any({}::text[])", [kind.value for kind in query.kinds])
    return found


def _of_place(query: StockQuery, where: Conditions) -> Conditions:
    found = where.beside()
    if query.locality:
        found.add("lower(locality) = lower({})", query.locality)
    if query.region:
        found.add("region = {}", query.region)
    return found


def _by_key(column: str, keys: Conditions) -> str:
    """Where the keys are no stretches of their own."""
    if not keys.texts:
        return ""
    return f"{column} = any(array(select {column} from item_{_TABLES[column]} where {keys}))"  # noqa: S608 (as above)


_TABLES = {"class": "classes", "place": "places"}


def _among(states: tuple[ItemState, ...]) -> str:
    """Hidden, so that Postgres takes the index of the account, trunk or carrier and walks no states."""
    return f"(state || '') in ({', '.join(repr(state.value) for state in states)})" if states else ""


def _joined(where: Conditions, *texts: str) -> Conditions:
    joined = where.beside()
    joined.texts = [*where.texts, *filter(None, texts)]
    return joined
