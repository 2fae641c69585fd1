-- Queries of the subject: runs.

-- name: add_many
-- $1: a JSON array of runs; one statement for any number of them. Gives back the ids that were not there yet.
insert into runs (
    id, account_id, flow_id, flow_version, is_canary, status, reference_type, reference_id, reference_run_id,
    on_complete_flow_id, complete_count, webhook_uri, webhook_method, variables, current_action, forward_action_id, executed_actions,
    error, created_at, updated_at, ended_at, deleted_at
)
select
    id, account_id, flow_id, flow_version, is_canary, status, reference_type, reference_id, reference_run_id,
    on_complete_flow_id, complete_count, webhook_uri, webhook_method, variables, current_action, forward_action_id, executed_actions,
    error, created_at, updated_at, ended_at, deleted_at
from json_populate_recordset(null::runs, $1)
on conflict (id) do nothing
returning id;

-- name: save_progress
-- Write where runs stand, each run once at most; those that have ended stay as they are and are not given back.
-- $1: their ids, which by themselves lead the planner to the index; $2: a JSON array of where they stand.
update runs set
    status = case when batch.ended then 'ended' else 'running' end,
    current_action = batch.current_action,
    forward_action_id = batch.forward_action_id,
    executed_actions = batch.executed_actions,
    variables = batch.variables,
    error = batch.error,
    updated_at = batch.at,
    ended_at = case when batch.ended then batch.at end
from json_to_recordset($2) as batch (
    id uuid, ended boolean, current_action json, forward_action_id uuid, executed_actions json, variables json,
    error text, at timestamptz
)
where runs.id = any($1::text::uuid[]) and runs.id = batch.id and runs.status = 'running'
returning runs.id;

-- name: find
select * from runs where id = $2 and account_id = $1 and deleted_at is null;

-- name: lock
select * from runs where id = $2 and account_id = $1 and deleted_at is null for update;

-- name: list_for
select * from runs
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: count_canary
select count(*), count(*) filter (where error <> '') as failed from runs
where is_canary and flow_id = $2 and flow_version = $3 and account_id = $1;

-- name: newest_of_canary
select * from runs
where is_canary and flow_id = $2 and flow_version = $3 and account_id = $1
order by created_at desc limit $4;

-- name: end
update runs set status = 'ended', error = $3, ended_at = $2, updated_at = $2 where id = $1;

-- name: continue
insert into run_continuations (run_id, continued_at) values ($1, $2)
on conflict (run_id) do update set continued_at = excluded.continued_at;

-- name: continued_at
select continued_at from run_continuations where run_id = $1;

-- name: delete
update runs set deleted_at = $2, updated_at = $2 where id = $1;

-- name: abandoned
-- Runs without a call that no process drives any more: their driver would have ended them by now.
select * from runs
where status = 'running' and reference_type in ('', 'api', 'conversation', 'recording')
    and created_at < $1
order by created_at
limit $2
for update skip locked;
