-- Queries of the subject: history of numbers.

-- name: add
insert into number_history (id, number_id, account_id, number, what, actor, actor_id, changes, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: add_many
-- $1: a JSON array of entries.
insert into number_history (id, number_id, account_id, number, what, actor, actor_id, changes, created_at)
select id, number_id, account_id, number, what, actor, actor_id, changes, created_at
from json_populate_recordset(null::number_history, $1)

-- name: list_for
select * from number_history
where number_id = $1 and ($2::timestamptz is null or created_at < $2)
order by created_at desc, position desc limit $3
