-- before
-- The portal: people with their ways of signing in, what they may do in which account, their sessions, and the mails
-- that the portal writes to them.

create table people (
    id uuid primary key,
    email text not null check (length(email) between 3 and 320),
    name text not null check (length(name) <= 255),
    phone text not null default '' check (length(phone) <= 32),
    password_hash text not null,
    timezone text not null default 'UTC' check (length(timezone) <= 64),
    organization_id uuid references organizations,        -- where this person's own projects are made
    terms_accepted_at timestamptz,
    totp_secret text not null default '',                 -- sealed
    totp_confirmed_at timestamptz,                        -- null: two-step sign-in is not on
    totp_last_step bigint not null default 0,             -- RFC 6238 section 5.2: each code once
    wrong_codes integer not null default 0,
    codes_blocked_until timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create unique index people_by_email on people (lower(email)) where deleted_at is null;

create table memberships (
    person_id uuid not null references people,
    account_id uuid not null references accounts,
    role text not null check (role in ('owner', 'admin', 'developer', 'billing', 'viewer')),
    created_at timestamptz not null,
    primary key (person_id, account_id)
);
create index memberships_by_account on memberships (account_id, created_at);

create table recovery_codes (
    person_id uuid not null references people,
    code_hash bytea not null check (length(code_hash) = 32),
    used_at timestamptz,
    primary key (person_id, code_hash)
);

create table passkeys (
    id uuid primary key,
    person_id uuid not null references people,
    credential_id bytea not null unique check (length(credential_id) <= 1023),
    public_key bytea not null,
    sign_count bigint not null,
    name text not null check (length(name) <= 64),
    created_at timestamptz not null,
    last_used_at timestamptz
);
create index passkeys_by_person on passkeys (person_id, created_at);

-- What a browser was asked to sign; taken by the first answer. `token_hash` is of the browser's cookie.
create table passkey_challenges (
    token_hash bytea primary key check (length(token_hash) = 32),
    challenge bytea not null,
    expires_at timestamptz not null
);
create index passkey_challenges_by_expiry on passkey_challenges (expires_at);

create table portal_sessions (
    id uuid primary key,
    token_hash bytea not null unique check (length(token_hash) = 32),
    person_id uuid not null references people,
    is_complete boolean not null,                         -- false: the second step of signing in is still to come
    address text not null check (length(address) <= 64),
    user_agent text not null check (length(user_agent) <= 512),
    notice jsonb,                                         -- shown once, on the next page
    created_at timestamptz not null,
    seen_at timestamptz not null,
    ended_at timestamptz
);
create index portal_sessions_by_person on portal_sessions (person_id, created_at desc) where ended_at is null;
create index portal_sessions_by_age on portal_sessions (seen_at);

-- What a link in a mail opens, once. `person_id` null: the address was nobody's; the row is written all the same, so
-- that both take the same time.
create table portal_links (
    token_hash bytea primary key check (length(token_hash) = 32),
    purpose text not null check (purpose in ('activate', 'reset', 'invite')),
    email text not null,
    person_id uuid references people,
    sign_up jsonb,                                        -- who will be there once the address is proved
    account_id uuid references accounts,                  -- of an invitation
    role text not null default '',
    expires_at timestamptz not null,
    used_at timestamptz,
    created_at timestamptz not null
);
create index portal_links_by_expiry on portal_links (expires_at);
create index portal_links_by_account on portal_links (account_id, created_at) where purpose = 'invite' and used_at is null;

create table portal_mails (
    id uuid primary key,
    recipient text not null,
    subject text not null,
    content text not null,                                -- sealed: it holds links that sign in
    status text not null check (status in ('waiting', 'sent', 'refused')),
    attempts integer not null default 0,
    send_at timestamptz not null,
    created_at timestamptz not null
);
create index portal_mails_waiting on portal_mails (send_at) where status = 'waiting';
create index portal_mails_by_age on portal_mails (created_at desc, id desc);

-- People who signed in for an account until now sign in to the portal with the same password.
insert into people (id, email, name, password_hash, organization_id, created_at)
select agents.id, username, agents.name, password_hash, accounts.organization_id, agents.created_at
from agents join accounts on accounts.id = agents.account_id
where agents.deleted_at is null and accounts.deleted_at is null and permission & 32 <> 0
    and lower(username) = lower(accounts.email);

insert into memberships (person_id, account_id, role, created_at)
select agents.id, account_id, 'owner', agents.created_at from agents where id in (select id from people);
