-- before
-- Answers to requests that carried an Idempotency-Key.

create table idempotency_keys (
    account_id uuid not null,                 -- an account's, or the nil UUID: the operator's
    key text not null check (length(key) between 1 and 255),
    fingerprint bytea not null,
    state text not null check (state in ('running', 'done')),
    -- the session that began it: when that is gone, nobody is working on the request any more
    backend_pid integer not null,
    backend_started_at timestamptz not null,
    status smallint,
    body bytea,
    began_at timestamptz not null,
    finished_at timestamptz,
    primary key (account_id, key),
    check ((state = 'done') = (status is not null and body is not null and finished_at is not null))
);
create index idempotency_keys_by_age on idempotency_keys (began_at);
