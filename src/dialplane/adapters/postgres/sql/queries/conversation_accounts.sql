-- Queries of the subject: accounts at other networks.

-- name: save
insert into conversation_accounts select * from jsonb_populate_recordset(null::conversation_accounts, $1)
on conflict (id) do update set
    type = excluded.type, name = excluded.name, detail = excluded.detail, secret = excluded.secret,
    token = excluded.token, phone_number_id = excluded.phone_number_id, app_secret = excluded.app_secret,
    message_flow_id = excluded.message_flow_id, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find
select * from conversation_accounts where account_id = $1 and id = $2 and deleted_at is null;

-- name: list_for
select * from conversation_accounts
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: count
select count(*) from conversation_accounts where account_id = $1 and deleted_at is null;
