-- before
-- How an endpoint has fared, replays of many deliveries at once, and what carriers say of messages that did not arrive.

alter table webhook_endpoints
    add column failing_since timestamptz,       -- the first failure after the last success; null: it does not fail
    add column last_success_at timestamptz;     -- renewed once a minute at most, so that success costs no write

create table webhook_replays (
    id uuid primary key,
    account_id uuid not null references accounts,
    endpoint_id uuid,                           -- the filters; null: all
    status text check (status in ('pending', 'sending', 'delivered', 'failed')),
    event_type text not null default '' check (length(event_type) <= 100),
    created_from timestamptz,
    created_until timestamptz not null,
    state text not null default 'running' check (state in ('running', 'done', 'cancelled')),
    total integer not null,
    replayed integer not null default 0,
    skipped integer not null default 0,         -- the endpoint is deleted or disabled
    reached_at timestamptz,                     -- how far it is, oldest first
    reached_seq bigint,
    reached_id uuid,
    created_at timestamptz not null,
    finished_at timestamptz
);
create index webhook_replays_by_account on webhook_replays (account_id, created_at desc);
create index webhook_replays_running on webhook_replays (created_at) where state = 'running';

-- Why a message did not arrive, in Twilio's numbers; 0: not known.
alter table carrier_messages add column receipt_error_code integer not null default 0;
