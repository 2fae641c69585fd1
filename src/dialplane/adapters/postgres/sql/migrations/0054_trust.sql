-- before
-- Whom the platform believes and what it signs (STIR/SHAKEN), and what numbers do with calls before their target runs.

-- One row at most: the operator's certificate and the roots that are trusted.
create table stir_settings (
    id integer primary key default 1 check (id = 1),
    certificate_url text not null default '' check (length(certificate_url) <= 2048),
    certificate text not null default '' check (length(certificate) <= 65536),      -- PEM, the signer's own first
    private_key text not null default '',
    trust_anchors text not null default '' check (length(trust_anchors) <= 1048576),
    updated_at timestamptz not null
);

-- What differs from the usual of a trunk: no row, and its calls are verified where they bring an identity, not signed.
create table trunk_trust (
    trunk_id uuid primary key references trunks,
    signs boolean not null,
    checking text not null check (checking in ('off', 'mark', 'reject')),
    requires_identity boolean not null,
    takes_emergency boolean not null,
    updated_at timestamptz not null
);

-- What a number does with a call before its target runs: {"screening", "hours", "split", "emergency"}, and null for
-- nearly all of them. It stands with the number, so that an arrival finds it without another look-up.
alter table numbers add column handling json;
create index numbers_with_split on numbers (id) where handling ->> 'split' is not null and status <> 'released';
create index numbers_by_schedule on numbers ((handling -> 'hours' ->> 'schedule_id'))
    where handling -> 'hours' ->> 'schedule_id' is not null and status <> 'released';

-- Of callers to any number of the account, in the same form.
alter table accounts add column screening json;
-- Numbers that cost much, which only the operator opens for an account.
alter table accounts add column special_destinations text[] not null default '{}' check (
    special_destinations <@ array['premium', 'shared_cost', 'satellite', 'global_network', 'international_premium']
);

create table schedules (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) between 1 and 255),
    zone text not null check (length(zone) <= 64),          -- empty: that of the number that is called
    week json not null,                                     -- seven lists of [from, to] in minutes, Monday first
    holidays json not null,
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index schedules_by_account on schedules (account_id, created_at desc) where deleted_at is null;

-- Calls of the share that tries another target: what its roll-back is decided by.
create table split_calls (
    call_id uuid primary key,
    number_id uuid not null references numbers,
    created_at timestamptz not null
);
create index split_calls_by_number on split_calls (number_id, created_at);
