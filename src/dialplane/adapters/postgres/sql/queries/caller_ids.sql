-- Queries of the subject: outgoing_caller_ids.

-- name: settle
-- Those in whose call the code was keyed are verified from now on.
update outgoing_caller_ids set verified_at = $2, updated_at = $2
from runs
where outgoing_caller_ids.account_id = any($1::uuid[]) and outgoing_caller_ids.verified_at is null
  and runs.id = outgoing_caller_ids.run_id
  and runs.variables ->> 'voipbin.call.digits' = outgoing_caller_ids.code;

-- name: save
-- A number that is verified again stays what it was until then.
insert into outgoing_caller_ids (id, account_id, number, name, code, run_id, verified_at, created_at, updated_at)
select id, account_id, number, name, code, run_id, verified_at, created_at, updated_at
from jsonb_populate_recordset(null::outgoing_caller_ids, $1)
on conflict (account_id, number) do update set
    name = excluded.name, code = excluded.code, run_id = excluded.run_id, updated_at = excluded.updated_at
returning *;

-- name: find
select * from outgoing_caller_ids where account_id = $1 and id = $2;

-- name: query
select * from outgoing_caller_ids
where account_id = $1 and ($2::text = '' or number = $2) and ($3::text = '' or name = $3)
  and (not $4 or verified_at is not null)
order by created_at, id
offset $5 limit $6;

-- name: count
select count(*) from outgoing_caller_ids
where account_id = $1 and ($2::text = '' or number = $2) and ($3::text = '' or name = $3)
  and (not $4 or verified_at is not null);

-- name: rename
update outgoing_caller_ids set name = $3, updated_at = $4 where account_id = $1 and id = $2 returning *;

-- name: delete
delete from outgoing_caller_ids where account_id = $1 and id = $2 returning id;

-- name: verified
select account_id, number from outgoing_caller_ids
where account_id = any($1::uuid[]) and number = any($2::text[]) and verified_at is not null;
