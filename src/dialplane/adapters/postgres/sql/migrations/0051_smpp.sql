-- before
-- SMPP: accounts' systems that bind to us, carriers that we bind to, their sessions, and what is under way by them.

create table smpp_accounts (
    id uuid primary key,
    account_id uuid not null references accounts,
    system_id text not null check (length(system_id) between 3 and 15),
    password_hash text not null,
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    rate integer not null check (rate between 1 and 10000),
    "window" integer not null check ("window" between 1 and 1000),
    max_sessions integer not null check (max_sessions between 1 and 50),
    inbound boolean not null,
    long_messages text not null check (long_messages in ('udh', 'payload', 'sar')),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
-- the system that binds
create unique index smpp_accounts_by_system_id on smpp_accounts (system_id) where deleted_at is null;
create index smpp_accounts_by_account on smpp_accounts (account_id, created_at desc, id desc) where deleted_at is null;

create table smpp_carriers (
    id uuid primary key,
    name carrier_name not null,
    host text not null check (length(host) between 1 and 255),
    port integer not null check (port between 1 and 65535),
    system_id text not null check (length(system_id) <= 15),
    password text not null,                 -- sealed
    system_type text not null default '' check (length(system_type) <= 12),
    address_range text not null default '' check (length(address_range) <= 40),
    binds text not null check (binds in ('transceiver', 'separate')),
    rate integer not null check (rate between 1 and 10000),
    "window" integer not null check ("window" between 1 and 1000),
    enquire_s integer not null check (enquire_s between 5 and 600),
    long_messages text not null check (long_messages in ('udh', 'payload', 'sar')),
    alphabet text not null check (alphabet in ('gsm7', 'latin1', 'ascii')),
    carries text[] not null,                -- carriers of the numbers whose messages go this way
    status text not null check (status in ('active', 'paused')),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index smpp_carriers_by_name on smpp_carriers (name);

-- How the bind to a carrier stands, as its owner last said.
create table smpp_carrier_states (
    carrier_id uuid primary key references smpp_carriers on delete cascade,
    node bigint not null,
    state text not null check (state in ('connecting', 'bound', 'lost')),
    fault text not null default '',
    since timestamptz not null
);

-- Live sessions, of systems that are bound to us and of our binds. A row whose node holds no advisory lock is none.
create table smpp_sessions (
    id uuid primary key,
    owner_id uuid not null,
    node bigint not null,
    bound text not null,
    peer text not null,
    bound_at timestamptz not null
);
create index smpp_sessions_by_owner on smpp_sessions (owner_id);

-- What was taken from a peer: a message, or a part of one. While session_id stands, its sender may not know that it was
-- taken, and may send it once more when that session is over.
create table smpp_taken (
    id uuid primary key,                    -- the message_id that the peer was given
    owner_id uuid not null,
    session_id uuid,
    sequence bigint not null,
    reference integer,                      -- user_message_reference
    fingerprint bytea not null,
    is_answered boolean not null default false,
    source text not null,
    destination text not null,
    wanted smallint not null default 0,     -- registered_delivery
    part_of text,                           -- null: it is whole; else what all parts of one message have in common
    part_number integer,
    text text not null default '',          -- of a part, until the message is whole
    message_id uuid,                        -- null: parts are missing
    created_at timestamptz not null
);
create index smpp_taken_open on smpp_taken (owner_id, fingerprint) where session_id is not null;
create index smpp_taken_of_session on smpp_taken (session_id) where session_id is not null;
create unique index smpp_taken_parts on smpp_taken (owner_id, part_of, part_number)
    where part_of is not null and message_id is null;
create index smpp_taken_of_message on smpp_taken (message_id) where message_id is not null;
create index smpp_taken_by_age on smpp_taken (created_at);

-- What waits for a bound receiver of a system.
create table smpp_deliveries (
    id uuid primary key,
    smpp_account_id uuid not null,
    body jsonb not null,
    attempts integer not null default 0,
    due_at timestamptz not null,
    node bigint,                            -- whose session has it under way; null: nobody's
    created_at timestamptz not null
);
create index smpp_deliveries_due on smpp_deliveries (smpp_account_id, due_at, id) where node is null;
create index smpp_deliveries_leased on smpp_deliveries (node) where node is not null;
create index smpp_deliveries_by_age on smpp_deliveries (created_at);

-- Messages that carriers are to take by SMPP, and their segments.
create table smpp_submissions (
    reference uuid primary key,
    carrier_id uuid not null,
    queued jsonb not null,                  -- the message's target, for the record of the answer
    source text not null,
    destination text not null,
    expires_at timestamptz not null,
    ended_at timestamptz,                   -- when the answer was recorded
    created_at timestamptz not null
);
create index smpp_submissions_by_age on smpp_submissions (created_at);
create table smpp_segments (
    reference uuid not null references smpp_submissions on delete cascade,
    number integer not null,
    carrier_id uuid not null,
    destination text not null,
    body jsonb not null,
    state text not null check (state in ('waiting', 'sent', 'accepted', 'failed')),
    sends integer not null default 0,
    node bigint,                            -- whose session has sent it
    due_at timestamptz not null,
    message_key text,                       -- the carrier's id of it, in the spelling that is compared
    receipt text not null default '' check (receipt in ('', 'delivered', 'failed')),
    primary key (reference, number)
);
create index smpp_segments_due on smpp_segments (carrier_id, due_at, reference, number) where state = 'waiting';
create index smpp_segments_sent on smpp_segments (carrier_id) where state = 'sent';
create index smpp_segments_by_key on smpp_segments (carrier_id, message_key) where message_key is not null;
