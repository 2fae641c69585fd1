-- before
-- What the pages about money read, so that none of them adds a month of entries up (decision 0050).

-- What was charged by day of UTC and what it was for: sums of ledger_entries, kept by the statement that appends them.
-- Whoever appends holds the account's purse, so that nobody ever waits for one of these rows.
create table ledger_days (
    account_id uuid not null,
    day date not null,
    reference_type text not null,
    count bigint not null,
    units bigint not null,
    minutes bigint not null, -- begun, of each entry
    micros bigint not null,
    primary key (account_id, day, reference_type)
) with (fillfactor = 50); -- its rows are changed in place, without the index

create function add_to_ledger_days() returns trigger language plpgsql as $$
begin
    insert into ledger_days as known (account_id, day, reference_type, count, units, minutes, micros)
    select account_id, (created_at at time zone 'UTC')::date, reference_type, count(*), sum(units),
           sum((seconds + 59) / 60), sum(-amount_micros)
    from fresh
    where transaction_type in ('usage', 'refund')
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (account_id, day, reference_type) do update set
        count = known.count + excluded.count, units = known.units + excluded.units,
        minutes = known.minutes + excluded.minutes, micros = known.micros + excluded.micros;
    return null;
end $$;

-- In the schema, not in the code that appends, so that the versions before this one keep the sums too.
create trigger ledger_entries_days after insert on ledger_entries
    referencing new table as fresh for each statement execute function add_to_ledger_days();

insert into ledger_days (account_id, day, reference_type, count, units, minutes, micros)
select account_id, (created_at at time zone 'UTC')::date, reference_type, count(*), sum(units),
       sum((seconds + 59) / 60), sum(-amount_micros)
from ledger_entries
where transaction_type in ('usage', 'refund')
group by 1, 2, 3;

-- The credit history: few entries among those of use.
create index ledger_entries_of_credit on ledger_entries (account_id, created_at desc, id desc)
    where transaction_type <> 'usage' and amount_micros <> 0;
