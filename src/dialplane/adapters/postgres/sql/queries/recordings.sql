-- Queries of the subject: recordings.

-- name: save
-- What is over stays over: an order that was late does not bring it back.
insert into recordings (
    id, account_id, call_id, conference_id, run_id, node, source, channels, track, status, format, path,
    on_end_flow_id, status_callback, ended_by, error, duration_ms, size_bytes, started_at, ended_at, created_at,
    updated_at, deleted_at
)
select id, account_id, call_id, conference_id, run_id, node, source, channels, track, status, format, path,
       on_end_flow_id, status_callback, ended_by, error, duration_ms, size_bytes, started_at, ended_at, created_at,
       updated_at, deleted_at
from jsonb_populate_recordset(null::recordings, $1)
on conflict (id) do update set
    status = excluded.status, channels = excluded.channels, ended_by = excluded.ended_by, error = excluded.error,
    duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes, started_at = excluded.started_at,
    ended_at = excluded.ended_at, updated_at = excluded.updated_at
where recordings.status not in ('ended', 'failed');

-- name: find
select * from recordings where id = $2 and account_id = $1 and deleted_at is null;

-- name: lock
select * from recordings where id = $2 and account_id = $1 and deleted_at is null for update;

-- name: find_sound
select * from recordings where id = $1 and deleted_at is null;

-- name: live_of_call
select * from recordings
where call_id = $2 and account_id = $1 and deleted_at is null and status not in ('ended', 'failed')
order by created_at desc
limit 1
for update;

-- name: live_on
select * from recordings where node = $1 and status not in ('ended', 'failed') order by created_at for update;

-- name: unheeded
select * from recordings where status = 'initiating' and created_at < $1 order by created_at limit 200
for update skip locked;

-- name: list_for
select * from recordings
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: query
select * from recordings
where account_id = $1 and deleted_at is null
  and ($2::uuid is null or call_id = $2) and ($3::uuid is null or conference_id = $3)
  and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5)
  and ($6::uuid is null or (created_at, id) < (select before.created_at, before.id from recordings before where before.id = $6))
order by created_at desc, id desc
offset $7 limit $8;

-- name: query_ordered
-- The same in another order: $6 is `created`, `duration` or `call`, $7 whether the greatest comes first.
select * from recordings
where account_id = $1 and deleted_at is null
  and ($2::uuid is null or call_id = $2) and ($3::uuid is null or conference_id = $3)
  and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5)
order by
    case when $6 = 'duration' and $7 then -duration_ms when $6 = 'duration' then duration_ms end,
    case when $6 = 'call' and not $7 then call_id end,
    case when $6 = 'call' and $7 then call_id end desc,
    case when $6 = 'created' and not $7 then created_at end,
    created_at desc, id desc
offset $8 limit $9;

-- name: count
select count(*) from recordings
where account_id = $1 and deleted_at is null
  and ($2::uuid is null or call_id = $2) and ($3::uuid is null or conference_id = $3)
  and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5);

-- name: delete
update recordings set deleted_at = $3, updated_at = $3 where id = $2 and account_id = $1;

-- name: find_paths
select path from recordings where id = any($1::uuid[]) and deleted_at is null;

-- name: outlived
-- Ended recordings that are older than their account, or else the platform, keeps them.
select recording.* from recordings recording
left join recording_retention own on own.account_id = recording.account_id
left join recording_retention common on common.account_id is null
where recording.deleted_at is null and recording.status in ('ended', 'failed')
  and recording.created_at < $1::timestamptz - make_interval(days => coalesce(own.days, common.days))
order by recording.created_at
limit $2
for update of recording skip locked;

-- name: find_retention
select days from recording_retention where account_id is not distinct from $1;

-- name: put_retention
insert into recording_retention (account_id, days) values ($1, $2)
on conflict (account_id) do update set days = excluded.days;

-- name: delete_retention
delete from recording_retention where account_id is not distinct from $1;
