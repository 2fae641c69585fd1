-- before
-- Changes of rate decks that wait for their day.

create table rate_changes (
    id uuid primary key,
    deck text not null references rate_decks,
    effective_at timestamptz not null,
    state text not null check (state in ('scheduled', 'applied', 'cancelled')),
    replaces boolean not null,
    csv text not null,                  -- the file, '' once the change is over
    created_at timestamptz not null,
    ended_at timestamptz
);
-- those of a deck, newest first; what is due, in its order
create index rate_changes_of_deck on rate_changes (deck, created_at desc);
create index rate_changes_due on rate_changes (effective_at, id) where state = 'scheduled';
