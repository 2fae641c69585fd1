-- before
-- Orders of numbers that come from other carriers, and which numbers are on their way.

create table ports (
    id uuid primary key,
    account_id uuid not null references accounts,
    name text not null default '' check (length(name) <= 255),
    status text not null check (status in (
        'draft', 'submitted', 'in_process', 'exception', 'date_confirmed', 'ported', 'cancel_pending', 'cancelled'
    )),
    numbers jsonb not null,
    holder jsonb not null,
    document_ids uuid[] not null default '{}',
    exception jsonb,                                     -- what is wrong, while something is
    steps jsonb not null default '[]',
    requested_at timestamptz,
    foc_at timestamptz,                                  -- the cut-over, by the billing clock
    play_at timestamptz,                                 -- since when the simulated carrier has something to do
    created_at timestamptz not null,
    updated_at timestamptz not null,
    submitted_at timestamptz,
    ended_at timestamptz,
    check ((status in ('ported', 'cancelled')) = (ended_at is not null)),
    check ((status = 'exception') = (exception is not null)),
    check (status not in ('date_confirmed', 'ported') or foc_at is not null)
);
create index ports_by_account on ports (account_id, created_at desc);
create index ports_newest on ports (created_at desc);
create index ports_by_cut_over on ports (foc_at) where status = 'date_confirmed';
create index ports_played on ports (play_at) where play_at is not null;
create index ports_by_document on ports using gin (document_ids) where ended_at is null;

-- A number is in one order at most from its submission to its end; drafts keep nobody from anything.
create table port_claims (
    number e164 primary key,
    port_id uuid not null references ports
);
create index port_claims_by_port on port_claims (port_id);

-- Numbers that other carriers ask for, and the word without which none of them may.
create table port_outs (
    id uuid primary key,
    account_id uuid not null references accounts,
    number_id uuid not null,
    number text not null,
    carrier text not null check (length(carrier) <= 255),
    status text not null check (status in ('pending', 'authorized', 'rejected', 'ported', 'cancelled')),
    reason text not null default '' check (length(reason) <= 1024),
    decide_by timestamptz not null,                      -- the end of the owner's window
    leaves_at timestamptz not null,                      -- not before it was authorized
    created_at timestamptz not null,
    updated_at timestamptz not null,
    ended_at timestamptz,
    check ((status in ('pending', 'authorized')) = (ended_at is null))
);
create index port_outs_by_account on port_outs (account_id, created_at desc);
create index port_outs_newest on port_outs (created_at desc);
create unique index port_outs_one_open on port_outs (number_id) where ended_at is null;
create index port_outs_waiting on port_outs (decide_by) where status = 'pending';
create index port_outs_leaving on port_outs (leaves_at) where status = 'authorized';
create index port_outs_gone on port_outs (number) where status = 'ported';

create table port_out_pins (
    account_id uuid primary key references accounts,
    pin_hash bytea not null,
    updated_at timestamptz not null
);
