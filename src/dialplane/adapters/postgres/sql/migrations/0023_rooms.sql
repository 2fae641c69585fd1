-- before
-- Conferences and who is in them, queues and who waits in them, tags, and what an agent needs to be rung.

create table tags (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) between 1 and 255),
    detail text not null default '' check (length(detail) <= 4096),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index tags_by_account on tags (account_id, created_at desc) where deleted_at is null;

alter table agents
    add column ring_method text not null default 'ringall' check (ring_method in ('ringall', 'linear')),
    add column status text not null default 'offline'
        check (status in ('available', 'away', 'busy', 'offline', 'ringing')),
    add column tag_ids uuid[] not null default '{}',
    add column addresses jsonb not null default '[]',
    add column direct_hash text not null default '',
    add column idle_since timestamptz,
    add column free_at timestamptz;
comment on column agents.free_at is 'end of the wrap-up after a queue''s call; null: until the agent says so itself';
create unique index agents_by_direct_hash on agents (direct_hash) where direct_hash <> '' and deleted_at is null;
-- Who may be rung for a queue.
create index agents_at_work on agents (account_id) where status in ('available', 'busy') and deleted_at is null;

create unique index extensions_by_direct_hash on extensions (direct_hash)
where direct_hash <> '' and deleted_at is null;

create table conferences (
    id uuid primary key,
    account_id uuid not null references accounts,
    type text not null check (type in ('conference', 'connect', 'queue')),
    name text not null check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    timeout_s integer not null default 0 check (timeout_s >= 0),
    data jsonb not null default '{}',
    pre_flow_id uuid,
    post_flow_id uuid,
    is_session boolean not null default false,
    status text not null check (status in ('starting', 'progressing', 'terminating', 'terminated')),
    node text not null default '',
    callback jsonb,
    direct_hash text not null default '',
    recording_ids uuid[] not null default '{}',
    end_reason text not null default '',
    ended_by uuid,
    created_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);
comment on column conferences.is_session is 'made by the first who entered the name, over when the last has left';
comment on column conferences.node is 'the voice node that mixes it; empty while nobody is in';
-- The room behind a name in a document.
create unique index conferences_by_name on conferences (account_id, name) where is_session and ended_at is null;
create unique index conferences_by_direct_hash on conferences (direct_hash) where direct_hash <> '' and deleted_at is null;
create index conferences_by_account on conferences (account_id, created_at desc, id desc);
create index conferences_by_node on conferences (node) where node <> '';

create table conferencecalls (
    id uuid primary key,
    account_id uuid not null,
    conference_id uuid not null references conferences,
    call_id uuid not null,
    node text not null,
    status text not null check (status in ('joining', 'joined', 'leaving', 'leaved')),
    label text not null default '' check (length(label) <= 128),
    muted boolean not null default false,
    hold boolean not null default false,
    coached_call_id uuid,
    starts boolean not null default true,
    ends boolean not null default false,
    created_at timestamptz not null,
    joined_at timestamptz,
    left_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index conferencecalls_in on conferencecalls (conference_id, created_at) where left_at is null;
create index conferencecalls_by_account on conferencecalls (account_id, created_at desc, id desc);

create table queues (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    routing_method text not null default '' check (routing_method in ('', 'random')),
    tag_ids uuid[] not null default '{}',
    wait_flow_id uuid,
    wait_timeout_ms integer not null default 0 check (wait_timeout_ms >= 0),
    service_timeout_ms integer not null default 0 check (service_timeout_ms >= 0),
    wrap_up_ms integer not null default 0 check (wrap_up_ms >= 0),
    max_size integer not null default 1000 check (max_size between 1 and 5000),
    by_name boolean not null default false,
    direct_hash text not null default '',
    total_incoming_count integer not null default 0,
    total_serviced_count integer not null default 0,
    total_abandoned_count integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
comment on column queues.by_name is 'found by its name in documents: made by the first who was put there, or in Twilio''s dialect';
create unique index queues_by_name on queues (account_id, name) where by_name and deleted_at is null;
create unique index queues_by_direct_hash on queues (direct_hash) where direct_hash <> '' and deleted_at is null;
create index queues_by_account on queues (account_id, created_at desc, id desc) where deleted_at is null;

create table queuecalls (
    id uuid primary key,
    account_id uuid not null,
    queue_id uuid not null references queues,
    call_id uuid not null,
    node text not null,
    status text not null check (
        status in ('initiating', 'waiting', 'connecting', 'kicking', 'service', 'done', 'abandoned')
    ),
    service_agent_id uuid,
    wait_timeout_ms integer not null default 0,
    service_timeout_ms integer not null default 0,
    created_at timestamptz not null,
    service_at timestamptz,
    ended_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);
-- Who waits, the longest first.
create index queuecalls_in on queuecalls (queue_id, created_at, id) where ended_at is null;
create index queuecalls_by_account on queuecalls (account_id, created_at desc, id desc) where deleted_at is null;
create index queuecalls_by_call on queuecalls (call_id);
create index queuecalls_on_node on queuecalls (node) where ended_at is null;
