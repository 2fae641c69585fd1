"""The search among messages as SQL: only the conditions that were given.

The text is put together from constants; what the user gave is bound.
"""

from dialplane.domain.messaging.message_queries import MessageOrdering, MessageQuery

Statement = tuple[str, list[object]]

_FROM = "messages message join message_targets first on first.message_id = message.id and first.position = 0"
_COLUMN = {
    MessageOrdering.CREATED: "message.created_at",
    MessageOrdering.SOURCE: "message.source ->> 'target'",
    MessageOrdering.DESTINATION: "first.destination ->> 'target'",
    MessageOrdering.DIRECTION: "message.direction",
    MessageOrdering.STATUS: "first.status",
    MessageOrdering.TEXT: "message.text",
    MessageOrdering.PRICE: (
        "coalesce((select -amount_micros from ledger_entries"
        " where key = 'sms:' || message.id || case message.direction when 'inbound' then ':in' else ':0' end), 0)"
    ),
}
_TO = (
    "exists (select 1 from message_targets receiver"
    " where receiver.message_id = message.id and receiver.destination ->> 'target' = {0})"
)
_SENT = "coalesce(first.sent_at, message.created_at)"


def page_sql(query: MessageQuery) -> Statement:
    """The ids of one page."""
    conditions, arguments = _conditions(query)
    if query.after is not None:
        arguments.append(query.after)
        compared = "<" if query.descending else ">"
        place = f"(select created_at, id from messages where id = ${len(arguments)})"  # noqa: S608 (as below)
        conditions.append(f"(message.created_at, message.id) {compared} {place}")
    direction = "desc" if query.descending else "asc"
    arguments += [query.limit, query.offset]
    sql = (
        f"select message.id from {_FROM} where {' and '.join(conditions)}"  # noqa: S608 (constants; values are bound)
        f" order by {_COLUMN[query.ordering]} {direction}, message.id {direction}"
        f" limit ${len(arguments) - 1} offset ${len(arguments)}"
    )
    return sql, arguments


def count_sql(query: MessageQuery) -> Statement:
    """How many rows there are on all pages."""
    conditions, arguments = _conditions(query)
    return f"select count(*) from {_FROM} where {' and '.join(conditions)}", arguments  # noqa: S608 (as above)


def _conditions(query: MessageQuery) -> tuple[list[str], list[object]]:
    arguments: list[object] = [query.account_id]
    conditions = ["message.account_id = $1", "message.deleted_at is null"]

    def where(condition: str, value: object) -> None:
        if value:
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))

    where("(message.source ->> 'target' = {0} or message.raw_source = {0})", query.source)
    where(_TO, query.destination)
    where("first.status = any({}::text[])", [each.value for each in query.statuses])
    where("strpos(lower(message.text), lower({}::text)) > 0", query.text)
    where(f"{_SENT} >= {{}}", query.sent.since)
    where(f"{_SENT} < {{}}", query.sent.until)
    return conditions, arguments
