-- Queries of the subject: signed caller IDs that counted.

-- name: take
-- Whose it is: the call that brought it first. What is too old to count goes by the way.
with gone as (
    delete from seen_passports where mark in (
        select mark from seen_passports where seen_at < $4 order by seen_at limit 100 for update skip locked
    )
), mine as (
    insert into seen_passports (mark, call, seen_at) values ($1, $2, $3)
    on conflict (mark) do nothing
    returning call
)
select call from mine
union all
select call from seen_passports where mark = $1
limit 1
