-- before
-- Documents that carriers ask for: what they are and what the operator said of them. Their content is a file elsewhere.

create table documents (
    id uuid primary key,
    account_id uuid not null references accounts,
    kind text not null check (length(kind) between 1 and 64),
    name text not null check (length(name) <= 255),
    media_type text not null,                            -- by the content, not by the name
    size bigint not null check (size > 0),
    sha256 text not null,
    status text not null check (status in ('pending', 'approved', 'rejected')),
    reason text not null default '' check (length(reason) <= 1024),
    expires_on date,
    created_at timestamptz not null,
    reviewed_at timestamptz,
    deleted_at timestamptz,
    check ((status = 'pending') = (reviewed_at is null))
);
create index documents_by_account on documents (account_id, created_at desc) where deleted_at is null;
-- what waits for the operator
create index documents_to_review on documents (created_at desc) where status = 'pending' and deleted_at is null;

-- orders that wait for a document
create index orders_pending on orders (account_id) where status = 'pending';
