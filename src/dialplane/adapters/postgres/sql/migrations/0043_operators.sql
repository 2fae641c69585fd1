-- before
-- People who are operators, the log of who did what, and accounts that are to be deleted.

alter table people add column operator_since timestamptz;      -- null: no operator
create index people_operators on people (operator_since) where operator_since is not null;

-- One row for each deed: written before it begins, ended once by what came of it. A row that never ended is a deed
-- that a crash cut off. No foreign keys: what is told of may be gone.
create table audit_log (
    id uuid primary key,                                       -- of version 7: in the order of time
    via text not null check (via in ('portal', 'desk', 'support', 'api')),
    actor text not null check (length(actor) <= 320),          -- the person's address, or what signed in
    person_id uuid,
    address text not null check (length(address) <= 64),
    deed text not null check (length(deed) <= 200),
    account_id uuid,
    subject text not null default '' check (length(subject) <= 400),
    facts jsonb not null default '{}',
    outcome text not null check (outcome in ('begun', 'done', 'refused', 'failed')),
    said text not null default '' check (length(said) <= 500),
    created_at timestamptz not null
);
create index audit_log_by_account on audit_log (account_id, id desc) where account_id is not null;
create index audit_log_by_actor on audit_log (lower(actor), id desc);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.outcome = 'begun' and new.outcome <> 'begun'
        and (new.id, new.via, new.actor, new.address, new.deed, new.created_at)
            = (old.id, old.via, old.actor, old.address, old.deed, old.created_at)
    then
        return new;
    end if;
    raise exception 'the audit log is only added to' using errcode = 'restrict_violation';
end $$;

create trigger audit_log_append_only before update or delete on audit_log
    for each row execute function refuse_audit_change();

-- whose thirty days are over
create index accounts_frozen on accounts (updated_at) where status = 'frozen';
