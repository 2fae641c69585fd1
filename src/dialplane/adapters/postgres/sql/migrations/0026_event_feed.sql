-- before
-- Events over websockets: who listens, and what lets a listener go on after the last event that it saw.

-- Which accounts' events an API process wants to be hinted of; while nobody listens, an event costs one look into an
-- empty index. Unlogged: after a crash of the database the processes write it anew within seconds.
create unlogged table event_watchers (
    account_id uuid not null,
    watcher uuid not null,
    until timestamptz not null,
    primary key (account_id, watcher)
);

-- Numbers are given before the commit, so an event may become visible after one with a higher number. Whatever was
-- still being written when an event was, was written by a transaction from its `horizon` on.
alter table events add column xid xid8, add column horizon xid8;
alter table events
    alter column xid set default pg_current_xact_id(),
    alter column horizon set default pg_snapshot_xmin(pg_current_snapshot());

-- What came after a number: the table grows at its end, so a summary for each stretch of pages is enough.
create index events_by_number on events using brin (resource_seq) with (pages_per_range = 16, autosummarize = on);

-- Where a voice node takes connections of the API about its calls' audio; null: nowhere.
alter table nodes add column stream_host text, add column stream_port integer;
