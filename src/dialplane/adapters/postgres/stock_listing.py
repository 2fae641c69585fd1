"""The operator's look at the stock as SQL: only the conditions that were given.

The text is put together from constants; what the user gave is bound.
"""

from dialplane.domain.supply.inventory import StockQuery


def stock_sql(query: StockQuery, *, after: str, limit: int) -> tuple[str, list[object]]:
    """The statement and its arguments: items by number, after the number `after`."""
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
