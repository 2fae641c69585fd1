-- Queries of the subject: dialogs of answered calls.

-- name: keep
-- $1: a JSON array of call ids and dialogs.
insert into call_dialogs (call_id, dialog)
select call_id, dialog from jsonb_populate_recordset(null::call_dialogs, $1)
on conflict (call_id) do nothing;

-- name: forget
delete from call_dialogs where call_id = any($1::text::uuid[]);

-- name: take
delete from call_dialogs where call_id = any($1::text::uuid[]) returning dialog;
