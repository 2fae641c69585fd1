-- Queries of the subject: recordings.

-- name: save
insert into recordings select * from jsonb_populate_recordset(null::recordings, $1)
on conflict (id) do update set
    status = excluded.status, ended_by = excluded.ended_by, duration_ms = excluded.duration_ms,
    started_at = excluded.started_at, ended_at = excluded.ended_at, updated_at = excluded.updated_at;

-- name: find
select * from recordings where id = $2 and account_id = $1 and deleted_at is null;

-- name: list_for
select * from recordings
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: delete
update recordings set deleted_at = $3, updated_at = $3 where id = $2 and account_id = $1;

-- name: find_paths
select path from recordings where id = any($1::uuid[]) and deleted_at is null;
