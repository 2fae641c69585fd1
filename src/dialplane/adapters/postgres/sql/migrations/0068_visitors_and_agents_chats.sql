-- before
-- Visitors are let in by the direct hash of what they visit (VoIPBIN reference 1.4).

create unique index webchat_widgets_by_direct_hash on webchat_widgets (direct_hash)
    where direct_hash <> '' and deleted_at is null;

-- Chats of agents among themselves (VoIPBIN reference 6.11). Who took part stands in a row of its own for each time.
create table agent_chats (
    id uuid primary key,
    account_id uuid not null references accounts,
    type text not null check (type in ('direct', 'group', 'talk')),
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index agent_chats_by_account on agent_chats (account_id, type, created_at desc, id desc) where deleted_at is null;

create table agent_chat_participants (
    id uuid primary key,
    account_id uuid not null references accounts,
    chat_id uuid not null references agent_chats,
    agent_id uuid not null references agents,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create unique index agent_chat_participants_of_chat on agent_chat_participants (chat_id, agent_id)
    where deleted_at is null;
-- Also those who have left: events are told to whoever was in the chat when they occurred.
create index agent_chat_participants_by_chat on agent_chat_participants (chat_id);
create index agent_chat_participants_by_agent on agent_chat_participants (account_id, agent_id, created_at desc)
    where deleted_at is null;

create table agent_chat_messages (
    id uuid primary key,
    account_id uuid not null references accounts,
    chat_id uuid not null references agent_chats,
    agent_id uuid not null references agents,
    parent_id uuid references agent_chat_messages,
    text text not null check (length(text) <= 4096),
    medias jsonb not null default '[]',
    reactions jsonb not null default '[]',
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index agent_chat_messages_by_chat on agent_chat_messages (chat_id, created_at desc, id desc)
    where deleted_at is null;
