-- before
-- Flows, and their runs (VoIPBIN's activeflows).

create table flows (
    id uuid primary key,
    account_id uuid not null references accounts,
    type text not null default 'flow' check (type in ('flow', 'conference', 'queue', 'campaign', 'transfer')),
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    actions json not null,              -- json and not jsonb: options are shown in the order they were written in
    direct_hash text not null check (direct_hash ~ '^direct\.[0-9a-f]{12}$'),
    on_complete_flow_id uuid references flows,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index flows_by_account on flows (account_id, created_at desc) where deleted_at is null;
create unique index flows_by_direct_hash on flows (direct_hash) where deleted_at is null;

-- No foreign keys: a row is written on the way of every call, and what it points at is only ever marked as deleted.
-- A running row is written over after every action; the free space keeps that on the page and out of the indexes.
create table runs (
    id uuid primary key,
    account_id uuid not null,
    flow_id uuid,
    status text not null check (status in ('running', 'ended')),
    reference_type text not null check (reference_type in ('', 'api', 'call', 'conversation', 'recording')),
    reference_id uuid,
    reference_run_id uuid,              -- the run whose on_complete_flow_id began this one
    on_complete_flow_id uuid,
    complete_count integer not null default 0 check (complete_count between 0 and 5),
    webhook_uri text not null default '' check (length(webhook_uri) <= 2048),
    webhook_method text not null default '' check (webhook_method in ('', 'POST', 'GET', 'PUT', 'DELETE')),
    variables json not null default '{}',
    current_action json,
    forward_action_id uuid,
    executed_actions json not null default '[]',
    error text not null default '',
    created_at timestamptz not null,
    updated_at timestamptz,
    ended_at timestamptz,
    deleted_at timestamptz,
    check ((status = 'ended') = (ended_at is not null))
) with (fillfactor = 70);
create index runs_by_account on runs (account_id, created_at desc) where deleted_at is null;
create index runs_by_reference on runs (reference_id) where reference_id is not null;
