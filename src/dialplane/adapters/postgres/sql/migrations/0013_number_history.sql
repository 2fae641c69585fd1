-- before
-- What happened to each number, by whom; and what a released number was suspended for, which comes back with it.

create table number_history (
    id uuid not null,
    number_id uuid not null,
    account_id uuid not null,                            -- who held the number after the change
    number text not null,
    what text not null check (length(what) between 1 and 64),
    actor text not null check (actor in ('access_key', 'agent', 'account', 'operator', 'system')),
    actor_id uuid,
    changes jsonb not null,                              -- [{"field", "from", "to"}]
    created_at timestamptz not null,
    position bigint generated always as identity,        -- tells apart what happened at the same time
    primary key (number_id, created_at, position)        -- the only index: a purchase writes here, too
);

-- A number that was suspended, given up and taken back is suspended as before.
alter table numbers drop constraint numbers_check1;
alter table numbers add constraint numbers_suspended_for
    check (status = 'released' or (status = 'suspended') = (suspended_for <> ''));
