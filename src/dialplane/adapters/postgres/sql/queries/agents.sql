-- Queries of the subject: agents.

-- name: insert_agent
insert into agents (id, account_id, username, password_hash, name, detail, permission, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: update_agent
update agents set password_hash = $2, name = $3, detail = $4, permission = $5, updated_at = $6, deleted_at = $7
where id = $1;

-- name: find_agent
select * from agents where id = $1 and deleted_at is null;

-- name: find_agent_by_username
select * from agents where lower(username) = lower($1) and deleted_at is null;

-- name: list_agents
select * from agents
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;
