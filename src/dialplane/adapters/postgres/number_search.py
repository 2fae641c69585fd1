"""The search among an account's numbers as SQL: only the conditions that were given.

The text is put together from constants; what the user gave is bound.
"""

from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.number_queries import NumberQuery

Statement = tuple[str, list[object]]


def page_sql(account_id: AccountId, query: NumberQuery) -> Statement:
    """One page of the rows."""
    conditions, arguments = _conditions(account_id, query)
    if query.after is not None:
        arguments.append(query.after)
        conditions.append(f"(created_at, id) > (select created_at, id from numbers where id = ${len(arguments)})")  # noqa: S608 (as below)
    direction = "desc" if query.descending else "asc"
    arguments += [query.limit, query.offset]
    sql = (
        f"select * from numbers where {' and '.join(conditions)}"  # noqa: S608 (constants only; values are bound)
        f" order by {query.ordering.value} {direction}, id {direction}"
        f" limit ${len(arguments) - 1} offset ${len(arguments)}"
    )
    return sql, arguments


def count_sql(account_id: AccountId, query: NumberQuery) -> Statement:
    """How many rows there are on all pages."""
    conditions, arguments = _conditions(account_id, query)
    return f"select count(*) from numbers where {' and '.join(conditions)}", arguments  # noqa: S608 (as above)


def _conditions(account_id: AccountId, query: NumberQuery) -> tuple[list[str], list[object]]:
    arguments: list[object] = [account_id]
    conditions = ["account_id = $1", "status <> 'released'"]

    def where(condition: str, *values: object) -> None:
        places = []
        for value in values:
            arguments.append(value)
            places.append(f"${len(arguments)}")
        conditions.append(condition.format(*places))

    if query.contains:
        where("number ~ {}", _pattern(query.contains))
    if query.name is not None:
        where("(name = {0} or (name = '' and number = {1}))", query.name, query.unnamed)
    if query.kinds:
        where("kind = any({}::text[])", [kind.value for kind in query.kinds])
    return conditions, arguments


def _pattern(text: str) -> str:
    """A star stands for a digit, and for itself in numbers such as `*77#`; all else is literal."""
    return "".join("[0-9*]" if each == "*" else each if each.isalnum() else f"\\{each}" for each in text)
