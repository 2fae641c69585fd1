-- before
-- Money: a double-entry ledger in whole micros (USD) and whole tokens, its purses and its holds.
--
-- Entries and holds have no foreign key to accounts: whoever writes them holds the account's purse, which has one, and
-- accounts are only ever marked as deleted. (Measured: the keys of entries, numbers and orders were a quarter of what a
-- purchase costs the server, and their share locks made writes of every account row.)

-- What an account can spend: the sum of its postings, kept beside them, and the part that holds have set aside.
-- The rows are locked by whoever posts, so that one account's entries are in one order.
create table purses (
    account_id uuid primary key references accounts,
    credit bigint not null default 0,
    credit_held bigint not null default 0 check (credit_held >= 0),
    tokens bigint not null default 0,
    tokens_held bigint not null default 0 check (tokens_held >= 0),
    topped_up_at timestamptz,                            -- when the month's tokens came
    next_top_up_at timestamptz,
    constraint purses_never_below_zero check (credit - credit_held >= 0 and tokens - tokens_held >= 0)
);
create index purses_by_top_up on purses (next_top_up_at) where next_top_up_at is not null;

-- One dated event that changed a balance, as the account's billing list shows it.
create table ledger_entries (
    id uuid primary key,
    account_id uuid not null,
    key text not null check (length(key) between 1 and 255), -- the business key: nothing is charged twice
    transaction_type text not null check (transaction_type in ('usage', 'top_up', 'adjustment', 'refund')),
    reference_type text not null default '',
    reference_id uuid,
    cost_type text not null default '',
    detail text not null default '' check (length(detail) <= 255),
    seconds bigint not null default 0,
    units bigint not null default 0,
    rate_micros bigint not null default 0,
    rate_tokens bigint not null default 0,
    amount_micros bigint not null,                       -- signed; negative is use
    amount_tokens bigint not null,
    credit_after bigint not null,                        -- the purse as this entry left it
    tokens_after bigint not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    created_at timestamptz not null,
    constraint ledger_entries_once unique (key)
);
create index ledger_entries_by_account on ledger_entries (account_id, created_at desc, id desc);

-- The lines of the entries. A customer's book belongs to an account; the platform's books belong to none.
create table ledger_postings (
    entry_id uuid not null references ledger_entries,
    book text not null check (book in ('customer', 'revenue', 'funding', 'allowance')),
    account_id uuid,                                     -- the entry's, whose key stands there
    currency text not null check (currency in ('USD', 'TOKEN')),
    amount bigint not null check (amount <> 0),
    primary key (entry_id, book, currency),
    check ((book = 'customer') = (account_id is not null))
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: write a reversal instead', tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger ledger_entries_append_only before update or delete or truncate on ledger_entries
    execute function refuse_change();
create trigger ledger_postings_append_only before update or delete or truncate on ledger_postings
    execute function refuse_change();

-- The lines of one entry come in one statement, and that statement must sum to zero for each entry and currency.
create function refuse_unbalanced() returns trigger language plpgsql as $$
begin
    if exists (select from fresh group by entry_id, currency having sum(amount) <> 0) then
        raise exception 'a ledger entry does not sum to zero' using errcode = 'check_violation';
    end if;
    return null;
end $$;

create trigger ledger_postings_balance after insert on ledger_postings
    referencing new table as fresh for each statement execute function refuse_unbalanced();

-- Money set aside before it is spent.
create table holds (
    key text primary key check (length(key) between 1 and 255),
    id uuid not null,
    account_id uuid not null,
    units bigint not null check (units >= 0),            -- of whatever the key stands for: minutes, one order
    cost_type text not null,                             -- with the two below: the rate as it stood when this began
    rate_micros bigint not null check (rate_micros >= 0),
    rate_tokens bigint not null check (rate_tokens >= 0),
    micros bigint not null check (micros >= 0),
    tokens bigint not null check (tokens >= 0),
    state text not null check (state in ('held', 'settled', 'released')),
    expires_at timestamptz,                              -- null: ended only by what it was placed for
    created_at timestamptz not null,
    closed_at timestamptz
);
-- holds that their owner left behind
create index holds_by_expiry on holds (expires_at) where state = 'held' and expires_at is not null;

-- The rates that the operator has set; for the others the built-in ones hold.
create table rates (
    deck text not null,
    cost_type text not null,
    micros bigint not null check (micros >= 0),
    tokens bigint not null check (tokens >= 0),
    primary key (deck, cost_type)
);
