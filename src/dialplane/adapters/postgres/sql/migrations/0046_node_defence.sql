-- before
-- What a voice node refuses to strangers, told with each of its beats.

alter table nodes add column defence jsonb not null default '{}';
