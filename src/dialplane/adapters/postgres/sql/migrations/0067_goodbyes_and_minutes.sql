-- before
-- What another node needs to hang up for the parties of a dead node's calls (AV-2). A row lives as long as its call is
-- answered. Unlogged: what is written twice a call costs no log, and after a crash of the database the calls that went on
-- are closed without a word, as all were before.
create unlogged table call_dialogs (
    call_id uuid primary key,
    dialog jsonb not null
);

-- FRD-3: started minutes of the last hour, in all and to any one country.
alter table outbound_limits
    add column minutes_per_hour integer check (minutes_per_hour >= 0),
    add column country_minutes_per_hour integer check (country_minutes_per_hour >= 0);
