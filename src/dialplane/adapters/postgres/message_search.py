"""The search among messages as SQL."""

from dialplane.adapters.postgres.searches import Pages, Search, Statement
from dialplane.domain.messaging.message_queries import MessageOrdering, MessageQuery

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
    pages = Pages(_COLUMN[query.ordering], query.descending, query.after, query.limit, query.offset)
    return _search(query).page("message.id", pages)


def count_sql(query: MessageQuery) -> Statement:
    """How many rows there are on all pages."""
    return _search(query).count()


def _search(query: MessageQuery) -> Search:
    mine = ("message.account_id = $1", "message.deleted_at is null")
    search = Search("messages", "message", _FROM, *mine, arguments=[query.account_id])
    search.where("(message.source ->> 'target' = {0} or message.raw_source = {0})", query.source)
    search.where(_TO, query.destination)
    search.where("first.status = any({}::text[])", [each.value for each in query.statuses])
    search.where("strpos(lower(message.text), lower({}::text)) > 0", query.text)
    search.where(f"{_SENT} >= {{}}", query.sent.since)
    search.where(f"{_SENT} < {{}}", query.sent.until)
    return search
