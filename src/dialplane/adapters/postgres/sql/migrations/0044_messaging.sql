-- before
-- Messages that are scheduled, cancelled and reported on with codes.

alter table message_targets drop constraint message_targets_status_check;
alter table message_targets add constraint message_targets_status_check
    check (status in ('received', 'scheduled', 'held', 'queued', 'gw_timeout', 'sent', 'dlr_timeout', 'failed',
                      'undelivered', 'canceled', 'delivered'));
alter table message_targets add column error_code integer not null default 0;   -- Twilio's; 0: none
alter table message_targets add column sent_at timestamptz;
create index message_targets_due on message_targets (due_at) where status in ('queued', 'scheduled');
drop index message_targets_queued;

alter table sandbox_messages drop constraint sandbox_messages_receipt_check;
alter table sandbox_messages add constraint sandbox_messages_receipt_check
    check (receipt in ('delivered', 'failed', 'undelivered'));

-- Senders that act as one: consent, rates and the choice of the sender are theirs together.
create table sender_pools (
    id uuid primary key,
    account_id uuid not null,
    name text not null check (length(name) <= 255),
    number_rate integer not null default 0 check (number_rate >= 0),            -- messages a minute of one number; 0: any
    destination_rate integer not null default 0 check (destination_rate >= 0),  -- to one country; 0: any
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index sender_pools_by_account on sender_pools (account_id, created_at desc) where deleted_at is null;

create table sender_pool_numbers (
    number_id uuid primary key,         -- a number is in one pool at most
    pool_id uuid not null,
    position integer not null
);
create index sender_pool_numbers_by_pool on sender_pool_numbers (pool_id, position);

-- When the next message of a number, or to a country, may go out; only of pools with a rate.
create table sending_slots (
    pool_id uuid not null,
    key text not null,
    next_at timestamptz not null,
    primary key (pool_id, key)
);

create table consent_settings (
    account_id uuid primary key,
    settings jsonb not null,
    updated_at timestamptz not null
);

-- What was said on consent: only ever added to.
create table consent_records (
    id uuid primary key,
    account_id uuid not null,
    peer text not null check (length(peer) <= 255),
    pool_id uuid,                       -- null: of the account's numbers that are in no pool
    wish text not null check (wish in ('STOP', 'START', 'HELP')),
    source text not null check (source in ('message', 'api')),
    own text not null,
    text text not null check (length(text) <= 1600),
    created_at timestamptz not null,
    message_id uuid
);
create index consent_records_by_account on consent_records (account_id, created_at desc, id desc);
create index consent_records_by_peer on consent_records (account_id, peer, created_at desc, id desc);

create function refuse_to_change() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name;
end
$$;
create trigger consent_records_stay before update or delete on consent_records
    for each row execute function refuse_to_change();

-- Who gets no messages: what the records come to. `scope` is a pool, the nil UUID for numbers in no pool, or the greatest
-- UUID for every number of the account.
create table opt_outs (
    account_id uuid not null,
    peer text not null,
    scope uuid not null,
    since timestamptz not null,
    primary key (account_id, peer, scope)
);

-- Served by it: what was sent to the neighbours of a number (pumping).
create index conversations_by_peer on conversations (account_id, peer_target) where deleted_at is null;

-- A conversation that a person has taken over: its messages start no flow.
alter table conversations add column owner_id uuid;
create index conversations_by_owner on conversations (account_id, owner_id, created_at desc)
    where owner_id is not null and deleted_at is null;

-- Media of messages, fetched once from where they were named and kept from then on.
create table message_media (
    id uuid primary key,
    message_id uuid not null,
    account_id uuid not null,
    position integer not null,
    url text not null check (length(url) <= 2048),
    content_type text not null,
    size_bytes integer not null default 0,
    state text not null check (state in ('waiting', 'stored', 'failed')),
    reason text not null default '',
    attempts integer not null default 0,
    due_at timestamptz not null,
    created_at timestamptz not null,
    deleted_at timestamptz
);
create index message_media_by_message on message_media (message_id, position);
create index message_media_due on message_media (due_at) where state = 'waiting' and deleted_at is null;
