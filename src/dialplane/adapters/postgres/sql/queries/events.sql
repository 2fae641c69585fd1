-- Queries of the subject: events.

-- name: append
-- Keeps a batch of events, makes their deliveries, wakes the workers where there is something to deliver, and hints
-- whoever watches the accounts, event by event, in the order of the commits.
-- $1: a JSON array of events, $2: what each tells, a line of JSON each; a batch of any size is one round trip, and two
-- arguments cost the client a fraction of what eight arrays do. What is told stands beside the rest, so that it is read
-- once, when it is stored; its array is asked for by a query, so that no plan depends on its length.
-- A delivery is due at once: events of the sandbox's moved billing clock may have occurred tomorrow.
with incoming as (
    select *
    from rows from (
        json_to_recordset($1) as (
            id uuid, account_id uuid, type text, resource_id uuid, occurred_at timestamptz, run_id uuid, public boolean
        ),
        unnest((select string_to_array($2::text, E'\n')::json[]))
    ) with ordinality
        as batch (id, account_id, type, resource_id, occurred_at, run_id, public, data, position)
),
kept as (
    insert into events (id, account_id, type, resource, resource_id, data, occurred_at, run_id, public)
    select id, account_id, type, split_part(type, '_', 1), resource_id, data, occurred_at, run_id, public
    from incoming
    order by position
    returning id, account_id, type, resource, resource_id, resource_seq, occurred_at, run_id, public
),
-- Each run is looked at once, however many events tell of it.
hooked as materialized (
    select id as run_id, account_id, webhook_uri as url, coalesce(nullif(webhook_method, ''), 'POST') as method
    from runs
    where id = any(array(select distinct run_id from incoming where public)) and webhook_uri <> ''
),
hooks_of_runs as (
    select distinct account_id, url, method from hooked
),
-- An activeflow's address becomes an endpoint with the first event. The update touches nothing: it only makes
-- "returning" give the row that somebody else inserted at the same moment.
made as (
    insert into webhook_endpoints (id, account_id, kind, url, method, secret, created_at)
    select gen_random_uuid(), account_id, 'run', url, method,
           'whsec_' || encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), now()
    from hooks_of_runs hook
    where not exists (
        select
        from webhook_endpoints known
        where known.kind = 'run' and known.account_id = hook.account_id and known.url = hook.url
          and known.method = hook.method and known.deleted_at is null
    )
    on conflict (account_id, url, method) where kind = 'run' and deleted_at is null
        do update set updated_at = webhook_endpoints.updated_at
    returning id, account_id, url, method
),
wanted as (
    select kept.*, endpoint.id as endpoint_id
    from kept
    join webhook_endpoints endpoint on endpoint.account_id = kept.account_id
    where kept.public and endpoint.kind in ('customer', 'extra') and endpoint.enabled and endpoint.deleted_at is null
      and (endpoint.event_types = '{}' or endpoint.event_types && array[kept.type, kept.resource || '_*'])
    union all
    select kept.*, coalesce(made.id, known.id)
    from kept
    join hooked hook on hook.run_id = kept.run_id
    left join made on made.account_id = hook.account_id and made.url = hook.url and made.method = hook.method
    left join webhook_endpoints known on known.kind = 'run' and known.account_id = hook.account_id
        and known.url = hook.url and known.method = hook.method and known.deleted_at is null
    where kept.public and (made.id is not null or known.enabled)
),
delivered as (
    insert into webhook_deliveries
        (id, account_id, endpoint_id, event_id, resource_id, resource_seq, due_at, created_at)
    select gen_random_uuid(), account_id, endpoint_id, id, resource_id, resource_seq,
           least(occurred_at, now()), occurred_at
    from wanted
    returning 1
)
select pg_notify('dialplane_work', 'deliveries') where exists (select from delivered)
union all
select pg_notify('dialplane_events', kept.id::text)
from kept
where kept.public and exists (
    select from event_watchers watcher where watcher.account_id = kept.account_id and watcher.until > now()
);

-- name: append_outside_runs
-- The same for events that belong to no run, without the work of looking for runs.
with kept as (
    insert into events (id, account_id, type, resource, resource_id, data, occurred_at, public)
    select id, account_id, type, split_part(type, '_', 1), resource_id, data, occurred_at, public
    from rows from (
        json_to_recordset($1) as (
            id uuid, account_id uuid, type text, resource_id uuid, occurred_at timestamptz, public boolean
        ),
        unnest((select string_to_array($2::text, E'\n')::json[]))
    ) with ordinality as batch (id, account_id, type, resource_id, occurred_at, public, data, position)
    order by position
    returning id, account_id, type, resource, resource_id, resource_seq, occurred_at, public
),
delivered as (
    insert into webhook_deliveries
        (id, account_id, endpoint_id, event_id, resource_id, resource_seq, due_at, created_at)
    select gen_random_uuid(), kept.account_id, endpoint.id, kept.id, kept.resource_id, kept.resource_seq,
           least(kept.occurred_at, now()), kept.occurred_at
    from kept
    join webhook_endpoints endpoint on endpoint.account_id = kept.account_id
    where kept.public and endpoint.kind in ('customer', 'extra') and endpoint.enabled and endpoint.deleted_at is null
      and (endpoint.event_types = '{}' or endpoint.event_types && array[kept.type, kept.resource || '_*'])
    returning 1
)
select pg_notify('dialplane_work', 'deliveries') where exists (select from delivered)
union all
select pg_notify('dialplane_events', kept.id::text)
from kept
where kept.public and exists (
    select from event_watchers watcher where watcher.account_id = kept.account_id and watcher.until > now()
);

-- name: watch
-- $1: accounts, $2: the process, $3: for how long.
with expired as (
    delete from event_watchers where until < now()
)
insert into event_watchers (account_id, watcher, until)
select account_id, $2, now() + $3 from unnest($1::uuid[]) as account_id
on conflict (account_id, watcher) do update set until = excluded.until;

-- name: next_xid
select pg_snapshot_xmax(pg_current_snapshot())::text::bigint;

-- name: oldest_xid
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

-- name: find_many
select id, account_id, type, resource, resource_id, data::text as data, data->>'owner_id' as owner_id,
    case when resource in ('aimessage', 'chatmessage', 'chatparticipant', 'webchat')
        then coalesce(data->>'aicall_id', data->>'chat_id', data->>'session_id')
    end as conversation_id,
    case when resource in ('chat', 'chatmessage', 'chatparticipant') then array(
        select agent_id from agent_chat_participants
        where chat_id = coalesce((data->>'chat_id')::uuid, resource_id)
          and created_at <= occurred_at and coalesce(deleted_at, 'infinity') >= occurred_at
    ) end as member_ids
from events
where id = any($1)
order by resource_seq;

-- name: find_place
select resource_seq, coalesce(horizon, '0')::text::bigint as horizon
from events
where id = $2 and account_id = $1 and public;

-- name: list_after
-- $2, $3: number and horizon of the event after which to go on, $4: its id. What was still being written when that one
-- was is among them: it may have been seen, or not. No batch that is being written is longer than the stretch that is
-- looked back.
select id, account_id, type, resource, resource_id, data::text as data, data->>'owner_id' as owner_id,
    case when resource in ('aimessage', 'chatmessage', 'chatparticipant', 'webchat')
        then coalesce(data->>'aicall_id', data->>'chat_id', data->>'session_id')
    end as conversation_id,
    case when resource in ('chat', 'chatmessage', 'chatparticipant') then array(
        select agent_id from agent_chat_participants
        where chat_id = coalesce((data->>'chat_id')::uuid, resource_id)
          and created_at <= occurred_at and coalesce(deleted_at, 'infinity') >= occurred_at
    ) end as member_ids
from events
where account_id = $1 and public and id <> $4
  and resource_seq > $2::bigint - 10000
  and (resource_seq > $2 or xid >= $3::bigint::text::xid8)
order by resource_seq
limit $5 offset $6;
