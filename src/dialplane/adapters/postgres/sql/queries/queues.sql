-- Queries of the subject: queues and who waits in them.

-- name: save
insert into queues select * from jsonb_populate_recordset(null::queues, $1)
on conflict (id) do update set
    name = excluded.name, detail = excluded.detail, routing_method = excluded.routing_method,
    tag_ids = excluded.tag_ids, wait_flow_id = excluded.wait_flow_id, wait_timeout_ms = excluded.wait_timeout_ms,
    service_timeout_ms = excluded.service_timeout_ms, wrap_up_ms = excluded.wrap_up_ms, max_size = excluded.max_size,
    direct_hash = excluded.direct_hash, total_incoming_count = excluded.total_incoming_count,
    total_serviced_count = excluded.total_serviced_count, total_abandoned_count = excluded.total_abandoned_count,
    updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find
select * from queues where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock
select * from queues where account_id = $1 and id = $2 and deleted_at is null for update;

-- name: lock_named
select * from queues where account_id = $1 and name = $2 and by_name and deleted_at is null for update;

-- name: find_by_direct_hash
select * from queues where direct_hash = $1 and deleted_at is null;

-- name: list_for
select * from queues
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: page
select *, count(*) over () as total from queues where account_id = $1 and deleted_at is null
order by created_at desc, id desc offset $2 limit $3;

-- name: count
select count(*) from queues where account_id = $1 and deleted_at is null;

-- name: lock_of
select * from queues where account_id = any($1::uuid[]) and deleted_at is null order by id for update;

-- name: save_calls
insert into queuecalls select * from jsonb_populate_recordset(null::queuecalls, $1)
on conflict (id) do update set
    status = excluded.status, service_agent_id = excluded.service_agent_id, service_at = excluded.service_at,
    ended_at = excluded.ended_at, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: live_in
-- Who waits or is served, the longest waiting first.
select * from queuecalls where queue_id = any($1::uuid[]) and ended_at is null order by created_at, id;

-- name: find_call
select * from queuecalls where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock_call
select * from queuecalls where account_id = $1 and id = $2 and deleted_at is null for update;

-- name: find_call_of
select * from queuecalls where account_id = $1 and call_id = $2 and ended_at is null order by created_at desc limit 1;

-- name: calls_for
select * from queuecalls
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: average_talk
-- Of the last hundred talks, in seconds.
select avg(extract(epoch from ended_at - service_at))::float8 from (
    select service_at, ended_at from queuecalls
    where queue_id = $1 and service_at is not null and ended_at is not null
    order by created_at desc limit 100
) as talks;

-- name: on_node
select * from queuecalls where node = $1 and ended_at is null order by id for update;
