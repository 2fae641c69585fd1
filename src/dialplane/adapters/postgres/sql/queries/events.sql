-- Queries of the subject: events.

-- name: append
-- Keeps a batch of events, makes their deliveries, and wakes the workers where there is something to deliver.
-- Everything is passed as arrays so that a batch of any size is one round trip.
with incoming as (
    select *
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::uuid[], $8::boolean[])
        with ordinality
        as batch (id, account_id, type, resource_id, data, occurred_at, run_id, public, position)
),
kept as (
    insert into events (id, account_id, type, resource, resource_id, data, occurred_at, run_id, public)
    select id, account_id, type, split_part(type, '_', 1), resource_id, data::json, occurred_at, run_id, public
    from incoming
    order by position
    returning id, account_id, resource_id, resource_seq, occurred_at, run_id, public
),
delivered as (
    insert into webhook_deliveries
        (id, account_id, endpoint_id, event_id, resource_id, resource_seq, due_at, created_at)
    select gen_random_uuid(), kept.account_id, endpoint.id, kept.id, kept.resource_id, kept.resource_seq,
           kept.occurred_at, kept.occurred_at
    from kept
    join webhook_endpoints endpoint on endpoint.account_id = kept.account_id
    where kept.public and endpoint.kind in ('customer', 'extra') and endpoint.enabled and endpoint.deleted_at is null
    returning 1
)
select pg_notify('dialplane_work', 'deliveries') where exists (select from delivered);
