-- Queries of the subject: talks with assistants, and what was said in them.

-- name: add_aicall
insert into aicalls select * from jsonb_populate_recordset(null::aicalls, $1) on conflict (id) do nothing returning id;

-- name: save_aicall
insert into aicalls select * from jsonb_populate_recordset(null::aicalls, $1)
on conflict (id) do update set
    run_id = excluded.run_id, engine_model = excluded.engine_model, member_id = excluded.member_id, status = excluded.status, ended_at = excluded.ended_at,
    updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find_aicall
select * from aicalls where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock_aicall
select * from aicalls where account_id = $1 and id = $2 and deleted_at is null for update;

-- name: list_aicalls
select * from aicalls
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: lock_left_aicalls
-- Of all accounts: those that go on although their run is over, or the call for which nobody took them up.
select aicalls.* from aicalls left join runs on runs.id = aicalls.run_id
where aicalls.status <> 'terminated' and (
    (aicalls.run_id is not null and (runs.id is null or runs.ended_at is not null))
    or (aicalls.run_id is null and aicalls.reference_type = 'call' and not exists (
        select from calls where calls.id = aicalls.reference_id and calls.status <> 'hangup'
    ))
)
limit $1 for update of aicalls skip locked;

-- name: add_aimessages
insert into aimessages select * from jsonb_populate_recordset(null::aimessages, $1);

-- name: find_aimessage
select aimessages.* from aimessages join aicalls on aicalls.id = aimessages.aicall_id
where aimessages.account_id = $1 and aimessages.id = $2 and aimessages.deleted_at is null
    and aicalls.deleted_at is null;

-- name: list_aimessages
select * from aimessages
where account_id = $1 and aicall_id = $2 and deleted_at is null and ($3::timestamptz is null or created_at < $3)
order by created_at desc, id desc limit $4;

-- name: count_aimessages
select count(*) from aimessages where aicall_id = $1;

-- name: delete_aimessage
update aimessages set deleted_at = $2 where id = $1;
