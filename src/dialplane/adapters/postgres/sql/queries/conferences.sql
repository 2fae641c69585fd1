-- Queries of the subject: conferences and who is in them.

-- name: save
insert into conferences select * from jsonb_populate_recordset(null::conferences, $1)
on conflict (id) do update set
    name = excluded.name, detail = excluded.detail, timeout_s = excluded.timeout_s, data = excluded.data,
    pre_flow_id = excluded.pre_flow_id, post_flow_id = excluded.post_flow_id, status = excluded.status,
    node = excluded.node, callback = excluded.callback, direct_hash = excluded.direct_hash,
    recording_ids = excluded.recording_ids, recording_id = excluded.recording_id,
    transcription_ids = excluded.transcription_ids,
    end_reason = excluded.end_reason, ended_by = excluded.ended_by,
    started_at = excluded.started_at, ended_at = excluded.ended_at, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at;

-- name: find
select * from conferences where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock
select * from conferences where account_id = $1 and id = $2 and deleted_at is null for update;

-- name: lock_session
select * from conferences where account_id = $1 and name = $2 and is_session and ended_at is null for update;

-- name: find_by_direct_hash
select * from conferences where direct_hash = $1 and deleted_at is null;

-- name: list_for
select * from conferences
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: lock_of
select * from conferences where account_id = any($1::uuid[]) and deleted_at is null and ended_at is null
order by id for update;

-- name: count
select count(*) from conferences where account_id = $1 and deleted_at is null and ended_at is null;

-- name: query
-- Filters of Restcomm's and Twilio's lists: null is whatever there is; $3 is a part of the name.
select *, count(*) over () as total from conferences
where account_id = $1 and deleted_at is null
    and ($2::text[] is null or case
        when status in ('terminating', 'terminated') then 'completed'
        when started_at is null then 'init' else 'in-progress' end = any($2))
    and ($3::text is null or name = $3)
    and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5)
    and ($6::timestamptz is null or coalesce(updated_at, created_at) >= $6)
    and ($7::timestamptz is null or coalesce(updated_at, created_at) < $7)
order by created_at desc, id desc
offset $8 limit $9;

-- name: outlived
-- Rooms made before $1 that nobody entered, and conferences whose time was over before $2 while nobody was in.
select * from conferences
where ended_at is null and node = '' and deleted_at is null
    and (is_session and created_at < $1 or timeout_s > 0 and created_at + timeout_s * interval '1 second' < $2)
order by id limit $3 for update skip locked;

-- name: on_node
select * from conferences where node = $1 and ended_at is null order by id for update;

-- name: save_participants
insert into conferencecalls select * from jsonb_populate_recordset(null::conferencecalls, $1)
on conflict (id) do update set
    status = excluded.status, label = excluded.label, muted = excluded.muted, hold = excluded.hold,
    coached_call_id = excluded.coached_call_id, starts = excluded.starts, ends = excluded.ends,
    joined_at = excluded.joined_at, left_at = excluded.left_at, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at;

-- name: participants_in
select * from conferencecalls where conference_id = any($1::uuid[]) and left_at is null order by created_at, id;

-- name: find_participant
select * from conferencecalls where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock_participant
select * from conferencecalls where account_id = $1 and id = $2 and deleted_at is null for update;

-- name: participants_for
select * from conferencecalls
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;
