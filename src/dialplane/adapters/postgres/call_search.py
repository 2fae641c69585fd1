"""The search among calls as SQL: only the conditions that were given.

The text is put together from constants; what the user gave is bound.
"""

from dialplane.domain.calling.call_queries import CallOrdering, CallQuery

Statement = tuple[str, list[object]]

_PROGRESS = (
    "case when progressing_at is not null then case status when 'hangup' then 'completed' else 'in-progress' end"
    " when status = 'dialing' then 'queued' when status <> 'hangup' then 'ringing'"
    " when hangup_reason = 'busy' then 'busy' when hangup_reason in ('cancel', 'normal') then 'canceled'"
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
