-- Queries of the subject: applications. The columns stand in the order of `_values` in applications.py.

-- name: save
insert into applications (
    id, account_id, name, kind, rcml_url, api_version, caller_id_lookup, public_connect, voice, sms, ussd, status_url,
    status_method, sms_status_url, message_status_url, created_at, updated_at, deleted_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict (id) do update set
    name = excluded.name, kind = excluded.kind, rcml_url = excluded.rcml_url, api_version = excluded.api_version,
    caller_id_lookup = excluded.caller_id_lookup, public_connect = excluded.public_connect, voice = excluded.voice,
    sms = excluded.sms, ussd = excluded.ussd, status_url = excluded.status_url,
    status_method = excluded.status_method, sms_status_url = excluded.sms_status_url,
    message_status_url = excluded.message_status_url, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at;

-- name: find
select * from applications where id = $2 and account_id = $1 and deleted_at is null;

-- name: find_many
select * from applications where id = any($1::uuid[]) and deleted_at is null;

-- name: lock
select * from applications where id = $2 and account_id = $1 and deleted_at is null for update;

-- name: query
select * from applications
where account_id = $1 and deleted_at is null and ($2::text = '' or name = $2)
order by created_at, id
offset $3 limit $4;

-- name: count
select count(*) from applications where account_id = $1 and deleted_at is null and ($2::text = '' or name = $2);

-- name: names
select id, name from applications where id = any($1::uuid[]) and deleted_at is null;

-- name: numbers_of
select number.id, number.number, number.name, wanted.id as application_id,
       coalesce(number.voice_target ->> 'application_id' = wanted.id::text, false) as for_voice,
       coalesce(number.message_target ->> 'application_id' = wanted.id::text, false) as for_messages,
       coalesce(number.refer_target ->> 'application_id' = wanted.id::text, false) as for_transfers,
       coalesce(number.settings -> 'ussd' ->> 'application_id' = wanted.id::text, false) as for_ussd
from unnest($1::uuid[]) as wanted (id)
join numbers number
    on number.voice_target ->> 'application_id' = wanted.id::text
    or number.message_target ->> 'application_id' = wanted.id::text
    or number.refer_target ->> 'application_id' = wanted.id::text
    or number.settings -> 'ussd' ->> 'application_id' = wanted.id::text
where number.status <> 'released'
order by number.number, number.id
limit 10000;
