-- before
-- Calls with the decision that let them in, recordings, and the voice nodes with their mailboxes.

create table calls (
    id uuid primary key,
    account_id uuid not null references accounts,
    direction text not null check (direction in ('incoming', 'outgoing')),
    status text not null
        check (status in ('dialing', 'ringing', 'progressing', 'terminating', 'canceling', 'hangup')),
    type text not null default 'flow',
    flow_id uuid,
    run_id uuid,
    number_id uuid,
    master_call_id uuid,
    chained_call_ids uuid[] not null default '{}',
    recording_ids uuid[] not null default '{}',
    source jsonb not null,
    destination jsonb not null,
    cost_type text not null default '',
    raw_source text not null default '',        -- as it came in, beside the normal form in the addresses
    raw_destination text not null default '',
    sip_call_id text not null default '',
    node text not null default '',
    action jsonb,
    hangup_by text not null default '',
    hangup_reason text not null default '',
    sip_code integer not null default 0,
    cause integer not null default 0,
    cause_text text not null default '',
    metadata jsonb not null default '{}',
    route jsonb,
    ringing_at timestamptz,
    progressing_at timestamptz,
    ended_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
-- lists: newest first, one account
create index calls_by_account on calls (account_id, created_at desc) where deleted_at is null;
-- what a node left behind when it died
create index calls_live_by_node on calls (node) where status <> 'hangup';

-- What was refused before any account was known: an unknown number, a stranger.
create table refused_calls (
    id uuid primary key,
    source_host text not null,
    raw_source text not null,
    raw_destination text not null,
    sip_code integer not null,
    reason text not null,
    route jsonb,
    created_at timestamptz not null
);
create index refused_calls_by_time on refused_calls (created_at desc);

create table recordings (
    id uuid primary key,
    account_id uuid not null references accounts,
    call_id uuid not null,
    run_id uuid,
    status text not null check (status in ('initiating', 'recording', 'stopping', 'ended')),
    format text not null default 'wav',
    path text not null,                 -- below the recordings folder of the node
    on_end_flow_id uuid,
    ended_by text not null default '',
    duration_ms bigint not null default 0,
    started_at timestamptz,
    ended_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index recordings_by_account on recordings (account_id, created_at desc) where deleted_at is null;

-- Voice nodes. `seen_at` is the node's proof of life: a live call of a dead node is billed up to it (AV-2).
create table nodes (
    name text primary key,
    sip_host text not null,
    sip_port integer not null,
    draining boolean not null default false,
    started_at timestamptz not null,
    seen_at timestamptz not null
);

-- The mailbox of a node: orders for calls that live on it. NOTIFY on `node_<name>` is the hint, this is the truth.
create table node_commands (
    id uuid primary key,
    node text not null,
    call_id uuid not null,
    kind text not null,
    payload jsonb not null default '{}',
    created_at timestamptz not null
);
create index node_commands_by_node on node_commands (node, id);
