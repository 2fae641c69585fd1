-- before
-- What the dialects of Restcomm and Twilio keep.

-- basic authentication by address of e-mail
create index accounts_by_email on accounts (lower(email)) where deleted_at is null;

-- fields of a number that its targets do not hold, as they were written; empty: the defaults
alter table numbers add column settings jsonb not null default '{}';
