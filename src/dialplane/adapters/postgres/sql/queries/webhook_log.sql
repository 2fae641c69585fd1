-- Queries of the subject: the log of webhooks.

-- name: find_by_event
-- A delivery is made with its event, so the index by account and time leads to it.
select delivery.id
from webhook_deliveries delivery
join events event on event.id = delivery.event_id
where event.id = $2 and event.account_id = $1
  and delivery.account_id = $1 and delivery.created_at = event.occurred_at and delivery.replay_of is null
order by delivery.id
limit 100;

-- name: health
-- $4: how many attempts at most.
with made as (
    select attempt.started_at, attempt.duration_ms, attempt.http_status, attempt.error
    from webhook_deliveries delivery
    join webhook_attempts attempt on attempt.delivery_id = delivery.id
    where delivery.account_id = $1 and delivery.endpoint_id = $2 and delivery.created_at >= $3
    order by delivery.created_at desc
    limit $4
),
waiting as (
    select created_at
    from webhook_deliveries
    where endpoint_id = $2 and status in ('pending', 'sending')
    limit 10000
)
select
    (select count(*) from made) as attempts,
    (select count(*) from made where error <> '' or http_status is null or http_status not between 200 and 299)
        as failed,
    (select percentile_disc(0.5) within group (order by duration_ms) from made where http_status is not null) as p50_ms,
    (select percentile_disc(0.99) within group (order by duration_ms) from made where http_status is not null)
        as p99_ms,
    greatest(
        endpoint.last_success_at,
        (select max(started_at) from made where error = '' and http_status between 200 and 299)
    ) as last_success_at,
    endpoint.failing_since,
    coalesce(
        (
            select coalesce(nullif(error, ''), 'HTTP ' || http_status)
            from made
            where error <> '' or http_status is null or http_status not between 200 and 299
            order by started_at desc
            limit 1
        ),
        ''
    ) as last_error,
    (select count(*) from waiting) as waiting,
    (select min(created_at) from waiting) as oldest_waiting_at
from webhook_endpoints endpoint
where endpoint.id = $2 and endpoint.account_id = $1;

-- name: moment
-- The number first: whoever begins after the snapshot draws a higher one.
with drawn as materialized (
    select coalesce(pg_sequence_last_value(pg_get_serial_sequence('events', 'resource_seq')::regclass), 0) as number
)
select number, pg_snapshot_xmin(snapshot)::text::bigint as oldest, pg_snapshot_xmax(snapshot)::text::bigint as following
from drawn, pg_current_snapshot() snapshot;

-- name: list_window
select id, account_id, type, resource, resource_id, data::text as data, data->>'owner_id' as owner_id, resource_seq,
       occurred_at
from events
where account_id = $1 and (public or $7 and type in ('status_callback', 'message_hooked'))
  and resource_seq > $2 and resource_seq <= $3
  and coalesce(xid, '0') >= $4::bigint::text::xid8 and coalesce(xid, '0') < $5::bigint::text::xid8
order by resource_seq
limit $6;

-- name: count_replayable
select count(*)
from (
    select
    from webhook_deliveries delivery
    join events event on event.id = delivery.event_id
    where delivery.account_id = $1
      and ($2::uuid is null or delivery.endpoint_id = $2)
      and ($3::text is null or delivery.status = $3)
      and case when $4::text like '%*' then starts_with(event.type, rtrim($4, '*')) else $4 in ('', event.type) end
      and ($5::timestamptz is null or delivery.created_at >= $5) and delivery.created_at < $6
    limit $7
) fitting;

-- name: add_replay
insert into webhook_replays
    (id, account_id, endpoint_id, status, event_type, created_from, created_until, total, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: save_replay
update webhook_replays set state = $2, replayed = $3, skipped = $4, finished_at = $5 where id = $1;

-- name: find_replay
select * from webhook_replays where account_id = $1 and id = $2;

-- name: lock_replay
select * from webhook_replays where account_id = $1 and id = $2 for no key update;

-- name: find_running
select * from webhook_replays where account_id = $1 and state = 'running' limit 1;

-- name: list_replays
select * from webhook_replays
where account_id = $1 and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: lock_running
select * from webhook_replays where state = 'running' order by created_at limit 1 for no key update skip locked;

-- name: replay_step
-- $1: the job, $2: how many, $3: now. The job remembers how far it is; oldest first, so that the order within a resource
-- holds between the steps too.
with job as materialized (
    select * from webhook_replays where id = $1
),
batch as materialized (
    select delivery.*, endpoint.enabled and endpoint.deleted_at is null as may
    from job
    join webhook_deliveries delivery on delivery.account_id = job.account_id
    join webhook_endpoints endpoint on endpoint.id = delivery.endpoint_id
    join events event on event.id = delivery.event_id
    where (job.endpoint_id is null or delivery.endpoint_id = job.endpoint_id)
      and (job.status is null or delivery.status = job.status)
      and case
          when job.event_type like '%*' then starts_with(event.type, rtrim(job.event_type, '*'))
          else job.event_type in ('', event.type)
      end
      and delivery.created_at >= coalesce(greatest(job.reached_at, job.created_from), '-infinity')
      and delivery.created_at < job.created_until
      and (
          job.reached_at is null
          or (delivery.created_at, delivery.resource_seq, delivery.id) > (job.reached_at, job.reached_seq, job.reached_id)
      )
    order by delivery.created_at, delivery.resource_seq, delivery.id
    limit $2
),
again as (
    insert into webhook_deliveries
        (id, account_id, endpoint_id, event_id, resource_id, resource_seq, due_at, replay_of, created_at)
    select gen_random_uuid(), account_id, endpoint_id, event_id, resource_id, resource_seq, $3, id, $3
    from batch
    where may and status in ('delivered', 'failed')
),
hastened as (
    update webhook_deliveries waiting
    set due_at = $3
    from batch
    where waiting.id = batch.id and batch.may and waiting.status = 'pending' and waiting.due_at > $3
),
reached as (
    update webhook_replays replay
    set reached_at = last.created_at, reached_seq = last.resource_seq, reached_id = last.id
    from (select * from batch order by created_at desc, resource_seq desc, id desc limit 1) last
    where replay.id = $1
)
select count(*) as looked_at, count(*) filter (where may) as replayed from batch;
