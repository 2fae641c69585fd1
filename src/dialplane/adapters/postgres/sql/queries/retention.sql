-- Queries of the subject: retention.

-- name: make_parts
select make_partitions($1, $2);

-- name: drop_part
select drop_partition($1);

-- name: ended_parts
select kind, name, since_at, until_at from partitions where kind = $1 and until_at <= $2 order by until_at;

-- name: read_calls
select id, row_to_json(calls)::text as line from calls where id >= $1 and id < $2 and id > $3 order by id limit $4;

-- name: read_events
select id, row_to_json(events)::text as line from events where id >= $1 and id < $2 and id > $3 order by id limit $4;

-- name: take_runs
with old as (
    select id from runs where id < $1 and status = 'ended' order by id limit $2 for update skip locked
),
gone as (
    delete from runs using old where runs.id = old.id returning runs.*
)
select id, row_to_json(gone)::text as line from gone;

-- name: take_messages
-- Not what is still to be sent. The statement's parts see what was there before: the targets are read and deleted.
with old as (
    select id from messages
    where id < $1 and not exists (
        select from message_targets
        where message_id = messages.id and status in ('scheduled', 'held', 'queued')
    )
    order by id limit $2 for update skip locked
),
targets as (
    delete from message_targets using old where message_id = old.id returning message_targets.*
),
gone as (
    delete from messages using old where messages.id = old.id returning messages.*
)
select id, (
    row_to_json(gone)::jsonb
    || jsonb_build_object('targets', (select jsonb_agg(row_to_json(targets)) from targets where message_id = gone.id))
)::text as line
from gone;

-- name: take_deliveries
with old as (
    select id from webhook_deliveries
    where id < $1 and status in ('delivered', 'failed') order by id limit $2 for update skip locked
),
tries as (
    delete from webhook_attempts using old where delivery_id = old.id returning webhook_attempts.*
),
gone as (
    delete from webhook_deliveries using old where webhook_deliveries.id = old.id returning webhook_deliveries.*
)
select id, (
    row_to_json(gone)::jsonb
    || jsonb_build_object('tries', (select jsonb_agg(row_to_json(tries)) from tries where delivery_id = gone.id))
)::text as line
from gone;
