"""The search among calls as SQL."""

from dialplane.adapters.postgres.searches import Pages, Search, Statement
from dialplane.domain.calling.call_queries import CallLogQuery, CallOrdering, CallQuery
from dialplane.domain.calling.calls import NO_REFUSAL
from dialplane.domain.ids import AccountId

_REFUSED = f"sip_code >= 400 and sip_code not in {NO_REFUSAL}"
_PROGRESS = (
    "case when progressing_at is not null then case status when 'hangup' then 'completed' else 'in-progress' end"
    " when status = 'dialing' then 'queued' when status <> 'hangup' then 'ringing'"
    " when hangup_reason = 'busy' then 'busy'"
    f" when hangup_reason <> 'cancel' and {_REFUSED} then 'failed'"
    " when hangup_reason in ('cancel', 'normal') then 'canceled'"
    " when hangup_reason in ('noanswer', 'timeout', 'dialout') then 'no-answer' else 'failed' end"
)
"""`call_queries.CallProgress` of a row."""
_NOW_RUNNING = (
    "(select current_action from runs where calls.status <> 'hangup' and runs.id = calls.run_id"
    " and runs.reference_id = calls.id) as now_running"
)
"""What a live call does: its run is written at every step, the call's row only when its state changes."""
_COLUMN = {
    CallOrdering.CREATED: "created_at",
    CallOrdering.SOURCE: "source ->> 'target'",
    CallOrdering.DESTINATION: "destination ->> 'target'",
    CallOrdering.DIRECTION: "direction",
    CallOrdering.PROGRESS: _PROGRESS,
    CallOrdering.DURATION: "coalesce(ended_at - progressing_at, interval '0')",
    CallOrdering.PRICE: "coalesce((select -amount_micros from ledger_entries where key = 'call:' || calls.id), 0)",
}


def page_sql(query: CallQuery) -> Statement:
    """One page of the rows."""
    pages = Pages(_COLUMN[query.ordering], query.descending, query.after, query.limit, query.offset)
    return _search(query).page(f"*, {_NOW_RUNNING}", pages)


def count_sql(query: CallQuery) -> Statement:
    """How many rows there are on all pages."""
    return _search(query).count()


def log_sql(query: CallLogQuery, account_id: AccountId) -> Statement:
    """What is found among the calls that a page looks at."""
    conditions, arguments = _log_range(query, account_id)
    arguments.append(query.look_at)
    looked = (
        f"select * from calls where {' and '.join(conditions)}"  # noqa: S608 (constants only; values are bound)
        f" order by created_at desc, id desc limit ${len(arguments)}"
    )
    conditions = ["true"]

    def where(condition: str, value: object) -> None:
        if value is not None and value != "":
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))

    where(_PARTY, query.number)
    where("direction = {}", query.direction and query.direction.value)
    where(f"{_PROGRESS} = {{}}", query.progress and query.progress.value)
    where("(hangup_reason = {} and ended_at is not null)", query.reason and query.reason.value)
    where("position(lower({0}::text) in lower(" + _TEXT + ")) > 0", query.text)
    arguments.append(query.limit)
    sql = (
        f"select * from ({looked}) calls where {' and '.join(conditions)}"  # noqa: S608 (as above)
        f" order by created_at desc, id desc limit ${len(arguments)}"
    )
    return sql, arguments


def log_end_sql(query: CallLogQuery, account_id: AccountId) -> Statement:
    """The last call that a page looks at, where there are as many."""
    conditions, arguments = _log_range(query, account_id)
    arguments.append(query.look_at - 1)
    sql = (
        f"select created_at, id from calls where {' and '.join(conditions)}"  # noqa: S608 (as above)
        f" order by created_at desc, id desc offset ${len(arguments)} limit 1"
    )
    return sql, arguments


_PARTY = "{0}::text in (source ->> 'target', destination ->> 'target', raw_source, raw_destination)"
_TEXT = (
    "concat_ws(' ', source ->> 'target', source ->> 'target_name', destination ->> 'target',"
    " destination ->> 'target_name', raw_source, raw_destination, cause_text, sip_call_id,"
    " extras ->> 'caller_name', id::text)"
)


def _log_range(query: CallLogQuery, account_id: AccountId) -> tuple[list[str], list[object]]:
    arguments: list[object] = [account_id]
    conditions = ["account_id = $1", "deleted_at is null"]
    for condition, value in (("created_at >= {}", query.created.since), ("created_at < {}", query.created.until)):
        if value is not None:
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))
    if query.after is not None:
        arguments += query.after
        place = f"(${len(arguments) - 1}::timestamptz, ${len(arguments)}::uuid)"
        # the first condition alone is the index's; the second parts calls of one moment
        conditions += [f"created_at <= ${len(arguments) - 1}::timestamptz", f"(created_at, id) < {place}"]
    return conditions, arguments


def _search(query: CallQuery) -> Search:
    mine = ("account_id = any($1::uuid[])", "deleted_at is null")
    search = Search("calls", "calls", "calls", *mine, arguments=[list(query.account_ids)])
    search.where("(source ->> 'target' = {0} or raw_source = {0})", query.source)
    search.where("(destination ->> 'target' = {0} or raw_destination = {0})", query.destination)
    search.where(f"{_PROGRESS} = any({{}}::text[])", [each.value for each in query.progress])
    search.where("created_at >= {}", query.created.since)
    search.where("created_at < {}", query.created.until)
    search.where("ended_at >= {}", query.ended.since)
    search.where("ended_at < {}", query.ended.until)
    search.where("master_call_id = {}", query.master_call_id)
    search.where("extras ->> 'conference_id' = {}::text", str(query.conference_id or ""))
    return search
