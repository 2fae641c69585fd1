-- Queries of the subject: webhooks.

-- name: add_endpoint
insert into webhook_endpoints (id, account_id, kind, name, url, method, secret, created_at, event_types)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: save_endpoint
update webhook_endpoints
set name = $2, url = $3, method = $4, secret = $5, previous_secret = $6, previous_secret_until = $7, enabled = $8,
    disabled_reason = $9, failures_in_a_row = $10, open_until = $11, updated_at = $12, deleted_at = $13,
    event_types = $14, failing_since = case when $10 = 0 then null else failing_since end
where id = $1;

-- name: find_endpoint
select * from webhook_endpoints where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock_endpoint
select * from webhook_endpoints where account_id = $1 and id = $2 and deleted_at is null for no key update;

-- name: lock_customer_endpoint
select * from webhook_endpoints
where account_id = $1 and kind = 'customer' and deleted_at is null
for no key update;

-- name: list_endpoints
select * from webhook_endpoints
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: count_extra_endpoints
select count(*) from webhook_endpoints where account_id = $1 and kind = 'extra' and deleted_at is null;

-- name: fail_open_deliveries
update webhook_deliveries
set status = 'failed', finished_at = $2, leased_by = null, leased_until = null
where endpoint_id = $1 and status in ('pending', 'sending');

-- name: list_deliveries
-- Deliveries with their attempts: one (by $4) or a page.
select delivery.id, delivery.account_id, delivery.endpoint_id, delivery.event_id, event.type as event_type,
       endpoint.url, delivery.status, delivery.attempts as attempt_count, delivery.due_at, delivery.created_at,
       delivery.replay_of, delivery.finished_at, coalesce(tries.list, '[]'::json) as attempts
from webhook_deliveries delivery
join events event on event.id = delivery.event_id
join webhook_endpoints endpoint on endpoint.id = delivery.endpoint_id
left join lateral (
    select json_agg(made order by made.attempt) as list
    from webhook_attempts made
    where made.delivery_id = delivery.id
) tries on true
where delivery.account_id = $1
  and ($2::timestamptz is null or delivery.created_at < $2)
  and ($4::uuid is null or delivery.id = $4)
  and ($5::uuid is null or delivery.endpoint_id = $5)
  and ($6::text is null or delivery.status = $6)
order by delivery.created_at desc, delivery.resource_seq desc, delivery.id desc
limit $3;

-- name: find_claimed
select delivery.id as delivery_id, delivery.event_id, delivery.resource_seq, delivery.attempts,
       coalesce(delivery.leased_by, 0) as leased_by, event.type as event_type, event.data::text as event_data, endpoint.*
from webhook_deliveries delivery
join events event on event.id = delivery.event_id
join webhook_endpoints endpoint on endpoint.id = delivery.endpoint_id
where delivery.account_id = $1 and delivery.id = $2;

-- name: add_hook_deliveries
-- A hook becomes an endpoint with its first message. The update touches nothing: it only makes "returning" give the row
-- that somebody else inserted at the same moment; a known one is not locked by those who deliver to it.
with incoming as (
    select *
    from json_to_recordset($1) as batch (
        endpoint_id uuid, account_id uuid, url text, method text, secret text, created_at timestamptz,
        delivery_id uuid, event_id uuid, ordered_by uuid
    )
),
known as (
    select endpoint.id, endpoint.account_id, endpoint.url, endpoint.method, endpoint.enabled
    from webhook_endpoints endpoint
    join (select distinct account_id, url, method from incoming) wanted using (account_id, url, method)
    where endpoint.kind = 'hook' and endpoint.deleted_at is null
),
made as (
    insert into webhook_endpoints (id, account_id, kind, url, method, secret, created_at)
    select distinct on (account_id, url, method) endpoint_id, account_id, 'hook', url, method, secret, created_at
    from incoming
    where not exists (
        select from known
        where known.account_id = incoming.account_id and known.url = incoming.url and known.method = incoming.method
    )
    order by account_id, url, method
    on conflict (account_id, url, method) where kind = 'hook' and deleted_at is null
        do update set updated_at = webhook_endpoints.updated_at
    returning id, account_id, url, method, enabled
)
insert into webhook_deliveries
    (id, account_id, endpoint_id, event_id, resource_id, resource_seq, due_at, created_at)
select incoming.delivery_id, incoming.account_id, endpoint.id, event.id, incoming.ordered_by, event.resource_seq,
       incoming.created_at, incoming.created_at
from incoming
join (select * from known union all select * from made) endpoint using (account_id, url, method)
join events event on event.id = incoming.event_id
where endpoint.enabled;


-- name: add_callback_deliveries
-- The same for status callbacks: an address becomes an endpoint with its first callback.
with incoming as (
    select *
    from json_to_recordset($1) as batch (
        endpoint_id uuid, account_id uuid, url text, method text, secret text, created_at timestamptz,
        delivery_id uuid, event_id uuid, ordered_by uuid
    )
),
known as (
    select endpoint.id, endpoint.account_id, endpoint.url, endpoint.method, endpoint.enabled
    from webhook_endpoints endpoint
    join (select distinct account_id, url, method from incoming) wanted using (account_id, url, method)
    where endpoint.kind = 'callback' and endpoint.deleted_at is null
),
made as (
    insert into webhook_endpoints (id, account_id, kind, url, method, secret, created_at)
    select distinct on (account_id, url, method) endpoint_id, account_id, 'callback', url, method, secret, created_at
    from incoming
    where not exists (
        select from known
        where known.account_id = incoming.account_id and known.url = incoming.url and known.method = incoming.method
    )
    order by account_id, url, method
    on conflict (account_id, url, method) where kind = 'callback' and deleted_at is null
        do update set updated_at = webhook_endpoints.updated_at
    returning id, account_id, url, method, enabled
)
insert into webhook_deliveries
    (id, account_id, endpoint_id, event_id, resource_id, resource_seq, due_at, created_at)
select incoming.delivery_id, incoming.account_id, endpoint.id, event.id, incoming.ordered_by, event.resource_seq,
       incoming.created_at, incoming.created_at
from incoming
join (select * from known union all select * from made) endpoint using (account_id, url, method)
join events event on event.id = incoming.event_id
where endpoint.enabled;

-- name: add_replay
insert into webhook_deliveries
    (id, account_id, endpoint_id, event_id, resource_id, resource_seq, due_at, replay_of, created_at)
select $2, account_id, endpoint_id, event_id, resource_id, resource_seq, $3, id, $3
from webhook_deliveries
where id = $1;

-- name: hasten
update webhook_deliveries set due_at = least(due_at, $2) where id = $1 and status = 'pending';

-- name: wake
select pg_notify('dialplane_work', 'deliveries');

-- name: lock_due_endpoints
-- One claim at a time looks at an endpoint, so that its count of deliveries in flight holds. The endpoint that has
-- waited longest comes first. What a claim or a settlement loses with the machine's power is sent again with the same id,
-- as it is after any crash: waiting for the disk at every step would cost more than the step.
with lazily as materialized (
    select set_config('synchronous_commit', 'off', true)
)
select endpoint.id
from lazily
cross join webhook_endpoints endpoint
cross join lateral (
    select due_at
    from webhook_deliveries delivery
    where delivery.endpoint_id = endpoint.id and delivery.status = 'pending' and delivery.due_at <= $1
    order by due_at
    limit 1
) oldest
where endpoint.enabled and endpoint.deleted_at is null and (endpoint.open_until is null or endpoint.open_until <= $1)
order by oldest.due_at
limit $2
for no key update of endpoint skip locked;

-- name: claim
-- A statement of its own after the lock, so that it sees what the last holder of the lock has claimed. It steps from
-- resource to resource through the index of open deliveries and looks only at the first of each, so that a long queue
-- of one resource costs no more than a short one.
with picked as (
    select pick.id
    from webhook_endpoints endpoint
    cross join lateral (
        with recursive first_of_resource as (
            (
                select id, resource_id, status, due_at
                from webhook_deliveries
                where endpoint_id = endpoint.id and status in ('pending', 'sending')
                order by resource_id, resource_seq
                limit 1
            )
            union all
            select following.*
            from first_of_resource last
            cross join lateral (
                select id, resource_id, status, due_at
                from webhook_deliveries
                where endpoint_id = endpoint.id and status in ('pending', 'sending') and resource_id > last.resource_id
                order by resource_id, resource_seq
                limit 1
            ) following
        )
        select id
        from first_of_resource
        where status = 'pending' and due_at <= $2
        limit greatest(
            0,
            case when endpoint.failures_in_a_row >= $6 then 1 else $5 end - (
                select count(*)
                from webhook_deliveries sending
                where sending.endpoint_id = endpoint.id and sending.status = 'sending'
            )
        )
    ) pick
    where endpoint.id = any ($1::uuid[])
    limit $7
),
claimed as (
    update webhook_deliveries delivery
    set status = 'sending', leased_by = $3, leased_until = $4
    from picked
    where delivery.id = picked.id and delivery.status = 'pending'
    returning delivery.*
)
select claimed.id as delivery_id, claimed.event_id, claimed.resource_seq, claimed.attempts, claimed.leased_by,
       event.type as event_type, event.data::text as event_data, endpoint.*
from claimed
join events event on event.id = claimed.event_id
join webhook_endpoints endpoint on endpoint.id = claimed.endpoint_id
order by claimed.resource_seq;

-- name: free_leases
-- A living worker holds the advisory lock ($2, its number); the lock goes with its connection.
update webhook_deliveries
set status = 'pending', leased_by = null, leased_until = null
where status = 'sending'
  and (
      leased_until <= $1
      or leased_by not in (
          select objid::bigint
          from pg_locks
          where locktype = 'advisory' and classid = $2::bigint::oid and granted
            and database = (select oid from pg_database where datname = current_database())
      )
  );

-- name: settle
-- What was sent, and what that says about the endpoints, in one round trip: settling is on the way of every webhook.
-- Successes close the breaker, $15 failures in a row open it, "gone" disables. Locked in one order by every worker. That
-- an endpoint is well is written down once a minute at most: a success of one that does not fail costs no write.
with outcome as (
    select *
    from unnest(
        $1::bigint[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::integer[], $7::integer[],
        $8::text[], $9::text[]
    ) as batch (worker, delivery_id, status, due_at, started_at, duration_ms, http_status, error, response_head)
),
settled as (
    update webhook_deliveries delivery
    set status = outcome.status, attempts = delivery.attempts + 1, due_at = outcome.due_at, leased_by = null,
        leased_until = null, finished_at = case when outcome.status = 'pending' then null else outcome.due_at end
    from outcome
    where delivery.id = outcome.delivery_id and delivery.status = 'sending' and delivery.leased_by = outcome.worker
    returning delivery.id, delivery.attempts
),
attempted as (
    insert into webhook_attempts (delivery_id, attempt, started_at, duration_ms, http_status, error, response_head)
    select settled.id, settled.attempts, started_at, duration_ms, http_status, error, response_head
    from settled
    join outcome on outcome.delivery_id = settled.id
),
verdict as (
    select *
    from unnest($10::uuid[], $11::boolean[], $12::integer[], $13::boolean[], $14::timestamptz[])
        as batch (endpoint_id, succeeded, failures, gone, open_until)
),
locked as materialized (
    select endpoint.id
    from webhook_endpoints endpoint
    join verdict on verdict.endpoint_id = endpoint.id
    where endpoint.failures_in_a_row <> 0 or verdict.failures > 0 or verdict.gone
       or endpoint.last_success_at is null or endpoint.last_success_at < $16::timestamptz - interval '1 minute'
    order by endpoint.id
    for no key update of endpoint
),
judged as (
    update webhook_endpoints endpoint
    set failures_in_a_row = case when verdict.succeeded then 0 else endpoint.failures_in_a_row end + verdict.failures,
        open_until = case
            when case when verdict.succeeded then 0 else endpoint.failures_in_a_row end + verdict.failures >= $15
            then verdict.open_until
        end,
        enabled = endpoint.enabled and not verdict.gone,
        disabled_reason = case
            when verdict.gone then 'the receiver answered 410 Gone'
            else endpoint.disabled_reason
        end,
        failing_since = case
            when verdict.failures = 0 then null
            when verdict.succeeded or endpoint.failing_since is null then $16
            else endpoint.failing_since
        end,
        last_success_at = case when verdict.succeeded then $16 else endpoint.last_success_at end
    from locked
    join verdict on verdict.endpoint_id = locked.id
    where endpoint.id = locked.id
)
select set_config('synchronous_commit', 'off', true);

-- name: postpone_followers
-- What waits behind a failed delivery waits at least as long, and does not come up at every claim meanwhile.
update webhook_deliveries follower
set due_at = ahead.due_at
from webhook_deliveries ahead
where ahead.id = any ($1::uuid[]) and ahead.status = 'pending'
  and follower.endpoint_id = ahead.endpoint_id and follower.resource_id = ahead.resource_id
  and follower.resource_seq > ahead.resource_seq and follower.status = 'pending' and follower.due_at < ahead.due_at;
