-- Queries of the subject: tags of agents and queues.

-- name: save
insert into tags select * from jsonb_populate_recordset(null::tags, $1)
on conflict (id) do update set
    name = excluded.name, detail = excluded.detail, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find
select * from tags where account_id = $1 and id = $2 and deleted_at is null;

-- name: list_for
select * from tags
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: known
select id from tags where account_id = $1 and id = any($2::uuid[]) and deleted_at is null;

-- name: take_off_queues
update queues set tag_ids = array_remove(tag_ids, $2) where account_id = $1 and $2 = any(tag_ids);

-- name: take_off_agents
update agents set tag_ids = array_remove(tag_ids, $2) where account_id = $1 and $2 = any(tag_ids);
