-- before
-- What few calls have: names, headers, the dialect that began them, the group or conference they belong to.

alter table calls add column extras jsonb;
