-- Queries of the subject: calls, refused calls, voice nodes and their mailboxes.

-- name: save_many
-- $1: a JSON array of calls; one statement for any number of them.
insert into calls (
    id, account_id, direction, status, type, flow_id, run_id, number_id, master_call_id, chained_call_ids,
    recording_ids, source, destination, cost_type, raw_source, raw_destination, sip_call_id, node, action, hangup_by,
    hangup_reason, sip_code, cause, cause_text, metadata, extras, route, ringing_at, progressing_at, ended_at, created_at,
    updated_at, deleted_at
)
select
    id, account_id, direction, status, type, flow_id, run_id, number_id, master_call_id, chained_call_ids,
    recording_ids, source, destination, cost_type, raw_source, raw_destination, sip_call_id, node, action, hangup_by,
    hangup_reason, sip_code, cause, cause_text, metadata, extras, route, ringing_at, progressing_at, ended_at, created_at,
    updated_at, deleted_at
from jsonb_populate_recordset(null::calls, $1)
on conflict (id) do update set
    status = excluded.status,
    flow_id = excluded.flow_id,
    run_id = excluded.run_id,
    chained_call_ids = excluded.chained_call_ids,
    recording_ids = excluded.recording_ids,
    sip_call_id = excluded.sip_call_id,
    node = excluded.node,
    action = excluded.action,
    hangup_by = excluded.hangup_by,
    hangup_reason = excluded.hangup_reason,
    sip_code = excluded.sip_code,
    cause = excluded.cause,
    cause_text = excluded.cause_text,
    metadata = excluded.metadata,
    extras = excluded.extras,
    ringing_at = excluded.ringing_at,
    progressing_at = excluded.progressing_at,
    ended_at = excluded.ended_at,
    updated_at = excluded.updated_at
where calls.status <> 'hangup';

-- name: update_many
-- $1: ids, which by themselves lead the planner to the index; $2: a JSON array of what changes of those calls; $3, $4: the
-- least and the greatest of the ids, by which all parts of the table are passed over that hold none of them.
update calls set
    status = batch.status,
    flow_id = batch.flow_id,
    run_id = batch.run_id,
    chained_call_ids = batch.chained_call_ids,
    recording_ids = batch.recording_ids,
    sip_call_id = batch.sip_call_id,
    node = batch.node,
    action = batch.action,
    hangup_by = batch.hangup_by,
    hangup_reason = batch.hangup_reason,
    sip_code = batch.sip_code,
    cause = batch.cause,
    cause_text = batch.cause_text,
    metadata = batch.metadata,
    extras = batch.extras,
    ringing_at = batch.ringing_at,
    progressing_at = batch.progressing_at,
    ended_at = batch.ended_at,
    updated_at = batch.updated_at
from json_populate_recordset(null::calls, $2) as batch
where calls.id = any($1::text::uuid[]) and calls.id between $3 and $4 and calls.id = batch.id and calls.status <> 'hangup'
returning calls.id;

-- name: refuse_many
insert into refused_calls (id, source_host, raw_source, raw_destination, sip_code, reason, route, created_at)
select id, source_host, raw_source, raw_destination, sip_code, reason, route, created_at
from jsonb_populate_recordset(null::refused_calls, $1);

-- name: list_refused
select id, source_host, raw_source, raw_destination, sip_code, reason, created_at, route from refused_calls
where $1::timestamptz is null or created_at < $1
order by created_at desc
limit $2;

-- name: find
select *, (
    select current_action from runs
    where calls.status <> 'hangup' and runs.id = calls.run_id and runs.reference_id = calls.id
) as now_running
from calls where id = $2 and account_id = $1 and deleted_at is null;

-- name: find_live
select * from calls where id = $1 and status <> 'hangup';

-- name: list_with
-- Of the newest $5: there is no index by party, whose upkeep every call would pay for.
select *, (
    select current_action from runs
    where calls.status <> 'hangup' and runs.id = calls.run_id and runs.reference_id = calls.id
) as now_running
from (
    select * from calls
    where account_id = $1 and deleted_at is null and ($3::timestamptz is null or created_at < $3)
    order by created_at desc limit $5
) as calls
where (case direction when 'incoming' then source else destination end)::jsonb ->> 'target' = any($2::text[])
order by created_at desc, id desc limit $4;

-- name: list_for
select *, (
    select current_action from runs
    where calls.status <> 'hangup' and runs.id = calls.run_id and runs.reference_id = calls.id
) as now_running
from calls
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: delete
update calls set deleted_at = $3, updated_at = $3 where id = $2 and account_id = $1;

-- name: live_of
select * from calls where account_id = any($1::uuid[]) and status <> 'hangup' and deleted_at is null;

-- name: list_live
-- All living calls first, from the small index that holds no others; an account's whole log may be long.
with live as materialized (
    select * from calls where status <> 'hangup' and account_id = $1 and deleted_at is null
)
select * from live order by created_at desc, id desc limit $2;

-- name: live_on
select * from calls where node = $1 and status <> 'hangup' order by created_at for update;

-- name: list_defences
select name, seen_at, defence from nodes where seen_at > $1 order by name;

-- name: last_seen
select seen_at from nodes where name = $1;

-- name: pick_node
select name from nodes
where seen_at > $1 and not draining
order by (select count(*) from calls where calls.node = nodes.name and calls.status <> 'hangup'), name
limit 1;

-- name: post_commands
with posted as (
    insert into node_commands (id, node, call_id, kind, payload, created_at)
    select id, node, call_id, kind, payload, created_at
    from jsonb_populate_recordset(null::node_commands, $1)
    returning node
)
select pg_notify('dialplane_node', node) from (select distinct node from posted) as nodes;

-- name: take_commands
with oldest as (
    select id from node_commands where node = $1 order by id limit $2 for update skip locked
)
delete from node_commands using oldest where node_commands.id = oldest.id
returning node_commands.*;
