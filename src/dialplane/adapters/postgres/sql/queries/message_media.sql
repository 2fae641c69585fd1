-- Queries of the subject: message_media.

-- name: add
insert into message_media (id, message_id, account_id, position, url, content_type, state, due_at, created_at)
select item.id, $1, $2, item.position - 1, item.url, item.content_type, 'waiting', $6, $6
from unnest($3::uuid[], $4::text[], $5::text[]) with ordinality as item (id, url, content_type, position);

-- name: list
select id, message_id, account_id, position, url, content_type, created_at, size_bytes, state, reason, attempts
from message_media
where account_id = $1 and message_id = $2 and deleted_at is null
order by position;

-- name: find
select id, message_id, account_id, position, url, content_type, created_at, size_bytes, state, reason, attempts
from message_media
where id = $1 and deleted_at is null;

-- name: find_keys
-- A message that was deleted takes its media with it.
select media.account_id || '/' || media.id as key
from message_media media
join messages message on message.id = media.message_id
where media.id = any ($1::uuid[]) and media.deleted_at is null and message.deleted_at is null;

-- name: claim
with picked as (
    select id from message_media
    where state = 'waiting' and deleted_at is null and due_at <= $1
    order by due_at
    limit $3
    for update skip locked
)
update message_media media
set due_at = $2, attempts = attempts + 1
from picked
where media.id = picked.id
returning media.id, media.message_id, media.account_id, media.position, media.url, media.content_type, media.created_at,
          media.size_bytes, media.state, media.reason, media.attempts;

-- name: save
update message_media set content_type = $2, size_bytes = $3, state = $4, reason = $5 where id = $1;

-- name: delete
update message_media set deleted_at = $2 where id = $1;
