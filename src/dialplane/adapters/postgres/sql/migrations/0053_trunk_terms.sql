-- before
-- How phones and trunks want to be spoken to, which trunk takes which numbers, and how trunks fare.

-- encrypted audio (RFC 4568) and codecs of a phone
alter table extensions
    add column srtp text not null default 'optional' check (srtp in ('off', 'optional', 'required')),
    add column codecs text[] not null default '{}'
        check (codecs <@ array['PCMU', 'PCMA', 'G722', 'OPUS'] and cardinality(codecs) <= 4);

alter table trunks drop constraint trunks_transport_check;
alter table trunks add constraint trunks_transport_check check (transport in ('udp', 'tcp', 'tls'));
-- `terms`: gateways, audio, numbers, limits, what is probed and registered (domain/calling/trunk_terms.py)
alter table trunks
    add column detail text not null default '' check (length(detail) <= 4096),
    add column terms jsonb not null default '{}',
    add column login_username text not null default '' check (length(login_username) <= 64),
    add column login_password text not null default '';

-- Which trunk takes an account's calls to numbers that begin so; no account: everybody's (VoIPBIN section 6.6).
create table routes (
    id uuid primary key,
    account_id uuid references accounts,
    trunk_id uuid not null references trunks,
    target text not null check (target ~ '^[0-9]{0,15}$'), -- digits of E.164, '' for all
    priority integer not null check (priority between 0 and 1000000), -- lower first
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
-- the routes of a call, and the list of the operator
create index routes_by_account on routes (account_id, created_at desc, id desc) where deleted_at is null;
create index routes_by_trunk on routes (trunk_id) where deleted_at is null;

-- How a trunk's gateways fare as a voice node sees them, and whether the node is registered there. One node registers:
-- the one that holds the lease.
create table trunk_states (
    trunk_id uuid not null references trunks,
    node text not null,
    state jsonb not null default '{}',
    registers_until timestamptz,
    updated_at timestamptz not null,
    primary key (trunk_id, node)
);
