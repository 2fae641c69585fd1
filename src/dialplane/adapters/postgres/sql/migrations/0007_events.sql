-- before
-- The outbox: events are written in the transaction of the change they tell of, together with one delivery for each
-- address that wants them. Neither table has foreign keys: both are written on the way of every call, and what they
-- would point at (accounts, endpoints) is only ever marked as deleted.

create table webhook_endpoints (
    id uuid primary key,
    account_id uuid not null references accounts,
    -- customer: the one that PUT /customer writes; extra: made by the account; run: the webhook of activeflows
    kind text not null check (kind in ('customer', 'extra', 'run')),
    name text not null default '' check (length(name) <= 255),
    url text not null check (length(url) between 1 and 2048),
    method text not null default 'POST' check (method in ('POST', 'GET', 'PUT', 'DELETE')),
    secret text not null,
    previous_secret text,
    previous_secret_until timestamptz,
    enabled boolean not null default true,
    disabled_reason text not null default '',
    failures_in_a_row integer not null default 0,
    open_until timestamptz,             -- the breaker: nothing is sent before this time (WH-6)
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index webhook_endpoints_by_account on webhook_endpoints (account_id, created_at desc);
create unique index webhook_endpoints_of_customer on webhook_endpoints (account_id)
    where kind = 'customer' and deleted_at is null;
create unique index webhook_endpoints_of_runs on webhook_endpoints (account_id, url, method)
    where kind = 'run' and deleted_at is null;

create table events (
    id uuid primary key,
    account_id uuid not null,
    type text not null check (length(type) <= 100),
    resource text not null,             -- the first word of the type
    resource_id uuid not null,
    -- Grows with every event of a resource, because whoever changes a resource holds its row until the commit.
    resource_seq bigint not null generated always as identity,
    data json not null,                 -- json and not jsonb: the receiver sees the keys in the order of our GET
    occurred_at timestamptz not null,
    run_id uuid,
    public boolean not null
);
create index events_by_account on events (account_id, occurred_at desc);
create index events_by_resource on events (resource_id, resource_seq);

create table webhook_deliveries (
    id uuid primary key,
    account_id uuid not null,
    endpoint_id uuid not null,
    event_id uuid not null,
    resource_id uuid not null,
    resource_seq bigint not null,
    status text not null default 'pending' check (status in ('pending', 'sending', 'delivered', 'failed')),
    attempts integer not null default 0,
    due_at timestamptz not null,
    leased_by bigint,                   -- the worker that sends it
    leased_until timestamptz,
    replay_of uuid,
    created_at timestamptz not null,
    finished_at timestamptz
);
-- The claim: what is due at an endpoint, in order.
create index webhook_deliveries_due on webhook_deliveries (endpoint_id, due_at, resource_seq) where status = 'pending';
-- Whether an earlier event of the same resource is still on its way.
create index webhook_deliveries_open on webhook_deliveries (endpoint_id, resource_id, resource_seq)
    where status in ('pending', 'sending');
create index webhook_deliveries_leased on webhook_deliveries (endpoint_id, leased_until) where status = 'sending';
create index webhook_deliveries_by_account on webhook_deliveries (account_id, created_at desc);

create table webhook_attempts (
    delivery_id uuid not null,
    attempt integer not null,
    started_at timestamptz not null,
    duration_ms integer not null,
    http_status integer,                -- null: no answer
    error text not null default '',
    response_head text not null default '',
    primary key (delivery_id, attempt)
);
