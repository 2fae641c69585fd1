-- before
-- SMPP: a replace_sm is read as the message that it replaces was; carriers over TLS, and with national tables. First calls
-- and texts to a country.

alter table smpp_taken add column data_coding smallint not null default 0;
alter table smpp_carriers
    add column tls boolean not null default false,
    add column national_tables boolean not null default false;

-- Where accounts have called and written to, and where at a high price: the first time is told (FRD-5).
create table outbound_firsts (
    account_id uuid not null references accounts,
    kind text not null check (kind in ('country', 'price')),
    country text not null,
    created_at timestamptz not null,
    primary key (account_id, kind, country)
);
