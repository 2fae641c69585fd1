-- before
-- Campaigns, what they dial and how (VoIPBIN reference 6.9); direct hashes of assistants and teams, and what was said in
-- talks with them (6.10, 6.11).

create table outplans (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    source jsonb,
    dial_timeout_ms integer not null check (dial_timeout_ms between 1000 and 600000),
    try_interval_ms integer not null check (try_interval_ms between 0 and 604800000),
    max_try_counts integer[] not null check (cardinality(max_try_counts) = 5),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index outplans_by_account on outplans (account_id, created_at desc, id desc) where deleted_at is null;

create table outdials (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    data text not null default '' check (length(data) <= 65536),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index outdials_by_account on outdials (account_id, created_at desc, id desc) where deleted_at is null;

create table outdial_targets (
    id uuid primary key,
    account_id uuid not null references accounts,
    outdial_id uuid not null references outdials,
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    data text not null default '' check (length(data) <= 65536),
    destinations jsonb not null check (jsonb_array_length(destinations) = 5),
    status text not null check (status in ('idle', 'progressing', 'done')),
    try_counts integer[] not null check (cardinality(try_counts) = 5),
    due_at timestamptz not null, -- when it may be tried again
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index outdial_targets_by_outdial on outdial_targets (outdial_id, created_at desc, id desc)
    where deleted_at is null;
-- whom a campaign takes next
create index outdial_targets_idle on outdial_targets (outdial_id, due_at, id)
    where status = 'idle' and deleted_at is null;

create table campaigns (
    id uuid primary key,
    account_id uuid not null references accounts,
    type text not null check (type in ('call', 'flow')),
    name text not null check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    status text not null check (status in ('stop', 'stopping', 'run')),
    end_handle text not null check (end_handle in ('stop', 'continue')),
    service_level integer not null check (service_level between 0 and 1000),
    actions jsonb not null,
    outplan_id uuid references outplans,
    outdial_id uuid references outdials,
    queue_id uuid,
    next_campaign_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index campaigns_by_account on campaigns (account_id, created_at desc, id desc) where deleted_at is null;
-- those that the worker looks at
create index campaigns_at_work on campaigns (id) where status <> 'stop' and deleted_at is null;

create table campaigncalls (
    id uuid primary key,
    account_id uuid not null references accounts,
    campaign_id uuid not null references campaigns,
    outplan_id uuid not null,
    outdial_id uuid not null,
    target_id uuid not null references outdial_targets,
    queue_id uuid,
    reference_type text not null check (reference_type in ('call', 'flow')),
    reference_id uuid, -- of the call or run, once it is begun
    run_id uuid,
    status text not null check (status in ('dialing', 'progressing', 'done')),
    result text not null default '' check (result in ('', 'success', 'fail')),
    source jsonb,
    destination jsonb not null,
    destination_index integer not null check (destination_index between 0 and 4),
    try_count integer not null check (try_count > 0),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index campaigncalls_by_account on campaigncalls (account_id, created_at desc, id desc) where deleted_at is null;
-- those that go on
create index campaigncalls_open on campaigncalls (campaign_id, id) where status <> 'done';

alter table ais add column direct_hash text not null default '';
alter table teams add column direct_hash text not null default '';
update ais set direct_hash = 'direct.' || left(md5(id::text || random()::text), 12) where deleted_at is null;
update teams set direct_hash = 'direct.' || left(md5(id::text || random()::text), 12) where deleted_at is null;
create unique index ais_by_direct_hash on ais (direct_hash) where direct_hash <> '';
create unique index teams_by_direct_hash on teams (direct_hash) where direct_hash <> '';

create table aicalls (
    id uuid primary key,
    account_id uuid not null references accounts,
    run_id uuid not null,
    assistance_type text not null check (assistance_type in ('', 'ai', 'team')),
    assistance_id uuid,
    engine_model text not null default '' check (length(engine_model) <= 255),
    reference_type text not null default '',
    reference_id uuid,
    language text not null default '' check (length(language) <= 64),
    status text not null check (status in ('progressing', 'terminated')),
    created_at timestamptz not null,
    ended_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index aicalls_by_account on aicalls (account_id, created_at desc, id desc) where deleted_at is null;
-- a run that is over takes its talks with it
create index aicalls_open on aicalls (run_id) where status <> 'terminated';

create table aimessages (
    id uuid primary key,
    account_id uuid not null references accounts,
    aicall_id uuid not null references aicalls,
    role text not null check (role in ('user', 'assistant')),
    content text not null check (length(content) <= 65536),
    created_at timestamptz not null,
    deleted_at timestamptz
);
create index aimessages_by_aicall on aimessages (aicall_id, created_at desc, id desc) where deleted_at is null;
