-- before
-- What VoIPBIN's face has beside: calls forced over one trunk, what assistants were told to be, summaries, the
-- account's own files, and accounts at other networks.

create table provider_calls (
    id uuid primary key,                                       -- the call's
    account_id uuid not null references accounts,
    trunk_id uuid not null references trunks,
    created_at timestamptz not null
);
create index provider_calls_by_time on provider_calls (created_at desc, id desc);
create index provider_calls_by_trunk on provider_calls (trunk_id, created_at desc, id desc);

-- What an assistant was told to be, each time that it was told anew.
create table ai_prompts (
    id uuid primary key,
    account_id uuid not null references accounts,
    ai_id uuid not null references ais,
    prompt text not null check (length(prompt) <= 16384),
    created_at timestamptz not null
);
create index ai_prompts_by_ai on ai_prompts (ai_id, created_at desc, id desc);

create table ai_summaries (
    id uuid primary key,
    account_id uuid not null references accounts,
    run_id uuid,
    reference_type text not null,
    reference_id uuid,
    language text not null default '' check (length(language) <= 64),
    content text not null check (length(content) <= 65536),
    on_end_flow_id uuid,
    created_at timestamptz not null,
    deleted_at timestamptz
);
create index ai_summaries_by_account on ai_summaries (account_id, created_at desc, id desc) where deleted_at is null;

-- Files that an account keeps; content in the data folder, beside the documents'.
create table stored_files (
    id uuid primary key,
    account_id uuid not null references accounts,
    kind text not null check (kind in ('', 'rag')),
    name text not null check (length(name) <= 255),
    size bigint not null check (size >= 0),
    created_at timestamptz not null,
    deleted_at timestamptz
);
create index stored_files_by_account on stored_files (account_id, created_at desc, id desc) where deleted_at is null;

-- Flows that follow a summary.
alter table runs
    drop constraint runs_reference_type_check,
    add constraint runs_reference_type_check
        check (reference_type in ('', 'ai', 'api', 'call', 'conversation', 'recording', 'transcribe')) not valid;

-- Accounts at other networks, as their owner describes them; secrets are sealed.
create table conversation_accounts (
    id uuid primary key,
    account_id uuid not null references accounts,
    type text not null check (type in ('line', 'sms', 'whatsapp')),
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    secret text not null default '',
    token text not null default '',
    phone_number_id text not null default '' check (length(phone_number_id) <= 255),
    app_secret text not null default '',
    message_flow_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index conversation_accounts_by_account on conversation_accounts (account_id, created_at desc, id desc)
    where deleted_at is null;
