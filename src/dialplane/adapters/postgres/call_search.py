"""The search among calls as SQL: only the conditions that were given.

The text is put together from constants; what the user gave is bound.
"""

from dialplane.domain.calling.call_queries import CallLogQuery, CallOrdering, CallQuery
from dialplane.domain.calling.calls import NO_REFUSAL
from dialplane.domain.ids import AccountId

Statement = tuple[str, list[object]]

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
    conditions, arguments = _conditions(query)
    if query.after is not None:
        arguments.append(query.after)
        compared = "<" if query.descending else ">"
        place = f"(select created_at, id from calls where id = ${len(arguments)})"  # noqa: S608 (as below)
        conditions.append(f"(created_at, id) {compared} {place}")
    direction = "desc" if query.descending else "asc"
    arguments += [query.limit, query.offset]
    sql = (
        f"select *, {_NOW_RUNNING} from calls where {' and '.join(conditions)}"  # noqa: S608 (constants only; values are bound)
        f" order by {_COLUMN[query.ordering]} {direction}, id {direction}"
        f" limit ${len(arguments) - 1} offset ${len(arguments)}"
    )
    return sql, arguments


def count_sql(query: CallQuery) -> Statement:
    """How many rows there are on all pages."""
    conditions, arguments = _conditions(query)
    return f"select count(*) from calls where {' and '.join(conditions)}", arguments  # noqa: S608 (as above)


def log_sql(query: CallLogQuery, account_id: AccountId) -> Statement:
    """What is found among the calls that a page looks at."""
    conditions, arguments = _log_range(query, account_id)
    arguments.append(query.look_at)
    looked = (
        f"select * from calls where {' and '.join(conditions)}"  # noqa: S608 (as above)
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


def _conditions(query: CallQuery) -> tuple[list[str], list[object]]:
    arguments: list[object] = [list(query.account_ids)]
    conditions = ["account_id = any($1::uuid[])", "deleted_at is null"]

    def where(condition: str, value: object) -> None:
        if value:
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))

    where("(source ->> 'target' = {0} or raw_source = {0})", query.source)
    where("(destination ->> 'target' = {0} or raw_destination = {0})", query.destination)
    where(f"{_PROGRESS} = any({{}}::text[])", [each.value for each in query.progress])
    where("created_at >= {}", query.created.since)
    where("created_at < {}", query.created.until)
    where("ended_at >= {}", query.ended.since)
    where("ended_at < {}", query.ended.until)
    where("master_call_id = {}", query.master_call_id)
    where("extras ->> 'conference_id' = {}::text", str(query.conference_id or ""))
    return conditions, arguments
