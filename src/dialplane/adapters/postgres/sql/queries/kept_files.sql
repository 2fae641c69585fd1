-- Queries of the subject: files of imports.

-- name: add
insert into import_files (id, body, wish, created_at) values ($1, $2, $3, $4);

-- name: find
select body, wish from import_files where id = $1;

-- name: forget
delete from import_files where created_at < $1;
