-- Queries of the subject: traces of calls.

-- name: add_many
insert into call_traces (call_id, account_id, created_at, signalling, facts)
select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bytea[], $5::json[])
on conflict (call_id) do nothing;

-- name: find
select * from call_traces where call_id = $2 and account_id = $1;

-- name: forget
delete from call_traces where created_at < $1;
