-- before
-- What running documents needs: status callbacks as deliveries, notifications for the owners of documents, names of
-- callers, and message runs whose program is a document.

alter table webhook_endpoints drop constraint webhook_endpoints_kind_check;
alter table webhook_endpoints add constraint webhook_endpoints_kind_check
    check (kind in ('customer', 'extra', 'run', 'hook', 'callback'));

create unique index webhook_endpoints_of_callbacks on webhook_endpoints (account_id, url, method)
    where kind = 'callback' and deleted_at is null;

-- Faults of tenants' applications, where their owners look for them (Restcomm reference 4.9). No foreign keys: they are
-- written on the way of calls.
create table notifications (
    id uuid primary key,
    account_id uuid not null,
    call_id uuid,                       -- null: of a message, or of no call
    api_version text not null check (length(api_version) <= 16),
    log smallint not null check (log in (0, 1)),        -- 0: error, 1: warning
    error_code integer not null,
    message text not null check (length(message) <= 4096),
    request_url text not null default '' check (length(request_url) <= 4096),
    request_method text not null default '' check (length(request_method) <= 16),
    request_variables text not null default '' check (length(request_variables) <= 8192),
    response_headers text not null default '' check (length(response_headers) <= 8192),
    response_body text not null default '' check (length(response_body) <= 8192),
    created_at timestamptz not null
);
create index notifications_by_account on notifications (account_id, created_at desc, id desc);
create index notifications_by_call on notifications (call_id, created_at desc, id desc) where call_id is not null;

-- Names of callers that the operator has (CNAM), for numbers with VoiceCallerIdLookup.
create table caller_names (
    number text primary key check (length(number) between 1 and 32),
    name text not null check (length(name) between 1 and 255)
);

-- A run that a message started runs a flow, or the document that the number names.
alter table message_runs alter column flow_id drop not null;
alter table message_runs add column document jsonb;
alter table message_runs add constraint message_runs_program check ((flow_id is null) <> (document is null));
