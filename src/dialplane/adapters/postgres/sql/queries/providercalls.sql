-- Queries of the subject: calls forced over one trunk.

-- name: add
insert into provider_calls select * from jsonb_populate_recordset(null::provider_calls, $1);

-- name: find
select * from provider_calls where id = $1;

-- name: list_made
select * from provider_calls
where ($1::uuid is null or trunk_id = $1) and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;
