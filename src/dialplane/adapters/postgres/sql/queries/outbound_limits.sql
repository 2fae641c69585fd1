-- Queries of the subject: outbound limits.

-- name: lock
-- In one order, so that two batches never wait for each other. A row without a limit tells of a pause that was lifted.
select * from outbound_limits
where account_id = any($1::uuid[]) and num_nonnulls(
    concurrent_calls, calls_per_second, price_per_minute, spend_per_hour, spend_per_day, spend_per_month,
    minutes_per_hour, country_minutes_per_hour, paused_at
) > 0
order by account_id for update;

-- name: use_of
-- What is spent is charged or reserved for calls that go on. In the order of `OutboundUse`.
select account_id,
    (select count(*) from calls
     where calls.account_id = asked.account_id and status <> 'hangup' and direction = 'outgoing') as live_calls,
    (select count(*) from calls
     where calls.account_id = asked.account_id and created_at > $2::timestamptz - interval '1 second'
       and direction = 'outgoing' and deleted_at is null) as calls_this_second,
    spent.hour + purses.credit_held as spent_this_hour,
    spent.day + purses.credit_held as spent_today,
    spent.month + purses.credit_held as spent_this_month
from unnest($1::uuid[]) as asked (account_id)
join purses using (account_id)
cross join lateral (
    select
        coalesce(-sum(amount_micros) filter (where created_at > $2::timestamptz - interval '1 hour'), 0)::bigint as hour,
        coalesce(-sum(amount_micros) filter (
            where created_at >= date_trunc('day', $2::timestamptz, 'UTC')), 0)::bigint as day,
        coalesce(-sum(amount_micros), 0)::bigint as month
    from ledger_entries
    where ledger_entries.account_id = asked.account_id and transaction_type = 'usage'
      and created_at >= least(date_trunc('month', $2::timestamptz, 'UTC'), $2::timestamptz - interval '1 hour')
) spent;

-- name: minutes_of
-- Started minutes since an hour ago; of a call that rings the first, which is reserved. A call lasts four hours at most.
-- Deleted ones were made too.
select account_id, destination ->> 'target' as number, sum(
    case when progressing_at is null then 1 else
        greatest(1, ceil(extract(epoch from
            coalesce(ended_at, $2) - greatest(progressing_at, $2::timestamptz - interval '1 hour')) / 60))
    end)::bigint as minutes
from (
    select account_id, destination, progressing_at, ended_at, status, direction, cost_type from calls
    where account_id = any($1::uuid[]) and deleted_at is null and created_at > $2::timestamptz - interval '5 hours'
    union all
    select account_id, destination, progressing_at, ended_at, status, direction, cost_type from calls
    where account_id = any($1::uuid[]) and deleted_at is not null and created_at > $2::timestamptz - interval '5 hours'
) made
where direction = 'outgoing' and cost_type = 'call_pstn_outgoing'
  and (status <> 'hangup' or progressing_at is not null and ended_at > $2::timestamptz - interval '1 hour')
group by 1, 2;

-- name: messages_of
-- Deleted ones were sent too. What had opted out (21610) or was too dear (30010) never went out.
select target.destination ->> 'target' as number, count(*) as messages
from (
    select id from messages
    where account_id = $1 and deleted_at is null and created_at > $2::timestamptz - interval '1 hour'
      and direction = 'outbound'
    union all
    select id from messages
    where account_id = $1 and deleted_at is not null and created_at > $2::timestamptz - interval '1 hour'
      and direction = 'outbound'
) message
join message_targets target on target.message_id = message.id
where target.status <> 'canceled' and target.error_code not in (21610, 30010)
group by 1;

-- name: find
select * from outbound_limits where account_id = $1;

-- name: save
insert into outbound_limits (account_id, concurrent_calls, calls_per_second, price_per_minute, spend_per_hour,
    spend_per_day, spend_per_month, minutes_per_hour, country_minutes_per_hour, messages_per_hour,
    country_messages_per_hour, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (account_id) do update set
    concurrent_calls = excluded.concurrent_calls, calls_per_second = excluded.calls_per_second,
    price_per_minute = excluded.price_per_minute, spend_per_hour = excluded.spend_per_hour,
    spend_per_day = excluded.spend_per_day, spend_per_month = excluded.spend_per_month,
    minutes_per_hour = excluded.minutes_per_hour, country_minutes_per_hour = excluded.country_minutes_per_hour,
    messages_per_hour = excluded.messages_per_hour, country_messages_per_hour = excluded.country_messages_per_hour,
    updated_at = excluded.updated_at;

-- name: note_told
update outbound_limits set told = told || jsonb_build_object($2::text, $3::timestamptz)
where account_id = $1 and coalesce((told ->> $2::text)::timestamptz, '-infinity') <= $4
returning true;

-- name: open
insert into outbound_limits (account_id, updated_at) values ($1, $2) on conflict do nothing;

-- name: pause
update outbound_limits set paused_at = $3, pause_says = $2 where account_id = $1 and paused_at is null returning true;

-- name: lift
update outbound_limits set paused_at = null, pause_says = '', lifted_at = $2
where account_id = $1 and paused_at is not null
returning true;
