-- Queries of the subject: settings.

-- name: find_setting
select value from settings where name = $1;

-- name: put_setting
insert into settings (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value;

-- name: put_setting_if_absent
-- The write of the old value over itself makes the returning clause speak of an old row too.
insert into settings (name, value) values ($1, $2)
on conflict (name) do update set value = settings.value
returning value;

-- name: delete_setting
delete from settings where name = $1;

-- name: wake_workers
-- With the commit: what is done by the billing clock is looked at now.
select pg_notify('dialplane_work', 'due');
