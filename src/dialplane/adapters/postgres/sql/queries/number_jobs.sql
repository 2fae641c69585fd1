-- Queries of the subject: work on many numbers at once.

-- name: add
insert into number_jobs (
    id, account_id, kind, state, change, wanted, reading, counts, reached, actor, actor_id, created_at, updated_at,
    applied_at, undone_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)

-- name: save
update number_jobs set
    state = $2, wanted = $3, reading = $4, counts = $5, reached = $6, updated_at = $7, applied_at = $8, undone_at = $9
where id = $1

-- name: find
select * from number_jobs where id = $2 and account_id = $1

-- name: lock
select * from number_jobs where id = $2 and account_id = $1 for update

-- name: list_for
select * from number_jobs where account_id = $1 and ($2::timestamptz is null or created_at < $2)
order by created_at desc limit $3

-- name: at_work
-- The one that has waited longest, so that a large one and a small one go on side by side.
select * from number_jobs where state in ('applying', 'undoing')
order by updated_at limit 1 for update skip locked

-- name: add_selected
insert into number_job_lines (job_id, position, line, number_id, number, outcome)
select $1, row_number() over (order by created_at desc, id desc), 0, id, number, 'waiting'
from numbers where account_id = $2 and id = any($3::uuid[]) and status <> 'released'

-- name: add_fitting
-- As `list_after` of the numbers, all of them.
insert into number_job_lines (job_id, position, line, number_id, number, outcome)
select $1, row_number() over (order by created_at desc, id desc), 0, id, number, 'waiting'
from numbers
where account_id = $2 and status <> 'released'
    and (cardinality($3::text[]) = 0 or status = any($3)) and (cardinality($4::text[]) = 0 or kind = any($4))
    and strpos(number, $5) > 0 and strpos(lower(name), lower($6)) > 0 and tags @> $7::text[]
    and capabilities @> $8::text[]

-- name: count_fitting
select count(*) from (
    select from numbers
    where account_id = $1 and status <> 'released'
        and (cardinality($2::text[]) = 0 or status = any($2)) and (cardinality($3::text[]) = 0 or kind = any($3))
        and strpos(number, $4) > 0 and strpos(lower(name), lower($5)) > 0
        and (cardinality($6::text[]) = 0 or tags @> $6) and capabilities @> $7::text[]
    limit $8
) as counted

-- name: count
select outcome, count(*) from number_job_lines where job_id = $1 group by outcome

-- name: list_lines
select * from number_job_lines where job_id = $1 and position > $2 order by position limit $3

-- name: list_lines_of
select * from number_job_lines where job_id = $1 and outcome = $4 and position > $2 order by position limit $3

-- name: lock_numbers
select * from numbers where account_id = $1 and id = any($2::uuid[]) order by id for update

-- name: note
update number_job_lines l
set outcome = n.outcome, was = coalesce(n.was, l.was), field = n.field, detail = n.detail
from unnest($2::integer[], $3::text[], $4::jsonb[], $5::text[], $6::text[]) as n (position, outcome, was, field, detail)
where l.job_id = $1 and l.position = n.position

-- name: forget_previews
delete from number_jobs where id in (
    select id from number_jobs
    where lines_gone_at is null and state = 'previewed' and created_at < $1
    order by created_at limit $2 for update skip locked
) returning id

-- name: forget_lines
with old as (
    update number_jobs set lines_gone_at = now() where id in (
        select id from number_jobs
        where lines_gone_at is null and state in ('applied', 'undone') and created_at < $1 and applied_at < $1
        order by created_at limit $2 for update skip locked
    ) returning id
), gone as (
    delete from number_job_lines where job_id in (select id from old)
)
select id from old
