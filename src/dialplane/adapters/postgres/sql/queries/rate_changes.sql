-- Queries of the subject: changes of rate decks that wait for their day.

-- name: add
insert into rate_changes (id, deck, effective_at, state, replaces, csv, created_at)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: save
update rate_changes set state = $2, csv = $3, ended_at = $4 where id = $1;

-- name: lock
select * from rate_changes where deck = $1 and id = $2 for update;

-- name: list_for
-- Without the files, which are long.
select id, deck, effective_at, state, replaces, '' as csv, created_at, ended_at
from rate_changes where deck = $1 and ($2::timestamptz is null or created_at < $2)
order by created_at desc limit $3;

-- name: count_waiting
select count(*) from rate_changes where deck = $1 and state = 'scheduled';

-- name: due
-- One at a time, so that those of one deck come in their order.
select * from rate_changes where state = 'scheduled' and effective_at <= $1
order by effective_at, id limit 1 for update;
