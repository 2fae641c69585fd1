-- Queries of the subject: summaries that assistants made.

-- name: add
insert into ai_summaries select * from jsonb_populate_recordset(null::ai_summaries, $1);

-- name: find
select * from ai_summaries where account_id = $1 and id = $2 and deleted_at is null;

-- name: list_made
select * from ai_summaries
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: delete
update ai_summaries set deleted_at = $2 where id = $1;
