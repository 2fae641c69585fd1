-- Queries of the subject: e-mails and contact cases.

-- name: save
insert into emails select * from jsonb_populate_recordset(null::emails, $1)
on conflict (id) do update set
    status = excluded.status, note = excluded.note, updated_at = excluded.updated_at,
    -- Deleted stays deleted, also where the word of the mail server comes after it.
    deleted_at = coalesce(emails.deleted_at, excluded.deleted_at);

-- name: find
select * from emails where id = $2 and account_id = $1 and deleted_at is null;

-- name: list_for
select * from emails
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: claim_due
-- Each pause is as long as all before it, from a minute on. One that is initiated without a word of why was left behind
-- by a process that died, or is being handed over this minute.
update emails set updated_at = $1
where id in (
    select id from emails
    where deleted_at is null and (status = 'deferred' or (status = 'initiated' and note = ''))
        and $1 >= coalesce(updated_at, created_at)
            + greatest(interval '1 minute', coalesce(updated_at, created_at) - created_at)
    order by created_at limit $2 for update skip locked
)
returning *;

-- name: save_case
insert into contact_cases select * from jsonb_populate_recordset(null::contact_cases, $1)
on conflict (id) do update set
    name = excluded.name, detail = excluded.detail, note = excluded.note, contact_id = excluded.contact_id, status = excluded.status,
    updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find_case
select * from contact_cases where id = $2 and account_id = $1 and deleted_at is null;

-- name: lock_case
select * from contact_cases where id = $2 and account_id = $1 and deleted_at is null for update;

-- name: list_cases
select * from contact_cases
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;
