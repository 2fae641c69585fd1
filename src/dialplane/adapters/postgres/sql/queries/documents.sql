-- Queries of the subject: documents.

-- name: add
insert into documents (id, account_id, kind, name, media_type, size, sha256, status, expires_on, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: save
update documents set status = $2, reason = $3, reviewed_at = $4, deleted_at = $5 where id = $1

-- name: find
select * from documents where id = $1 and ($2::uuid is null or account_id = $2) and deleted_at is null

-- name: lock
select * from documents where id = $1 and ($2::uuid is null or account_id = $2) and deleted_at is null for update

-- name: list_for
select * from documents
where ($1::uuid is null or account_id = $1) and ($2::text is null or status = $2)
    and ($3::timestamptz is null or created_at < $3) and deleted_at is null
order by created_at desc, id desc limit $4

-- name: count
select count(*) from documents where account_id = $1 and deleted_at is null

-- name: find_many
select id, account_id from documents where id = any($1::uuid[]) and deleted_at is null
