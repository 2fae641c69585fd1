-- before
-- Signed caller IDs of the last minutes, so that a token counts once on all nodes together (STIR-6): which call brought
-- it. Unlogged: what a crash of the database forgets was fresh for a minute. Nobody has more than the hash of either.
create unlogged table seen_passports (
    mark bytea primary key,
    call bytea not null,
    seen_at timestamptz not null
);
create index seen_passports_by_age on seen_passports (seen_at);
