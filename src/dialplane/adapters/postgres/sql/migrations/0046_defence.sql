-- before
-- What a voice node refuses to strangers, told with each of its beats, and what an account may call at most.

alter table nodes add column defence jsonb not null default '{}';

-- How much an account may call outwards at most, as the operator sets it; accounts without a row have no limit.
create table outbound_limits (
    account_id uuid primary key references accounts,
    concurrent_calls integer check (concurrent_calls >= 0),
    calls_per_second integer check (calls_per_second >= 0),
    price_per_minute bigint check (price_per_minute >= 0),
    spend_per_hour bigint check (spend_per_hour >= 0),
    spend_per_day bigint check (spend_per_day >= 0),
    spend_per_month bigint check (spend_per_month >= 0),
    told jsonb not null default '{}', -- when the account last heard of each limit that it had reached
    updated_at timestamptz not null
);
