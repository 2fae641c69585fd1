-- before
-- Recordings of calls and conferences: who began them and how, who is told, how large they are; how long they are kept.

alter table recordings
    alter column call_id drop not null,
    add column conference_id uuid,
    add column node text not null default '',              -- the voice node that makes it
    add column source text not null default 'StartCallRecordingAPI',
    add column channels smallint not null default 1 check (channels in (1, 2)),
    add column track text not null default 'both',
    add column status_callback jsonb,
    add column error text not null default '',
    add column size_bytes bigint not null default 0,
    add constraint recordings_of_something check (call_id is not null or conference_id is not null),
    drop constraint recordings_status_check,
    add constraint recordings_status_check
        check (status in ('initiating', 'recording', 'paused', 'stopping', 'ended', 'failed'));

-- those of a call, and the one that may be live
create index recordings_by_call on recordings (call_id) where deleted_at is null and call_id is not null;
create index recordings_by_conference on recordings (conference_id)
    where deleted_at is null and conference_id is not null;
-- what a node left behind when it died
create index recordings_live_by_node on recordings (node) where status not in ('ended', 'failed');
-- what was ordered and not begun
create index recordings_unheeded on recordings (created_at) where status = 'initiating';

-- For how many days recordings are kept; the row without an account is for all that have none of their own, and where
-- there is no row they are kept for good.
create table recording_retention (
    account_id uuid unique nulls not distinct references accounts,
    days integer not null check (days > 0)
);
