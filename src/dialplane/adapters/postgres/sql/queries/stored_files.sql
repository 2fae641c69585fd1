-- Queries of the subject: files that accounts keep.

-- name: add
insert into stored_files select * from jsonb_populate_recordset(null::stored_files, $1);

-- name: find
select * from stored_files where account_id = $1 and id = $2 and deleted_at is null;

-- name: list_kept
select * from stored_files
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: sum_up
select count(*) as count, coalesce(sum(size), 0)::bigint as size from stored_files
where account_id = $1 and deleted_at is null;

-- name: delete
update stored_files set deleted_at = $2 where id = $1;

-- name: find_keys
select account_id || '/' || id as key from stored_files where id = any($1::uuid[]) and deleted_at is null;
