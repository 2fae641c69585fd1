-- Queries of the subject: names of callers.

-- name: find
select name from caller_names where number = $1;

-- name: save_many
insert into caller_names (number, name) select * from unnest($1::text[], $2::text[])
on conflict (number) do update set name = excluded.name;

-- name: forget
delete from caller_names where number = any($1::text[]);

-- name: list_all
select number, name from caller_names where number > $1 order by number limit $2;
