-- Queries of the subject: usage_records.

-- name: facts
-- What the accounts $1 used from $2 up to $3, by period ($4: day, month, year; any other word: all in one) and category.
-- A call belongs to the moment it ended; calls that began up to a day before are therefore looked at too.
select case when $4 in ('day', 'month', 'year') then date_trunc($4, used.at) else $2 end as period, used.category,
       sum(used.count)::bigint as count, sum(used.amount)::bigint as amount, sum(used.micros)::bigint as micros
from (
    select ended_at as at, category, 1 as count,
           greatest(ceil(extract(epoch from ended_at - progressing_at) / 60), 1) as amount, 0 as micros
    from call_usage
    where account_id = any($1::uuid[]) and created_at >= $2::timestamptz - interval '1 day' and created_at < $3
      and ended_at >= $2 and ended_at < $3 and progressing_at is not null
    union all
    select message.created_at, message.category, 1, target.parts, 0
    from message_usage message join message_targets target on target.message_id = message.id
    where message.account_id = any($1::uuid[]) and message.created_at >= $2 and message.created_at < $3
      and target.status in ('received', 'sent', 'delivered', 'undelivered', 'dlr_timeout')
    union all
    select created_at, 'recordings', 1, ceil(duration_ms / 60000.0), 0
    from recordings
    where account_id = any($1::uuid[]) and created_at >= $2 and created_at < $3 and status = 'ended'
    union all
    -- what was put by in the period, in megabytes begun; keeping it costs nothing
    select created_at, 'recordingstorage', 1, ceil(size_bytes / 1000000.0), 0
    from recordings
    where account_id = any($1::uuid[]) and created_at >= $2 and created_at < $3 and size_bytes > 0
    union all
    select created_at, 'transcriptions', 1, ceil(duration_ms / 60000.0), 0
    from transcriptions
    where account_id = any($1::uuid[]) and created_at >= $2 and created_at < $3 and status = 'done' and error = ''
    union all
    select entry.created_at,
           case entry.reference_type
               when 'call' then coalesce(call.category, 'calls')
               when 'call_extension' then coalesce(call.category, 'calls')
               when 'sms' then coalesce(message.category, 'sms')
               when 'recording' then 'recordings'
               when 'transcribe' then 'transcriptions'
               when 'caller_id_lookup' then 'calleridlookups'
               when 'number' then
                   case number.kind when 'local' then 'phonenumbers-local' when 'toll_free' then 'phonenumbers-tollfree'
                   else 'phonenumbers' end
               when 'number_renew' then
                   case number.kind when 'local' then 'phonenumbers-local' when 'toll_free' then 'phonenumbers-tollfree'
                   else 'phonenumbers' end
               else 'totalprice'
           end,
           case when entry.reference_type in ('number', 'number_renew', 'caller_id_lookup') then 1 else 0 end,
           case when entry.reference_type in ('number', 'number_renew', 'caller_id_lookup') then 1 else 0 end,
           -entry.amount_micros
    from ledger_entries entry
    left join call_usage call
        on entry.reference_type in ('call', 'call_extension') and call.id = entry.reference_id
    left join message_usage message on entry.reference_type = 'sms' and message.id = entry.reference_id
    left join numbers number
        on entry.reference_type in ('number', 'number_renew') and number.id = entry.reference_id
    where entry.account_id = any($1::uuid[]) and entry.created_at >= $2 and entry.created_at < $3
      and entry.transaction_type in ('usage', 'refund')
) used
group by period, used.category
order by period, used.category;

-- name: spent_lines
-- What the account $1 was charged from $2 up to $3, a line for each of its numbers and bucket ($4, $5: what an entry is
-- about and its bucket; $6: that of all others), of these numbers ($7, all where null) and buckets ($8, all where null).
-- $9 lines from $10 on, and with each what all of them come to: added up here, so that nobody holds a line for each of
-- 100,000 numbers for a page of them.
with spent as (
    select coalesce(held.number, case when call.direction = 'outgoing' then call.source ->> 'target' end, '') as number,
           coalesce(known.bucket, $6) as bucket, count(*)::bigint as count, sum(entry.units)::bigint as units,
           sum((entry.seconds + 59) / 60)::bigint as minutes, sum(-entry.amount_micros)::bigint as micros
    from ledger_entries entry
    left join unnest($4::text[], $5::text[]) as known (reference_type, bucket)
        on known.reference_type = entry.reference_type
    left join calls call on entry.reference_type in ('call', 'call_extension') and call.id = entry.reference_id
    left join messages message on entry.reference_type = 'sms' and message.id = entry.reference_id
    left join numbers held on held.id = case
        when entry.reference_type in ('number', 'number_renew') then entry.reference_id
        else coalesce(call.number_id, message.number_id) end
    where entry.account_id = $1 and entry.created_at >= $2 and entry.created_at < $3
      and entry.transaction_type in ('usage', 'refund')
    group by 1, 2
),
lines as (
    select * from spent
    where ($7::text[] is null or number = any($7)) and ($8::text[] is null or bucket = any($8))
),
page as (
    select * from lines order by number, array_position($5::text[], bucket) nulls last limit $9 offset $10
),
sums as (
    select count(*) as lines, coalesce(sum(count), 0)::bigint as all_count, coalesce(sum(micros), 0)::bigint as all_micros
    from lines
)
select sums.*, page.* from sums left join page on true
order by page.number, array_position($5::text[], page.bucket) nulls last;

-- name: spent_daily
-- What the account $1 was charged on the days $2 to $3 of UTC, by day and what it was for.
select day, reference_type, sum(count)::bigint as count, sum(units)::bigint as units, sum(minutes)::bigint as minutes,
       sum(micros)::bigint as micros
from ledger_days
where account_id = $1 and day between $2::date and $3::date
group by day, reference_type
order by day, reference_type;

-- name: spent_of_numbers
-- The same for $5 of its numbers, those behind $4 in the order of their texts; released ones, if that was since $2.
-- It goes from each number to what was charged for it, by the numbers' own charges and by the business keys of calls and
-- messages: a call is charged when it ends, a message when a carrier has taken it. "offset 0" keeps each step a step:
-- with whatever statistics, no table is read to its end for a page of numbers.
with page as materialized (
    select distinct number from numbers
    where account_id = $1 and number > $4 and (released_at is null or released_at >= $2)
    order by number
    limit $5
),
held as materialized (
    select found.id, page.number
    from page
    cross join lateral (select id from numbers where account_id = $1 and number = page.number offset 0) found
),
keys as materialized (
    select held.number, 'call:' || call.id as key
    from held
    cross join lateral (
        select id from calls
        where number_id = held.id and account_id = $1 and created_at >= $2::timestamptz - interval '1 day'
          and created_at < $3
        offset 0
    ) call
    union all
    select page.number, 'call:' || call.id
    from page
    cross join lateral (
        select id from calls
        where account_id = $1 and source ->> 'target' = page.number and number_id is null and direction = 'outgoing'
          and created_at >= $2::timestamptz - interval '1 day' and created_at < $3
        offset 0
    ) call
    union all
    select held.number,
           'sms:' || message.id || ':' || case message.direction when 'inbound' then 'in' else target.position::text end
    from held
    cross join lateral (
        select id, direction from messages
        where number_id = held.id and account_id = $1 and created_at >= $2::timestamptz - interval '4 days'
          and created_at < $3
        offset 0
    ) message
    cross join lateral (select position from message_targets where message_id = message.id offset 0) target
),
charged as (
    select held.number, entry.*
    from held
    cross join lateral (
        select * from ledger_entries
        where reference_id = held.id and reference_type in ('number', 'number_renew') and created_at >= $2
          and created_at < $3
        offset 0
    ) entry
    union all
    select keys.number, entry.*
    from keys
    cross join lateral (select * from ledger_entries where key = keys.key offset 0) entry
)
select page.number, coalesce(charged.reference_type, '') as reference_type, count(charged.id) as count,
       coalesce(sum(charged.units), 0)::bigint as units,
       coalesce(sum((charged.seconds + 59) / 60), 0)::bigint as minutes,
       coalesce(sum(-charged.amount_micros), 0)::bigint as micros
from page left join charged
    on charged.number = page.number and charged.account_id = $1 and charged.created_at >= $2
    and charged.created_at < $3 and charged.transaction_type in ('usage', 'refund')
group by 1, 2
order by 1, 2;
