-- Queries of the subject: transcriptions.

-- name: save
-- What is over stays over.
insert into transcriptions select * from jsonb_populate_recordset(null::transcriptions, $1)
on conflict (id) do update set
    status = excluded.status, error = excluded.error, message = excluded.message, node = excluded.node,
    duration_ms = excluded.duration_ms, leased_until = excluded.leased_until, ended_at = excluded.ended_at,
    updated_at = excluded.updated_at
where transcriptions.status = 'progressing';

-- name: find
select * from transcriptions where id = $2 and account_id = $1 and deleted_at is null;

-- name: lock
select * from transcriptions where id = $2 and account_id = $1 and deleted_at is null for update;

-- name: list_for
select * from transcriptions
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
  and ($4 = '' or reference_type = $4) and ($5::uuid is null or reference_id = $5)
order by created_at desc, id desc
limit $3;

-- name: query
select *, count(*) over () as total from transcriptions
where account_id = $1 and deleted_at is null
  and ($2::timestamptz is null or created_at >= $2) and ($3::timestamptz is null or created_at < $3)
  and ($4 = '' or message ilike '%' || replace(replace(replace($4, '\', '\\'), '%', '\%'), '_', '\_') || '%')
  and ($5::uuid is null or reference_id = $5)
order by created_at desc, id desc
limit $6 offset $7;

-- name: live_on
select * from transcriptions
where reference_type = 'call' and status = 'progressing' and node = $1
for update;

-- name: claim
-- The oldest whose recording is over and that nobody works on; what a dead worker began is begun anew.
update transcriptions set leased_until = $2
where id = (
    select waiting.id from transcriptions waiting join recordings on recordings.id = waiting.reference_id
    where waiting.reference_type = 'recording' and waiting.status = 'progressing'
      and (waiting.leased_until is null or waiting.leased_until < $1)
      and recordings.status in ('ended', 'failed')
    order by waiting.created_at
    limit 1
    for update of waiting skip locked
)
returning *;

-- name: extend_lease
update transcriptions set leased_until = $2 where id = $1 and status = 'progressing' returning id;

-- name: delete
update transcriptions set deleted_at = $3, updated_at = $3 where id = $2 and account_id = $1;

-- name: add_transcript
insert into transcripts select * from jsonb_populate_recordset(null::transcripts, $1);

-- name: forget_transcripts
delete from transcripts where transcription_id = $1;

-- name: transcripts_of
select * from transcripts
where transcription_id = $1 and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: message_of
-- All that was said, in the order of the conversation.
select string_agg(message, ' ' order by began_ms, id) as message from transcripts where transcription_id = $1;
