-- before
-- Messages with one row for each receiver, conversations, the queue of runs that inbound messages start, and what the
-- simulated carrier was given. Rows on the way of every message have no foreign keys; accounts are never removed.

create table messages (
    id uuid primary key,
    account_id uuid not null,
    direction text not null check (direction in ('inbound', 'outbound')),
    source json not null,
    text text not null check (length(text) <= 1600),
    medias text[] not null default '{}',
    number_id uuid,
    run_id uuid,
    key text unique check (length(key) <= 300),     -- null: nothing says that two such messages are one
    raw_source text not null default '' check (length(raw_source) <= 255),
    raw_destination text not null default '' check (length(raw_destination) <= 255),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index messages_by_account on messages (account_id, created_at desc) where deleted_at is null;

create table message_targets (
    message_id uuid not null,
    position integer not null,
    conversation_id uuid not null,
    destination json not null,
    status text not null
        check (status in ('received', 'queued', 'gw_timeout', 'sent', 'dlr_timeout', 'failed', 'delivered')),
    parts integer not null check (parts between 1 and 100),
    reason text not null default '',
    carrier_id text,                    -- the carrier's id, by which receipts name the target
    attempts integer not null default 0,
    due_at timestamptz not null,
    leased_by bigint,
    leased_until timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (message_id, position)
);
create index message_targets_queued on message_targets (due_at) where status = 'queued';
create unique index message_targets_by_carrier_id on message_targets (carrier_id);
create index message_targets_by_conversation on message_targets (conversation_id, created_at desc);

create table conversations (
    id uuid primary key,
    account_id uuid not null,
    own json not null,
    peer json not null,
    own_target text not null,
    peer_target text not null,
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create unique index conversations_by_pair on conversations (account_id, own_target, peer_target)
    where deleted_at is null;
create index conversations_by_account on conversations (account_id, created_at desc) where deleted_at is null;

-- Runs that an inbound message started and that a worker drives to their end.
create table message_runs (
    run_id uuid primary key,
    account_id uuid not null,
    flow_id uuid not null,
    own_target text not null,
    due_at timestamptz not null,
    leased_by bigint,
    leased_until timestamptz
);
create index message_runs_due on message_runs (due_at);

-- What the simulated carrier was given, and when it will say that it arrived.
create table sandbox_messages (
    id uuid primary key,
    source text not null,
    destination text not null,
    text text not null,
    medias text[] not null default '{}',
    segments integer not null,
    receipt text not null check (receipt in ('delivered', 'failed')),
    receipt_due_at timestamptz,         -- null: the receipt was given
    created_at timestamptz not null
);
create index sandbox_messages_by_destination on sandbox_messages (destination, created_at desc);
create index sandbox_messages_receipts on sandbox_messages (receipt_due_at) where receipt_due_at is not null;
