-- before
-- Versions of flows, what is kept of calls to understand them, and what assistants, mail and cases leave behind.

alter table flows add column version integer not null default 1;
alter table runs add column flow_version integer not null default 0;       -- 0: the run has no flow

-- One row for each write of a flow; a run keeps the number of the one that it began with.
create table flow_versions (
    flow_id uuid not null references flows,
    version integer not null check (version > 0),
    account_id uuid not null,
    name text not null,
    detail text not null,
    actions json not null,
    on_complete_flow_id uuid,
    created_at timestamptz not null,
    primary key (flow_id, version)
);
insert into flow_versions (flow_id, version, account_id, name, detail, actions, on_complete_flow_id, created_at)
select id, version, account_id, name, detail, actions, on_complete_flow_id, coalesce(updated_at, created_at) from flows;

-- What a voice node saw of a call, written once when the call is over: the octets of its signalling (compressed), keys
-- with their times, and what its program was answered. No foreign key: it is written on the way of every call.
create table call_traces (
    call_id uuid primary key,
    account_id uuid not null,
    signalling bytea not null default '',
    facts json not null default '[]',
    created_at timestamptz not null
);
alter table call_traces alter column signalling set storage external;      -- compressed already
create index call_traces_by_time on call_traces using brin (created_at);

create table emails (
    id uuid primary key,
    account_id uuid not null references accounts,
    run_id uuid,
    sender text not null default '',
    destinations jsonb not null,
    subject text not null,
    content text not null,
    attachments jsonb not null default '[]',
    status text not null
        check (status in ('initiated', 'processed', 'delivered', 'open', 'click', 'bounce', 'dropped', 'deferred',
                          'unsubscribe', 'spamreport')),
    note text not null default '',          -- why it stands where it does, in words
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index emails_by_account on emails (account_id, created_at desc) where deleted_at is null;

create table contact_cases (
    id uuid primary key,
    account_id uuid not null references accounts,
    run_id uuid,
    reference_type text not null,           -- what the run belonged to
    reference_id uuid,
    name text not null,
    detail text not null,
    note text not null,
    status text not null check (status in ('open', 'closed')),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index contact_cases_by_account on contact_cases (account_id, created_at desc) where deleted_at is null;
