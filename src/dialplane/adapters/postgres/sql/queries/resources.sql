-- Queries that all small resources share; {table} and {changes} are those of one, {equal} is a filter.

-- name: save
insert into {table} select * from jsonb_populate_recordset(null::{table}, $1)
on conflict (id) do update set {changes};

-- name: add
insert into {table} select * from jsonb_populate_recordset(null::{table}, $1) on conflict (id) do nothing returning id;

-- name: find
select * from {table} where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock
select * from {table} where account_id = $1 and id = $2 and deleted_at is null for update;

-- name: list_for
select * from {table}
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2){equal}
order by created_at desc, id desc limit $3;

-- name: count
select count(*) from {table} where account_id = $1 and deleted_at is null{equal};
