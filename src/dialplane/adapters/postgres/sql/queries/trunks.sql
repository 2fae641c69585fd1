-- Queries of the subject: trunks.

-- name: insert_trunk
insert into trunks (
    id, account_id, name, networks, host, port, transport, username, password, priority, created_at, updated_at,
    detail, terms, login_username, login_password, found_by
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: update_trunk
update trunks
set name = $2, networks = $3, host = $4, port = $5, transport = $6, username = $7, password = $8, priority = $9,
    updated_at = $10, deleted_at = $11, detail = $12, terms = $13, login_username = $14, login_password = $15,
    found_by = $16
where id = $1;

-- name: list_trunks
select * from trunks where deleted_at is null order by priority, created_at, id;

-- name: find_trunk
select * from trunks where id = $1 and deleted_at is null;

-- name: find_trunk_by_source
-- The narrowest network wins, so that one peer's address may lie within another's range.
select t.*
from trunks t, unnest(t.networks) as network
where t.deleted_at is null and $1::inet <<= network::inet
order by masklen(network::inet) desc, t.priority, t.id
limit 1;
