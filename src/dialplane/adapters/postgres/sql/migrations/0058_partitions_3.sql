-- before
-- What is there becomes the first part of the new table. Nothing is read or moved: the proof is there.

-- Whoever is in the way goes on: we give up before the server would end one of us, and are tried again.
set local lock_timeout = '800ms';
do $$
begin
    perform set_config('deadlock_timeout', '100ms', true);
exception
    when insufficient_privilege then null; -- then the time above is below the server's own second
end $$;

do $$
declare
    kind text;
    index_name text;
begin
    foreach kind in array array['calls', 'events'] loop
        for index_name in
            select relname from pg_index join pg_class on pg_class.oid = indexrelid where indrelid = kind::regclass
        loop
            execute format('alter index %I rename to %I', index_name, 'first_' || index_name);
        end loop;
        execute format('alter table %I rename to %I', kind, kind || '_first');
    end loop;
end $$;

create table calls (
    like calls_first including defaults including constraints including indexes including storage
) partition by range (id);
alter table calls drop constraint calls_first;
alter table calls add constraint calls_account_id_fkey foreign key (account_id) references accounts;

create table events (
    like events_first including defaults including constraints including indexes including storage including identity
) partition by range (id);
alter table events drop constraint events_first;
-- It goes on where it was. Nobody draws a number meanwhile: the table is locked.
select setval(
    pg_get_serial_sequence('events', 'resource_seq'),
    coalesce(pg_sequence_last_value(pg_get_serial_sequence('events_first', 'resource_seq')::regclass), 0) + 1,
    false
);
alter table events_first alter column resource_seq drop identity;

do $$
declare
    part record;
begin
    for part in select kind, name, until_at from partitions loop
        execute format(
            'alter table %I attach partition %I for values from (minvalue) to (%L)',
            part.kind, part.name, first_id(part.until_at)
        );
        execute format('alter table %I drop constraint %I', part.name, part.name);
        -- For ids that no part is made for yet: nothing that happens may be refused for lack of one.
        execute format('create table %I partition of %I default', part.kind || '_else', part.kind);
    end loop;
end $$;

-- What was made of the table that is a part now is made of the whole.
create or replace view call_usage as
select c.id, c.account_id, c.created_at, c.progressing_at, c.ended_at,
    case
        when c.cost_type in ('call_extension', 'call_direct_ext') then 'calls-client'
        when c.direction = 'outgoing' and c.destination ->> 'type' = 'extension' then 'calls-client'
        when c.direction = 'outgoing' and c.destination ->> 'type' = 'sip' then 'calls-sip'
        when c.direction = 'outgoing' then 'calls-outbound'
        when n.kind = 'local' then 'calls-inbound-local'
        when n.kind = 'toll_free' then 'calls-inbound-tollfree'
        else 'calls-inbound'
    end as category
from calls c left join numbers n on n.id = c.number_id;

-- Who was let to the tables is let to them again: processes that run go on.
do $$
declare
    let record;
begin
    for let in
        select relname, grantee::regrole::text as who, privilege_type as what
        from pg_class, aclexplode(relacl)
        where oid in ('calls_first'::regclass, 'events_first'::regclass) and grantee not in (relowner, 0)
    loop
        execute format('grant %s on %I to %s', let.what, replace(let.relname, '_first', ''), let.who);
        if let.relname = 'events_first' then
            execute format(
                'grant usage, select on sequence %s to %s', pg_get_serial_sequence('events', 'resource_seq'), let.who
            );
        end if;
    end loop;
end $$;

-- The two things that a role without rights over the schema may do to it (SUP-5).

-- Makes the parts until then, one for each month of UTC; gives how many.
create function make_partitions(wanted text, until timestamptz) returns integer
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '1s' as $$
declare
    since timestamptz;
    next timestamptz;
    name text;
    reader text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('make_partitions'));
    loop
        select max(until_at) into strict since from partitions where kind = wanted;
        exit when since is null or since >= until;
        next := (date_trunc('month', since at time zone 'UTC') + interval '1 month') at time zone 'UTC';
        name := wanted || to_char(since at time zone 'UTC', '"_"YYYY"_"MM');
        -- Made apart and attached: to make it in place would lock the whole table.
        execute format(
            'create table %I (like %I including defaults including constraints including indexes including storage)',
            name, wanted
        );
        -- Where the clock ran ahead of this function.
        execute format(
            'with moved as (delete from %I where id >= %L and id < %L returning *) insert into %I select * from moved',
            wanted || '_else', first_id(since), first_id(next), name
        );
        execute format(
            'alter table %I attach partition %I for values from (%L) to (%L)',
            wanted, name, first_id(since), first_id(next)
        );
        -- Whoever reads the whole may read the part, as a backup does.
        for reader in
            select grantee::regrole::text from pg_class, aclexplode(relacl)
            where oid = wanted::regclass and privilege_type = 'SELECT' and grantee not in (relowner, 0)
        loop
            execute format('grant select on %I to %s', name, reader);
        end loop;
        insert into partitions values (wanted, name, since, next);
        made := made + 1;
    end loop;
    return made;
end $$;

-- Drops a part that ended at least a day ago.
create function drop_partition(wanted text) returns void
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '1s' as $$
declare
    whole text;
begin
    delete from partitions where name = wanted and until_at < now() - interval '1 day' returning kind into whole;
    if whole is null then
        raise exception '% is no part that ended', wanted using errcode = 'invalid_parameter_value';
    end if;
    execute format('alter table %I detach partition %I', whole, wanted);
    execute format('drop table %I', wanted);
end $$;

revoke execute on function make_partitions, drop_partition from public;

select make_partitions('calls', now() + interval '2 months'), make_partitions('events', now() + interval '2 months');
