-- Queries of the subject: idempotency.

-- name: begin
insert into idempotency_keys (account_id, key, fingerprint, state, backend_pid, backend_started_at, began_at)
select $1, $2, $3, 'running', pid, backend_start, $4 from pg_stat_activity where pid = pg_backend_pid()
on conflict do nothing
returning true

-- name: lock
-- A session of this start time that is gone: the process that worked on the request is gone, too.
select fingerprint, state = 'done' as is_done, status, body, began_at,
    state = 'running' and not exists (
        select from pg_stat_activity a where a.pid = backend_pid and a.backend_start = backend_started_at
    ) as is_abandoned
from idempotency_keys where account_id = $1 and key = $2
for update

-- name: take_over
insert into idempotency_keys (account_id, key, fingerprint, state, backend_pid, backend_started_at, began_at)
select $1, $2, $3, 'running', pid, backend_start, $4 from pg_stat_activity where pid = pg_backend_pid()
on conflict (account_id, key) do update set
    fingerprint = excluded.fingerprint, state = 'running', backend_pid = excluded.backend_pid,
    backend_started_at = excluded.backend_started_at, began_at = excluded.began_at,
    status = null, body = null, finished_at = null

-- name: finish
update idempotency_keys set state = 'done', status = $3, body = $4, finished_at = $5
where account_id = $1 and key = $2

-- name: abandon
delete from idempotency_keys where account_id = $1 and key = $2 and state = 'running'

-- name: forget_before
delete from idempotency_keys where (account_id, key) in (
    select account_id, key from idempotency_keys where began_at < $1 order by began_at limit $2
)
