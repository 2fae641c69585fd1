-- before
-- Work on many numbers at once: what was asked for, how far it is, and what each number was before.

-- With what lists look at: a list that finds nothing among 100,000 numbers reads the index and not the rows (measured:
-- 200 ms before). Tags, of which there may be 3 KiB, have an index of their own.
drop index numbers_by_account;
create index numbers_by_account on numbers (account_id, created_at desc, id desc)
    include (number, name, kind, status, capabilities) where status <> 'released';
create index numbers_released_by_account on numbers (account_id, released_at desc) where status = 'released';
create index numbers_by_tag on numbers using gin (tags) where status <> 'released' and tags <> '{}';

create index orders_open on orders (account_id, created_at desc) where ended_at is null;
create index numbers_patterns_in_order on numbers (account_id, (number = '*'), (-length(number)), created_at, id)
    where kind = 'pattern' and status <> 'released';

-- One piece of work: on numbers that were selected, or as a file says. `change` is for all its numbers, but for a file's.
create table number_jobs (
    id uuid primary key,
    account_id uuid not null references accounts,
    kind text not null check (kind in ('assign', 'tag', 'release', 'import')),
    state text not null check (state in ('previewed', 'applying', 'applied', 'undoing', 'undone')),
    change jsonb not null,
    wanted jsonb,                                        -- which numbers, until they are lines
    reading jsonb,
    counts jsonb not null,
    reached integer not null default 0,
    actor text not null,
    actor_id uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    applied_at timestamptz,
    undone_at timestamptz,
    lines_gone_at timestamptz
);
create index number_jobs_by_account on number_jobs (account_id, created_at desc);
create index number_jobs_at_work on number_jobs (updated_at) where state in ('applying', 'undoing');
create index number_jobs_with_lines on number_jobs (created_at) where lines_gone_at is null;

-- One number of it. `was` is what the number was before, for the undo.
create table number_job_lines (
    job_id uuid not null references number_jobs on delete cascade,
    position integer not null,
    line integer not null,
    number_id uuid,
    number text not null check (length(number) <= 255),
    change jsonb,
    was jsonb,
    outcome text not null check (outcome in ('waiting', 'done', 'same', 'problem', 'undone', 'kept')),
    field text not null default '' check (length(field) <= 64),
    detail text not null default '' check (length(detail) <= 500),
    primary key (job_id, position)
);
create index number_job_lines_by_outcome on number_job_lines (job_id, outcome, position);
