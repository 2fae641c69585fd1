-- before
-- Rate decks with prefixes, slices and set-up prices; what ported numbers cost.

-- The length of the unit that the rate is for, and what the first unit costs more. The defaults are those of all rates
-- so far: by the minute, nothing more.
alter table holds add column rate_increment_s integer not null default 60 check (rate_increment_s > 0);
alter table holds add column rate_setup_micros bigint not null default 0 check (rate_setup_micros >= 0);
alter table ledger_entries add column rate_increment_s integer not null default 60;
alter table ledger_entries add column rate_setup_micros bigint not null default 0;

-- Decks of rates. `version` counts the changes.
create table rate_decks (
    id text primary key check (id ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    name text not null default '' check (length(name) <= 255),
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz
);
insert into rate_decks (id, name, created_at) values ('default', 'Default', now());

-- A rate is for the numbers that begin with its prefix; the empty one is for all others.
alter table rates drop constraint rates_pkey;
alter table rates add column prefix text not null default '' check (prefix ~ '^[0-9]{0,15}$');
alter table rates add column increment_s integer not null default 60 check (increment_s between 1 and 3600);
alter table rates add column setup_micros bigint not null default 0 check (setup_micros >= 0);
alter table rates add column description text not null default '' check (length(description) <= 255);
-- the prefix first: what is looked up are the few prefixes of a number, in one deck or two
alter table rates add primary key (prefix, deck, cost_type);
alter table rates add foreign key (deck) references rate_decks;

-- Which deck an account pays by: its own, else its plan's, else `default`.
create table account_decks (
    account_id uuid primary key references accounts,
    deck text not null references rate_decks
);
create table plan_decks (
    plan text primary key check (plan in ('free', 'basic', 'professional', 'unlimited')),
    deck text not null references rate_decks
);

-- What a month of a ported number costs, by the kind of the number; the built-in prices hold for what is not set.
create table port_prices (
    deck text not null references rate_decks,
    kind text not null check (kind in ('local', 'mobile', 'toll_free')),
    monthly_micros bigint not null check (monthly_micros >= 0),
    primary key (deck, kind)
);

-- What a plan allows where the operator has changed it; the built-in limits hold for the others. Null: no limit.
create table plan_limits (
    plan text primary key check (plan in ('free', 'basic', 'professional', 'unlimited')),
    tokens_a_month bigint not null check (tokens_a_month >= 0),
    extensions integer,
    agents integer,
    queues integer,
    conferences integer,
    trunks integer,
    virtual_numbers integer,
    flows integer
);
