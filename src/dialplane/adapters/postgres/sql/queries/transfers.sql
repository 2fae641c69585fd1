-- Queries of the subject: transfers.

-- name: save
-- $1: a JSON array with one transfer.
insert into transfers (
    id, account_id, type, transferer_call_id, transferee_addresses, transferee_call_id, groupcall_id, created_at,
    updated_at, deleted_at
)
select
    id, account_id, type, transferer_call_id, transferee_addresses, transferee_call_id, groupcall_id, created_at,
    updated_at, deleted_at
from jsonb_populate_recordset(null::transfers, $1)
on conflict (id) do update set
    transferee_call_id = excluded.transferee_call_id, groupcall_id = excluded.groupcall_id,
    updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;
