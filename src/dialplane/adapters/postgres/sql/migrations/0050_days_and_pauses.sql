-- before
-- What the pages about money read, so that none of them adds a month of entries up (decision 0050); and what the portal
-- asks for beside it: pauses of outgoing traffic, event types of webhooks, imports that are read again.

-- What was charged by day of UTC and what it was for: sums of ledger_entries, kept by the statement that appends them.
-- Whoever appends holds the account's purse, so that nobody ever waits for one of these rows.
create table ledger_days (
    account_id uuid not null,
    day date not null,
    reference_type text not null,
    cost_type text not null,
    count bigint not null,
    units bigint not null,
    minutes bigint not null, -- begun, of each entry
    micros bigint not null,
    primary key (account_id, day, reference_type, cost_type)
) with (fillfactor = 50); -- its rows are changed in place, without the indexes
-- who spends much today
create index ledger_days_of_cost on ledger_days (day, cost_type);

create function add_to_ledger_days() returns trigger language plpgsql as $$
begin
    insert into ledger_days as known (account_id, day, reference_type, cost_type, count, units, minutes, micros)
    select account_id, (created_at at time zone 'UTC')::date, reference_type, cost_type, count(*), sum(units),
           sum((seconds + 59) / 60), sum(-amount_micros)
    from fresh
    where transaction_type in ('usage', 'refund')
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (account_id, day, reference_type, cost_type) do update set
        count = known.count + excluded.count, units = known.units + excluded.units,
        minutes = known.minutes + excluded.minutes, micros = known.micros + excluded.micros;
    return null;
end $$;

-- In the schema, not in the code that appends, so that the versions before this one keep the sums too.
create trigger ledger_entries_days after insert on ledger_entries
    referencing new table as fresh for each statement execute function add_to_ledger_days();

insert into ledger_days (account_id, day, reference_type, cost_type, count, units, minutes, micros)
select account_id, (created_at at time zone 'UTC')::date, reference_type, cost_type, count(*), sum(units),
       sum((seconds + 59) / 60), sum(-amount_micros)
from ledger_entries
where transaction_type in ('usage', 'refund')
group by 1, 2, 3, 4;

-- The credit history: few entries among those of use.
create index ledger_entries_of_credit on ledger_entries (account_id, created_at desc, id desc)
    where transaction_type <> 'usage' and amount_micros <> 0;

-- Outgoing traffic that stands still because it cost far more than usual (FRD-5), until the operator lifts it.
alter table outbound_limits add column paused_at timestamptz;
alter table outbound_limits add column pause_says text not null default '' check (length(pause_says) <= 255);
alter table outbound_limits add column lifted_at timestamptz; -- what was spent before counts no more

-- Which events an endpoint gets: `call_hangup`, or `call_*` for all about calls; none named: all.
alter table webhook_endpoints add column event_types text[] not null default '{}';

-- How much of the stock each carrier has in each state, as Postgres samples it: nobody counts ten million items.
create statistics inventory_stock (mcv) on carrier, state from inventory_items;

-- The file of an import, as long as it may be read again with other columns.
create table import_files (
    id uuid primary key, -- the import's, or the job's
    body bytea not null,
    wish jsonb not null,
    created_at timestamptz not null
);
create index import_files_to_forget on import_files (created_at);
