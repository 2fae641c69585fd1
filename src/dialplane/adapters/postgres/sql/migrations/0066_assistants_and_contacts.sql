-- before
-- Talks with assistants that the API begins, their knowledge, and what is asked of them afterwards; contacts; chats on
-- web pages (VoIPBIN reference 6.10 and 6.11).

alter table aicalls
    add column member_id uuid,
    alter column run_id drop not null,          -- null: the API began it
    drop constraint aicalls_status_check,
    add constraint aicalls_status_check
        check (status in ('initiating', 'progressing', 'pausing', 'resuming', 'terminating', 'terminated')) not valid;
create index aicalls_of_calls on aicalls (reference_id) where status <> 'terminated' and run_id is null;

alter table ais add column rag_id uuid;

create table rags (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    file_ids uuid[] not null default '{}',
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index rags_by_account on rags (account_id, created_at desc, id desc) where deleted_at is null;

-- Pieces of their files. `simple` knows no language, so it fits all of them.
create table rag_passages (
    rag_id uuid not null references rags,
    file_id uuid not null,
    position integer not null,
    text text not null,
    words tsvector not null generated always as (to_tsvector('simple', text)) stored,
    primary key (rag_id, file_id, position)
);
create index rag_passages_by_words on rag_passages using gin (words);

create table ai_reviews (
    id uuid primary key,
    account_id uuid not null references accounts,
    kind text not null check (kind in ('aiaudit', 'aipromptproposal', 'timeline_analysis')),
    reference_type text not null,
    reference_id uuid not null,
    language text not null default '' check (length(language) <= 64),
    status text not null check (status in ('progressing', 'done', 'failed')),
    engine_model text not null default '' check (length(engine_model) <= 255),
    score integer check (score between 0 and 100),
    content text not null default '' check (length(content) <= 65536),
    error text not null default '' check (length(error) <= 1024),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index ai_reviews_by_account on ai_reviews (account_id, kind, created_at desc, id desc) where deleted_at is null;

create table contacts (
    id uuid primary key,
    account_id uuid not null references accounts,
    first_name text not null default '' check (length(first_name) <= 255),
    last_name text not null default '' check (length(last_name) <= 255),
    display_name text not null default '' check (length(display_name) <= 255),
    company text not null default '' check (length(company) <= 255),
    job_title text not null default '' check (length(job_title) <= 255),
    external_id text not null default '' check (length(external_id) <= 255),
    notes text not null default '' check (length(notes) <= 4096),
    tag_ids uuid[] not null default '{}',
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index contacts_by_account on contacts (account_id, created_at desc, id desc) where deleted_at is null;

create table contact_addresses (
    id uuid primary key,
    account_id uuid not null references accounts,
    contact_id uuid not null references contacts,
    type text not null check (type in ('tel', 'sip', 'email')),
    target text not null check (length(target) <= 255),
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    is_primary boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index contact_addresses_by_account on contact_addresses (account_id, created_at desc, id desc)
    where deleted_at is null;
create unique index contact_addresses_of_contact on contact_addresses (contact_id, type, target)
    where deleted_at is null;
create index contact_addresses_by_target on contact_addresses (account_id, target) where deleted_at is null;

alter table contact_cases add column contact_id uuid;

create table webchat_widgets (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    session_flow_id uuid,
    message_flow_id uuid,
    direct_hash text not null default '',
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index webchat_widgets_by_account on webchat_widgets (account_id, created_at desc, id desc)
    where deleted_at is null;

create table webchat_sessions (
    id uuid primary key,
    account_id uuid not null references accounts,
    widget_id uuid not null references webchat_widgets,
    name text not null default '' check (length(name) <= 255),
    status text not null check (status in ('active', 'ended')),
    created_at timestamptz not null,
    ended_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index webchat_sessions_by_account on webchat_sessions (account_id, created_at desc, id desc)
    where deleted_at is null;
create index webchat_sessions_by_widget on webchat_sessions (widget_id, created_at desc, id desc)
    where deleted_at is null;

create table webchat_messages (
    id uuid primary key,
    account_id uuid not null references accounts,
    session_id uuid not null references webchat_sessions,
    direction text not null check (direction in ('incoming', 'outgoing')),
    text text not null check (length(text) <= 4096),
    run_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index webchat_messages_by_session on webchat_messages (session_id, created_at desc, id desc)
    where deleted_at is null;
