-- Queries of the subject: access_keys.

-- name: insert_key
insert into access_keys (
    id, account_id, name, detail, token_hash, token_prefix, expires_at, created_at, updated_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: find_key
select * from access_keys where id = $1 and deleted_at is null;

-- name: find_holder
-- Runs for every request with a key: one look-up by the unique hash, and the account by its primary key.
select k.id, k.account_id, k.expires_at, k.last_used_at, a.status
from access_keys k
join accounts a on a.id = k.account_id
where k.token_hash = $1 and k.deleted_at is null;

-- name: list_keys
select * from access_keys
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: update_key
update access_keys set name = $2, detail = $3, updated_at = $4, deleted_at = $5 where id = $1;

-- name: touch_key
update access_keys set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2);
