-- before
-- Transcriptions of calls and recordings, and what was said in them.

create table transcriptions (
    id uuid primary key,
    account_id uuid not null references accounts,
    run_id uuid,
    reference_type text not null check (reference_type in ('call', 'recording')),
    reference_id uuid not null,
    call_id uuid,                                -- the call that was recorded, or that is listened to
    language text not null,
    direction text not null check (direction in ('both', 'in', 'out')),
    provider text not null default '',
    status text not null check (status in ('progressing', 'done')),
    error text not null default '',              -- why nothing was transcribed, in words
    message text not null default '',            -- all that was said, once it is done
    duration_ms integer not null default 0,
    on_end_flow_id uuid,
    status_callback jsonb,
    node text not null default '',               -- the voice node that listens to a call
    leased_until timestamptz,                    -- a worker transcribes the recording
    created_at timestamptz not null,
    ended_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index transcriptions_by_account on transcriptions (account_id, created_at desc, id desc)
    where deleted_at is null;
create index transcriptions_by_reference on transcriptions (reference_id) where deleted_at is null;
-- what the workers have to do, and what a dead node left behind
create index transcriptions_under_way on transcriptions (reference_type, created_at) where status = 'progressing';

create table transcripts (
    id uuid primary key,
    account_id uuid not null references accounts,
    transcription_id uuid not null references transcriptions on delete cascade,
    direction text not null check (direction in ('both', 'in', 'out')),
    message text not null,
    confidence real not null default 0,
    began_ms integer not null,                   -- after the beginning of the call's or recording's sound
    ended_ms integer not null,
    created_at timestamptz not null
);
create index transcripts_by_transcription on transcripts (transcription_id, created_at desc, id desc);

-- a flow may follow a transcription, too
alter table runs
    drop constraint runs_reference_type_check,
    add constraint runs_reference_type_check
        check (reference_type in ('', 'api', 'call', 'conversation', 'recording', 'transcribe'));
