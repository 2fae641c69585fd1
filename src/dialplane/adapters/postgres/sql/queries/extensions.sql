-- Extensions; where they are registered is in registrations.sql.

-- name: insert
insert into extensions (
    id, account_id, organization_id, extension, password, name, detail, direct_hash, created_at, is_enabled, voice,
    is_push_enabled, srtp, codecs
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (account_id, extension) where deleted_at is null do nothing
returning id;

-- name: update
update extensions
set password = $2, name = $3, detail = $4, direct_hash = $5, updated_at = $6, deleted_at = $7, is_enabled = $8,
    voice = $9, is_push_enabled = $10, srtp = $11, codecs = $12
where id = $1;

-- name: find
select * from extensions where account_id = $1 and id = $2 and deleted_at is null;

-- name: find_in_organization
select * from extensions where organization_id = $1 and extension = $2 and deleted_at is null
order by created_at limit 1;

-- name: query
select * from extensions where account_id = $1 and deleted_at is null order by created_at, id offset $2 limit $3;

-- name: find_by_direct_hash
select * from extensions where direct_hash = $1 and deleted_at is null;

-- name: list_for
select * from extensions
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: count
select count(*) from extensions where account_id = $1 and deleted_at is null;
