-- Queries of the subject: numbers. The columns stand in the order of `_values` in numbers.py.

-- name: add
insert into numbers (
    id, account_id, organization_id, number, kind, status, suspended_for, voice_target, message_target, refer_target,
    name, detail, tags, metadata, protected, country, capabilities, item_id, carrier, monthly_micros, purchased_at,
    renews_at, look_at, warned_days, created_at, updated_at, released_at, grace_until, idempotency_key,
    settings, handling
) values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
    $26, $27, $28, $29, $30, $31
)

-- name: add_many
-- $1: a JSON array of numbers.
insert into numbers (
    id, account_id, organization_id, number, kind, status, suspended_for, voice_target, message_target, refer_target,
    name, detail, tags, metadata, protected, country, capabilities, item_id, carrier, monthly_micros, purchased_at,
    renews_at, look_at, warned_days, created_at, updated_at, released_at, grace_until, idempotency_key,
    settings, handling
)
select
    id, account_id, organization_id, number, kind, status, suspended_for, voice_target, message_target, refer_target,
    name, detail, tags, metadata, protected, country, capabilities, item_id, carrier, monthly_micros, purchased_at,
    renews_at, look_at, warned_days, created_at, updated_at, released_at, grace_until, idempotency_key,
    settings, handling
from json_populate_recordset(null::numbers, $1)

-- name: save
update numbers set
    account_id = $2, organization_id = $3, number = $4, kind = $5, status = $6, suspended_for = $7, voice_target = $8,
    message_target = $9, refer_target = $10, name = $11, detail = $12, tags = $13, metadata = $14, protected = $15,
    country = $16, capabilities = $17, item_id = $18, carrier = $19, monthly_micros = $20, purchased_at = $21,
    renews_at = $22, look_at = $23, warned_days = $24, created_at = $25, updated_at = $26, released_at = $27,
    grace_until = $28, idempotency_key = $29, settings = $30, handling = $31
where id = $1

-- name: find
select * from numbers where id = $1 and account_id = $2

-- name: find_by_key
select * from numbers where account_id = $1 and idempotency_key = $2 and idempotency_key <> ''

-- name: find_locked
select * from numbers where id = $1 and ($2::uuid is null or account_id = $2) for update

-- name: list_for
select * from numbers
where account_id = $1 and status <> 'released' and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3

-- name: list_fitting
select * from numbers
where account_id = $1 and status <> 'released' and ($2::timestamptz is null or created_at < $2)
    and (cardinality($4::text[]) = 0 or status = any($4)) and (cardinality($5::text[]) = 0 or kind = any($5))
    and strpos(number, $6) > 0 and strpos(lower(name), lower($7)) > 0 and tags @> $8::text[]
    and not exists (
        select from unnest($9::text[], $10::text[]) as wanted (key, value)
        where metadata ->> wanted.key is distinct from wanted.value
    )
order by created_at desc, id desc limit $3

-- name: list_after
-- As list_fitting; the page begins behind the number $2. All that is asked for stands in the index numbers_by_account,
-- so that only the page's own rows are read.
select n.* from (
    select id from numbers
    where account_id = $1 and status <> 'released'
        and ($2::uuid is null or (created_at, id) < (select created_at, id from numbers where id = $2))
        and (cardinality($4::text[]) = 0 or status = any($4)) and (cardinality($5::text[]) = 0 or kind = any($5))
        and ($6 = '' or strpos(number, $6) > 0)
        and ($7 = '' or name <> '' and strpos(lower(name), lower($7)) > 0) and capabilities @> $8::text[]
    order by created_at desc, id desc limit $3
) page join numbers n using (id)
order by n.created_at desc, n.id desc

-- name: list_tagged_after
-- The same of those that have the tags $9.
select * from numbers
where account_id = $1 and status <> 'released' and tags <> '{}' and tags @> $9::text[]
    and ($2::uuid is null or (created_at, id) < (select created_at, id from numbers where id = $2))
    and (cardinality($4::text[]) = 0 or status = any($4)) and (cardinality($5::text[]) = 0 or kind = any($5))
    and ($6 = '' or strpos(number, $6) > 0)
    and ($7 = '' or name <> '' and strpos(lower(name), lower($7)) > 0) and capabilities @> $8::text[]
order by created_at desc, id desc limit $3

-- name: list_released
select * from numbers
where account_id = $1 and status = 'released' and released_at > $2 and ($3::timestamptz is null or released_at < $3)
order by released_at desc limit $4

-- name: find_live
-- Answered by the unique index numbers_live: the condition is that index's own.
select * from numbers
where number = any($1::text[]) and status <> 'released' and kind in ('local', 'toll_free', 'mobile', 'virtual')

-- name: find_many
select * from numbers where id = any($1::uuid[]) and status <> 'released'

-- name: find_caller_id
select * from numbers
where account_id = $1 and status = 'active' and kind in ('local', 'toll_free', 'mobile')
order by created_at
limit 1

-- name: find_with_address
select * from numbers
where account_id = $1 and status = 'active' and kind in ('local', 'toll_free', 'mobile')
    and handling ->> 'emergency' is not null
order by created_at
limit 1

-- name: taken
select number from numbers
where number = any($1::text[]) and status <> 'released' and kind in ('local', 'toll_free', 'mobile', 'virtual')
union
select number from numbers where number = any($1::text[]) and status = 'released' and released_at > $2

-- name: count_virtual
select count(*) from numbers where account_id = $1 and kind = 'virtual' and status <> 'released'

-- name: using_flow
select * from numbers
where account_id = $1 and status <> 'released' and (voice_target ->> 'flow_id' = $2 or message_target ->> 'flow_id' = $2)
order by number limit $3

-- name: clear_flow
with used as (
    select id, coalesce(voice_target ->> 'flow_id' = $1, false) as for_voice,
        coalesce(message_target ->> 'flow_id' = $1, false) as for_message, voice_target, message_target
    from numbers where voice_target ->> 'flow_id' = $1 or message_target ->> 'flow_id' = $1
    order by id for update
),
cleared as (
    update numbers n set
        voice_target = case when for_voice then null else n.voice_target end,
        message_target = case when for_message then null else n.message_target end,
        updated_at = $2
    from used where n.id = used.id
    returning n.id, n.account_id, n.number, n.status, for_voice, for_message, used.voice_target as voice,
        used.message_target as message
),
noted as (
    insert into number_history (id, number_id, account_id, number, what, actor, actor_id, changes, created_at)
    select gen_random_uuid(), id, account_id, number, 'flow_deleted', 'account', account_id,
        case when for_voice then jsonb_build_array(jsonb_build_object('field', 'voice', 'from', voice, 'to', null))
            else '[]' end
        || case when for_message
            then jsonb_build_array(jsonb_build_object('field', 'message', 'from', message, 'to', null))
            else '[]' end,
        $2
    from cleared where status <> 'released'
)
select id from cleared

-- name: due
select * from numbers where look_at <= $1 and status <> 'released' order by look_at limit $2
for update skip locked

-- name: renewable_before
select * from numbers where renews_at < $1 and status <> 'released' order by renews_at limit $2
for update skip locked

-- name: hasten_unpaid
-- By the number's own days, not by a clock: credit arrives by the wall's, renewals go by the sandbox's, if it was moved.
-- Locked in the order in which the end of an account locks them.
with unpaid as (
    select id from numbers
    where account_id = $1 and warned_days = 0 and look_at > renews_at and status <> 'released'
    order by id for update
),
hastened as (
    update numbers set look_at = renews_at where id in (select id from unpaid)
    returning 1
)
select pg_notify('dialplane_work', 'due') where exists (select from hastened)
