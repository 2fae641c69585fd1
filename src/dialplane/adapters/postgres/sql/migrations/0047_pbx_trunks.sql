-- before
-- Accounts' trunks, by which their own PBXs call out (VoIPBIN section 6.5). The carriers' and the operator's are in `trunks`.

create table pbx_trunks (
    id uuid primary key,
    account_id uuid not null references accounts,
    domain_name text not null check (length(domain_name) between 1 and 128),
    auth_types text[] not null check (auth_types <@ array['basic', 'ip']),
    username text not null default '' check (length(username) <= 64),
    password text not null default '',
    allowed cidr[] not null default '{}',
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
-- the trunk that an INVITE names
create unique index pbx_trunks_by_domain on pbx_trunks (domain_name) where deleted_at is null;
create index pbx_trunks_by_account on pbx_trunks (account_id, created_at desc, id desc) where deleted_at is null;
