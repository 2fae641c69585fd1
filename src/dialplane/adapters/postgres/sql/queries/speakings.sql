-- Queries of the subject: speech streamed into calls and conferences.

-- name: save
-- $1: a JSON array with one speaking.
insert into speakings (
    id, account_id, reference_type, reference_id, language, provider, voice_id, direction, status, node, created_at,
    ended_at, updated_at, deleted_at
)
select
    id, account_id, reference_type, reference_id, language, provider, voice_id, direction, status, node, created_at,
    ended_at, updated_at, deleted_at
from jsonb_populate_recordset(null::speakings, $1)
on conflict (id) do update set
    status = excluded.status, ended_at = excluded.ended_at, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at;

-- name: find
select * from speakings where id = $2 and account_id = $1 and deleted_at is null;

-- name: lock
select * from speakings where id = $2 and account_id = $1 and deleted_at is null for update;

-- name: list_for
select * from speakings where account_id = $1 and deleted_at is null order by created_at desc, id desc limit $2;

-- name: lock_on_node
select * from speakings where node = $1 and status <> 'stopped' order by id for update;
