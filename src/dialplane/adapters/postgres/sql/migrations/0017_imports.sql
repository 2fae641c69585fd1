-- before
-- Imports of stock: what a file said line by line, how far it was applied, and what became of each number.

create table inventory_imports (
    id uuid primary key,
    state text not null check (state in ('previewed', 'applying', 'applied', 'undoing', 'undone')),
    reading jsonb not null,                              -- how the file was understood
    counts jsonb not null,                               -- how many numbers have each outcome
    reached integer not null default 0,                  -- the position up to which what is under way has come
    skip_problems boolean not null default false,
    idempotency_key text not null default '',             -- of the request, and a hash of what it asked
    created_at timestamptz not null,
    updated_at timestamptz not null,
    applied_at timestamptz,
    undone_at timestamptz,
    lines_gone_at timestamptz                            -- since when its lines are forgotten
);
create unique index inventory_imports_by_key on inventory_imports (idempotency_key) where idempotency_key <> '';
create index inventory_imports_newest on inventory_imports (created_at desc);
create index inventory_imports_at_work on inventory_imports (updated_at) where state in ('applying', 'undoing');
create index inventory_imports_to_forget on inventory_imports (created_at) where lines_gone_at is null;

create table inventory_import_lines (
    import_id uuid not null references inventory_imports on delete cascade,
    position integer not null,
    line integer not null,
    outcome text not null,
    number text not null,
    type text not null default '',
    country text not null default '',
    region text not null default '',
    locality text not null default '',
    postal_code text not null default '',
    latitude double precision,
    longitude double precision,
    capabilities text[] not null default '{}',
    setup_micros bigint not null default 0,
    monthly_micros bigint not null default 0,
    documents_required text[] not null default '{}',
    trunk_id uuid,
    account_id uuid,
    name text not null default '',
    field text not null default '',
    detail text not null default '',
    item_id uuid,
    primary key (import_id, position)
) with (fillfactor = 70);                                -- each line's outcome changes once or twice: room beside it
-- what accounts will be charged
create index inventory_import_lines_priced on inventory_import_lines (import_id, position)
    where account_id is not null and setup_micros + monthly_micros > 0;
-- None by outcome: it changes with each line, and without an index the change stays on the line's own page.

-- by which trunk a number is reached, where that is known; a trunk is only ever marked as deleted
alter table inventory_items add column trunk_id uuid;

-- an item that goes (an import taken back) must not be in any reservation
create index reservations_by_item on reservations (item_id);
