-- before
-- Calls that are more than one leg and one party: groups that ring together, transfers; runs that were told to go on.

-- When somebody last let a blocked run go on; most runs never block.
create table run_continuations (
    run_id uuid primary key references runs on delete cascade,
    continued_at timestamptz not null
);

create table groupcalls (
    id uuid primary key,
    account_id uuid not null references accounts,
    status text not null check (status in ('progressing', 'hangingup', 'hangup')),
    source jsonb,
    destinations jsonb not null,
    ring_method text not null,
    answer_method text not null,
    node text not null,
    flow_id uuid,
    master_call_id uuid,
    call_ids uuid[] not null default '{}',
    answer_call_id uuid,
    dial_index integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz,
    ended_at timestamptz,
    deleted_at timestamptz
);
-- lists: newest first, one account
create index groupcalls_by_account on groupcalls (account_id, created_at desc) where deleted_at is null;

create table transfers (
    id uuid primary key,
    account_id uuid not null references accounts,
    type text not null check (type in ('attended', 'blind')),
    transferer_call_id uuid not null,
    transferee_addresses jsonb not null,
    transferee_call_id uuid,
    groupcall_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index transfers_by_account on transfers (account_id, created_at desc) where deleted_at is null;
