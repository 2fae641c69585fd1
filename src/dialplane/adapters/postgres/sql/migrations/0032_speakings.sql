-- before
-- Speech that a client streams into calls and conferences, and transcriptions of conferences (VoIPBIN's speakings and
-- transcribes).

create table speakings (
    id uuid primary key,
    account_id uuid not null references accounts,
    reference_type text not null check (reference_type in ('call', 'confbridge')),
    reference_id uuid not null,
    language text not null,
    provider text not null default '',
    voice_id text not null default '',
    direction text not null check (direction in ('in', 'out', 'both')),
    status text not null check (status in ('initiating', 'active', 'stopped')),
    node text not null,                          -- the voice node that speaks
    created_at timestamptz not null,
    ended_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index speakings_by_account on speakings (account_id, created_at desc, id desc) where deleted_at is null;
-- what a dead node left behind
create index speakings_under_way on speakings (node) where status <> 'stopped';

alter table transcriptions
    drop constraint transcriptions_reference_type_check,
    add constraint transcriptions_reference_type_check check (reference_type in ('call', 'recording', 'confbridge'));

-- null, as the version before writes it, is none
alter table conferences add column transcription_ids uuid[];

-- e-mails that are to be handed over again
create index emails_under_way on emails (created_at) where status in ('deferred', 'initiated') and deleted_at is null;
