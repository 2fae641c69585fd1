-- Queries of the subject: group calls.

-- name: save
-- $1: a JSON array with one group call.
insert into groupcalls (
    id, account_id, status, source, destinations, ring_method, answer_method, node, flow_id, master_call_id, call_ids,
    answer_call_id, dial_index, created_at, updated_at, ended_at, deleted_at
)
select
    id, account_id, status, source, destinations, ring_method, answer_method, node, flow_id, master_call_id, call_ids,
    answer_call_id, dial_index, created_at, updated_at, ended_at, deleted_at
from jsonb_populate_recordset(null::groupcalls, $1)
on conflict (id) do update set
    status = excluded.status, call_ids = excluded.call_ids, answer_call_id = excluded.answer_call_id,
    dial_index = excluded.dial_index, updated_at = excluded.updated_at, ended_at = excluded.ended_at,
    deleted_at = excluded.deleted_at;

-- name: find
select * from groupcalls where id = $2 and account_id = $1 and deleted_at is null;

-- name: list_for
select * from groupcalls
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: lock_on_node
-- Asked once, when a node starts.
select * from groupcalls where node = $1 and status <> 'hangup' order by id for update;

-- name: lock_live_of
select * from groupcalls where account_id = any($1::uuid[]) and deleted_at is null and status <> 'hangup'
order by id for update;
