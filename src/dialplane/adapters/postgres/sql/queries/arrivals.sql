-- Queries of the subject: what has reached a number last. An account's newest rows are looked at, and no more than
-- these: a number that nobody has called in ten thousand calls is as good as never called.

-- name: last_call
select created_at, status, hangup_reason, cause_text
from (
    select number_id, direction, created_at, status, hangup_reason, cause_text from calls
    where account_id = $1 and deleted_at is null order by created_at desc limit 10000
) recent
where number_id = $2 and direction = 'incoming' order by created_at desc limit 1

-- name: last_message
select created_at
from (
    select number_id, direction, created_at from messages
    where account_id = $1 and deleted_at is null order by created_at desc limit 10000
) recent
where number_id = $2 and direction = 'inbound' order by created_at desc limit 1

-- name: last_refusal
select created_at, reason
from (
    select raw_destination, reason, created_at from refused_calls order by created_at desc limit 10000
) recent
where raw_destination = any($1::text[]) order by created_at desc limit 1
