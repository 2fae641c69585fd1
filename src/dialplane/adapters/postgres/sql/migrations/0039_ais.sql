-- before
-- Assistants that flows name (`ai_talk` with an `ai_id`), and teams of them that hand conversations over.

create table ais (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) between 1 and 255),
    detail text not null default '' check (length(detail) <= 4096),
    engine_model text not null default '' check (length(engine_model) <= 255),
    init_prompt text not null default '' check (length(init_prompt) <= 16384),
    tts_voice_id text not null default '' check (length(tts_voice_id) <= 255),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index ais_by_account on ais (account_id, created_at desc) where deleted_at is null;

create table teams (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) between 1 and 255),
    detail text not null default '' check (length(detail) <= 4096),
    start_member_id uuid not null,
    members jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index teams_by_account on teams (account_id, created_at desc) where deleted_at is null;
