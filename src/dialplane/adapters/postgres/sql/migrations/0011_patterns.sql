-- before
-- Patterns: the switch of each, and for every organization a version that tells its readers' copies apart.

alter table numbers add column anchored boolean not null default false;  -- of patterns: the whole string, not a part
alter table numbers add column pattern_version bigint;                  -- the organization's, as of the last change

-- patterns of an organization that changed since a version, and how many are live; an account's own
create index numbers_pattern_changes on numbers (organization_id, pattern_version) where kind = 'pattern';
create index numbers_live_patterns on numbers (organization_id) where kind = 'pattern' and status <> 'released';
create index numbers_patterns_by_account on numbers (account_id, created_at desc)
    where kind = 'pattern' and status <> 'released';

-- short codes and channels that a carrier brings messages for, which knows no organization
create index numbers_live_short_codes on numbers (number, created_at)
    where kind in ('sip', 'channel') and status <> 'released';

create table pattern_versions (
    organization_id uuid primary key,
    version bigint not null,
    complete_since bigint not null default 0   -- readers of an older version read everything: something has left
);

-- The lock on the version's row makes versions of one organization commit in their order: who has read up to version
-- n misses nothing below it. Whatever writes a pattern, by whatever way, is seen.
create function stamp_pattern() returns trigger language plpgsql as $$
begin
    insert into pattern_versions as known (organization_id, version) values (new.organization_id, 1)
    on conflict (organization_id) do update set version = known.version + 1
    returning version into new.pattern_version;
    if tg_op = 'UPDATE' and old.organization_id <> new.organization_id then
        update pattern_versions set version = version + 1, complete_since = version + 1
        where organization_id = old.organization_id;
    end if;
    return new;
end
$$;
create trigger numbers_pattern_added before insert on numbers
    for each row when (new.kind = 'pattern') execute function stamp_pattern();
create trigger numbers_pattern_changed before update on numbers
    for each row when (
        new.kind = 'pattern' and (
            old.number <> new.number or old.organization_id <> new.organization_id or old.anchored <> new.anchored
            or (old.status = 'released') <> (new.status = 'released')
        )
    ) execute function stamp_pattern();
