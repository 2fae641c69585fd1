"""A search among the rows of one table, put together of the conditions that were given.

The text is made of constants; what the user gave is bound.
"""

from dataclasses import dataclass
from uuid import UUID

Statement = tuple[str, list[object]]


@dataclass(frozen=True, slots=True)
class Pages:
    """Which rows of all that fit: by `order` and then by id, those behind the row `after`, from `offset` on."""

    order: str
    """An expression over the row."""
    descending: bool
    after: UUID | None
    limit: int
    offset: int


class Search:
    """`name` is what `rows`, a from clause, calls the rows of `table`; they have `id` and `created_at`."""

    def __init__(self, table: str, name: str, rows: str, *always: str, arguments: list[object]) -> None:
        """`always` are conditions with the `arguments` in their places."""
        self._table = table
        self._name = name
        self._rows = rows
        self._conditions = [*always]
        self._arguments = arguments

    def where(self, condition: str, value: object) -> None:
        """Add a condition, `{}` standing for the value; none where the value is empty."""
        if value:
            self._arguments.append(value)
            self._conditions.append(condition.format(f"${len(self._arguments)}"))

    def count(self) -> Statement:
        """How many rows there are on all pages."""
        conditions = " and ".join(self._conditions)
        return f"select count(*) from {self._rows} where {conditions}", list(self._arguments)  # noqa: S608 (constants only; values are bound)

    def page(self, columns: str, pages: Pages) -> Statement:
        """One page of the rows."""
        conditions, arguments = [*self._conditions], [*self._arguments]
        if pages.after is not None:
            arguments.append(pages.after)
            place = f"(select created_at, id from {self._table} where id = ${len(arguments)})"  # noqa: S608 (as above)
            compared = "<" if pages.descending else ">"
            conditions.append(f"({self._name}.created_at, {self._name}.id) {compared} {place}")
        direction = "desc" if pages.descending else "asc"
        arguments += [pages.limit, pages.offset]
        sql = (
            f"select {columns} from {self._rows} where {' and '.join(conditions)}"  # noqa: S608 (as above)
            f" order by {pages.order} {direction}, {self._name}.id {direction}"
            f" limit ${len(arguments) - 1} offset ${len(arguments)}"
        )
        return sql, arguments
