-- Queries of the subject: schedules.

-- name: save
insert into schedules (id, account_id, name, zone, week, holidays, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (id) do update set name = $3, zone = $4, week = $5, holidays = $6, updated_at = $8;

-- name: find
select * from schedules where id = $1 and account_id = $2 and deleted_at is null;

-- name: find_locked
select * from schedules where id = $1 and account_id = $2 and deleted_at is null for update;

-- name: find_many
select * from schedules where id = any($1::uuid[]) and deleted_at is null;

-- name: list_for
select * from schedules
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: count
select count(*) from schedules where account_id = $1 and deleted_at is null;

-- name: is_used
-- Answered by the index numbers_by_schedule.
select exists (
    select from numbers where handling -> 'hours' ->> 'schedule_id' = $1::text and status <> 'released'
);

-- name: delete
update schedules set deleted_at = $2, updated_at = $2 where id = $1;
