-- before
-- What the dialects of Restcomm and Twilio keep.

-- basic authentication by address of e-mail
create index accounts_by_email on accounts (lower(email)) where deleted_at is null;
