-- before
-- Organizations, accounts, the people and keys that act for them, and the platform's own settings.

create table organizations (
    id uuid primary key,
    name text not null check (length(name) between 1 and 255),
    created_at timestamptz not null
);

create table sip_domains (
    domain text primary key check (domain = lower(domain) and length(domain) between 1 and 255),
    organization_id uuid not null references organizations,
    created_at timestamptz not null
);

create table accounts (
    id uuid primary key,
    organization_id uuid not null references organizations,
    parent_id uuid references accounts,
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    email text not null default '' check (length(email) <= 320),
    phone_number text not null default '' check (length(phone_number) <= 64),
    address text not null default '' check (length(address) <= 1024),
    home_country text not null default 'US' check (home_country ~ '^[A-Z]{2}$'),
    status text not null check (status in ('initial', 'active', 'suspended', 'frozen', 'deleted', 'expired')),
    identity_status text not null check (identity_status in ('none', 'pending', 'verified', 'rejected')),
    plan text not null check (plan in ('free', 'basic', 'professional', 'unlimited')),
    email_verified boolean not null default false,
    webhook_uri text not null default '' check (length(webhook_uri) <= 2048),
    webhook_method text not null default '' check (webhook_method in ('', 'POST', 'GET', 'PUT', 'DELETE')),
    destination_whitelist text[] not null default '{}',   -- lower-case ISO alpha-2; empty denies all PSTN calls
    metadata jsonb not null default '{}',
    auth_token text not null,       -- signs callbacks of the Restcomm and Twilio dialects, so it is kept readable
    project_token text not null,    -- VoxCPaaS's token of the project
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index accounts_by_parent on accounts (parent_id);
create index accounts_by_organization on accounts (organization_id);

-- People who sign in to the portal and at POST /auth/login (VoIPBIN's agents).
create table agents (
    id uuid primary key,
    account_id uuid not null references accounts,
    username text not null check (length(username) between 3 and 320),
    password_hash text not null,
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    permission integer not null check (permission between 0 and 65535),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create unique index agents_by_username on agents (lower(username)) where deleted_at is null;

create table access_keys (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    token_hash bytea not null unique check (length(token_hash) = 32),   -- SHA-256; the token itself is shown once
    token_prefix text not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index access_keys_by_account on access_keys (account_id, created_at desc);

-- Phones that may register: `<extension>@<domain of the organization>`.
create table extensions (
    id uuid primary key,
    account_id uuid not null references accounts,
    organization_id uuid not null references organizations,
    extension text not null check (extension ~ '^[A-Za-z0-9_.+]{1,64}$'),
    password text not null check (length(password) between 1 and 128),  -- digest needs it; the dialect shows it
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    direct_hash text not null default '',
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create unique index extensions_by_name on extensions (account_id, extension) where deleted_at is null;
create index extensions_by_organization on extensions (organization_id, extension) where deleted_at is null;

-- What the registrar knows: one row for each contact of an extension (RFC 3261 section 10).
create table bindings (
    extension_id uuid not null references extensions,
    contact text not null check (length(contact) <= 1024),
    call_id text not null,
    cseq bigint not null,
    source_host text not null,
    source_port integer not null,
    transport text not null,
    node text not null,
    user_agent text not null default '',
    expires_at timestamptz not null,
    primary key (extension_id, contact)
);
create index bindings_by_expiry on bindings (expires_at);

-- Peers that bring or take PSTN calls.
create table trunks (
    id uuid primary key,
    account_id uuid references accounts,                   -- null: the operator's own
    name text not null check (length(name) between 1 and 255),
    networks cidr[] not null default '{}',                 -- sources that count as this trunk
    host text not null default '',
    port integer not null default 5060 check (port between 1 and 65535),
    transport text not null default 'udp' check (transport in ('udp', 'tcp')),
    username text not null default '',
    password text not null default '',
    priority integer not null default 10,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);

-- Facts of the whole installation: the operator key's hash, the sandbox's clock and carrier switch, signing secrets.
create table settings (
    name text primary key,
    value jsonb not null
);
