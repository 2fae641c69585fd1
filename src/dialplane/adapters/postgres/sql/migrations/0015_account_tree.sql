-- before
-- Accounts as a tree, who made an organization, and applications.

alter table accounts drop constraint accounts_status_check;
alter table accounts add constraint accounts_status_check
    check (status in ('initial', 'active', 'suspended', 'inactive', 'frozen', 'deleted', 'expired'));
alter table accounts add column role text not null default 'Administrator'
    check (role in ('Administrator', 'Developer'));
-- the account above whose suspension suspended this one
alter table accounts add column suspended_by uuid references accounts;
alter table accounts add constraint accounts_suspended_by_check
    check (suspended_by is null or status in ('suspended', 'inactive'));

-- null: the operator's
alter table organizations add column created_by uuid references accounts;
create index organizations_by_creator on organizations (created_by) where created_by is not null;

create table applications (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null check (length(name) between 1 and 64),
    kind text not null check (kind in ('', 'voice', 'sms', 'ussd')),
    rcml_url text not null check (length(rcml_url) <= 2048),
    api_version text not null check (length(api_version) <= 16),
    caller_id_lookup boolean not null,
    public_connect boolean not null,
    voice jsonb not null,                                -- url, method, fallback_url, fallback_method
    sms jsonb not null,
    ussd jsonb not null,
    status_url text not null check (length(status_url) <= 2048),
    status_method text not null check (status_method in ('GET', 'POST')),
    sms_status_url text not null check (length(sms_status_url) <= 2048),
    message_status_url text not null check (length(message_status_url) <= 2048),
    created_at timestamptz not null,
    updated_at timestamptz,
    deleted_at timestamptz
);
create index applications_by_account on applications (account_id, created_at, id) where deleted_at is null;

-- the numbers of an application, for its list and for the day that it is deleted
create index numbers_by_voice_application on numbers ((voice_target ->> 'application_id'))
    where voice_target ->> 'application_id' is not null;
create index numbers_by_message_application on numbers ((message_target ->> 'application_id'))
    where message_target ->> 'application_id' is not null;
create index numbers_by_refer_application on numbers ((refer_target ->> 'application_id'))
    where refer_target ->> 'application_id' is not null;
create index numbers_by_ussd_application on numbers ((settings -> 'ussd' ->> 'application_id'))
    where settings -> 'ussd' ->> 'application_id' is not null;

-- Usage: which category of usage records (Restcomm, Twilio) a call and a message belong to. Counts and minutes come from
-- these records, prices from the ledger; nothing counts anything by itself.

create view call_usage as
select c.id, c.account_id, c.created_at, c.progressing_at, c.ended_at,
    case
        when c.cost_type in ('call_extension', 'call_direct_ext') then 'calls-client'
        when c.direction = 'outgoing' and c.destination ->> 'type' = 'extension' then 'calls-client'
        when c.direction = 'outgoing' and c.destination ->> 'type' = 'sip' then 'calls-sip'
        when c.direction = 'outgoing' then 'calls-outbound'
        when n.kind = 'local' then 'calls-inbound-local'
        when n.kind = 'toll_free' then 'calls-inbound-tollfree'
        else 'calls-inbound'
    end as category
from calls c left join numbers n on n.id = c.number_id;

create view message_usage as
select m.id, m.account_id, m.created_at,
    case
        when m.direction = 'inbound' and n.kind = 'sip' then 'sms-inbound-shortcode'
        when m.direction = 'inbound' then 'sms-inbound-longcode'
        when n.kind = 'sip' then 'sms-outbound-shortcode'
        else 'sms-outbound-longcode'
    end as category
from messages m left join numbers n on n.id = m.number_id;

-- a deleted call was made all the same; those that are not deleted have an index of their own
create index calls_deleted_by_account on calls (account_id, created_at) where deleted_at is not null;
create index messages_deleted_by_account on messages (account_id, created_at) where deleted_at is not null;
create index recordings_deleted_by_account on recordings (account_id, created_at) where deleted_at is not null;
