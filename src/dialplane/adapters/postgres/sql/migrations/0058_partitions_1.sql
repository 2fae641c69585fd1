-- before
-- Calls and events become tables in parts, one for each month of their ids (decision 0058). Three steps, so that no lock
-- is held for longer than a moment: here what is there is told where it ends, unproven yet.

-- Whoever is in the way goes on: we give up before the server would end one of us, and are tried again.
set local lock_timeout = '800ms';
do $$
begin
    perform set_config('deadlock_timeout', '100ms', true);
exception
    when insufficient_privilege then null; -- then the time above is below the server's own second
end $$;

-- The least id of that moment: ids begin with their milliseconds (RFC 9562).
create function first_id(moment timestamptz) returns uuid language sql immutable parallel safe as $$
    select (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- What is there of a table in parts. Ids before `until_at` and not before `since_at`; null: from the first one on.
create table partitions (
    kind text not null check (kind in ('calls', 'events')),
    name text not null unique,
    since_at timestamptz,
    until_at timestamptz not null,
    primary key (kind, until_at)
);

-- Until the end of next month, or beyond whatever is there: a sandbox's clock may have been moved into next year.
do $$
declare
    kind text;
    last uuid;
    latest timestamp;
    until_at timestamptz;
begin
    foreach kind in array array['calls', 'events'] loop
        execute format('select id from %I order by id desc limit 1', kind) into last;
        latest := greatest(
            now() at time zone 'UTC',
            to_timestamp(('x' || substr(replace(last::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) at time zone 'UTC'
        );
        until_at := (date_trunc('month', latest) + interval '2 months') at time zone 'UTC';
        execute format(
            'alter table %I add constraint %I check (id < %L) not valid', kind, kind || '_first', first_id(until_at)
        );
        insert into partitions values (kind, kind || '_first', null, until_at);
    end loop;
end $$;
