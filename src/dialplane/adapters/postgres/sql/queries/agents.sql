-- Queries of the subject: agents.

-- name: save_agent
insert into agents select * from jsonb_populate_recordset(null::agents, $1)
on conflict (id) do update set
    password_hash = excluded.password_hash, name = excluded.name, detail = excluded.detail,
    permission = excluded.permission, ring_method = excluded.ring_method, status = excluded.status,
    tag_ids = excluded.tag_ids, addresses = excluded.addresses, direct_hash = excluded.direct_hash,
    idle_since = excluded.idle_since, free_at = excluded.free_at, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at;

-- name: find_agent
select * from agents where id = $1 and deleted_at is null;

-- name: lock_agent
select * from agents where id = $1 and deleted_at is null for update;

-- name: find_agent_by_username
select * from agents where lower(username) = lower($1) and deleted_at is null;

-- name: find_agent_by_direct_hash
select * from agents where direct_hash = $1 and deleted_at is null;

-- name: list_agents
-- $4, $5: with any of these tags, and of this status; empty: whatever they have.
select * from agents
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
    and ($4::uuid[] = '{}' or tag_ids && $4) and ($5::text = '' or status = $5)
order by created_at desc, id desc
limit $3;

-- name: count_agents
select count(*) from agents where account_id = $1 and deleted_at is null;

-- name: count_admins
select count(*) from agents where account_id = $1 and deleted_at is null and permission & 32 <> 0;

-- name: lock_agents_left_ringing
-- Nobody can be ringing them: their account has no call left.
select * from agents
where status = 'ringing' and deleted_at is null
    and not exists (select from calls where calls.account_id = agents.account_id and calls.status <> 'hangup')
order by id for update;

-- name: agents_in_wrap_up
select * from agents where status = 'busy' and free_at is not null and deleted_at is null order by free_at;

-- name: lock_agents_at_work
-- Who is free or busy, in one order for all who choose among them.
select * from agents
where account_id = $1 and status in ('available', 'busy') and deleted_at is null
order by id for update;
