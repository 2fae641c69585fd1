-- Queries of the subject: what the operator watches. Ids are in the order of time, so that "since" is a range of a
-- primary key and needs no index on times.

-- name: nodes
select n.name, n.sip_host, n.sip_port, n.draining, n.started_at, n.seen_at,
    (select count(*) from calls c where c.node = n.name and c.status <> 'hangup') as live_calls,
    n.version, n.drain_asked, n.closed_at
from nodes n order by n.name

-- name: workers
-- A worker is there as long as the connection that holds its lock.
select l.objid::bigint as number, a.backend_start as since,
    (select count(*) from webhook_deliveries d where d.status = 'sending' and d.leased_by = l.objid::bigint) as leases
from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.classid::bigint = $1
    and l.database = (select oid from pg_database where datname = current_database())
order by a.backend_start

-- name: queues
select 'Webhook deliveries' as name, count(*) as waiting, count(*) filter (where due_at <= $1) as due,
    min(due_at) as oldest_due_at
from webhook_deliveries where status = 'pending'
union all
select 'Messages to send', count(*), count(*) filter (where due_at <= $1), min(due_at)
from message_targets where status = 'queued'
union all
select 'Flows that messages started', count(*), count(*) filter (where due_at <= $1), min(due_at) from message_runs
union all
select 'Orders to voice nodes', count(*), count(*), min(created_at) from node_commands
union all
select 'Number orders at carriers', count(*), count(*) filter (where check_at <= $1), min(check_at)
from orders where ended_at is null and check_at is not null
union all
select 'Imports of stock', count(*), count(*), min(updated_at)
from inventory_imports where state in ('applying', 'undoing')
union all
select 'E-mails of flows', count(*), count(*), min(created_at)
from emails where deleted_at is null and (status = 'deferred' or (status = 'initiated' and note = ''))
union all
select 'Mails of the portal', count(*), count(*) filter (where send_at <= $1), min(send_at)
from portal_mails where status = 'waiting'

-- name: flows
select 'Calls' as name, count(*) filter (where id >= $1) as in_a_minute, count(*) as in_ten from calls where id >= $2
union all
select 'Refused strangers', count(*) filter (where id >= $1), count(*) from refused_calls where id >= $2
union all
select 'Messages', count(*) filter (where id >= $1), count(*) from messages where id >= $2
union all
select 'Events', count(*) filter (where id >= $1), count(*) from events where id >= $2

-- name: live_calls
select count(*) from calls where status <> 'hangup'

-- name: budget
-- Every process says in its connections' name how many it may open (adapters/postgres/budget.py). Of all databases:
-- the limit is the server's.
select coalesce((
        select sum(split_part(application_name, ' ', 3)::int)
        from (
            select distinct application_name from pg_stat_activity
            where application_name ~ '^dialplane [a-z-]+ [0-9]{1,4} [0-9a-f]+$'
        ) processes
    ), 0)::int as promised,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) as usable

-- name: database
select current_setting('server_version') as version,
    pg_database_size(current_database()) as size_bytes,
    (select count(*) from pg_stat_activity where datname = current_database()) as connections,
    current_setting('max_connections')::int as most_connections,
    coalesce((
        select extract(epoch from max(clock_timestamp() - xact_start))::float8 from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
    ), 0) as longest_transaction_s,
    (select max(name) from schema_migrations) as migration

-- name: spending
-- On outgoing calls and texts. The sums of days ($2: today) leave the few accounts whose last hour ($1) is read; from $3
-- on is what is usual.
with candidates as (
    select account_id, sum(micros) as micros
    from ledger_days
    where day >= $3::date and cost_type in ('call_pstn_outgoing', 'sms')
    group by account_id
    having sum(micros) filter (where day >= $2::date - 1) >= $4
    order by sum(micros) filter (where day >= $2::date - 1) desc
    limit 100
)
select a.id as account_id, a.name, greatest(a.created_at, $3::date at time zone 'UTC') as since,
    hour.micros as hour_micros, (candidates.micros - hour.micros)::bigint as before_micros
from candidates
join accounts a on a.id = candidates.account_id
left join outbound_limits o on o.account_id = candidates.account_id
cross join lateral (
    select coalesce(sum(-e.amount_micros), 0)::bigint as micros
    from ledger_entries e
    where e.account_id = candidates.account_id and e.created_at >= greatest($1, o.lifted_at)
      and e.transaction_type = 'usage' and e.reference_type in ('call', 'sms')
      and e.cost_type in ('call_pstn_outgoing', 'sms')
) hour
where hour.micros >= $4
order by hour.micros desc

-- name: reached
-- Where outgoing calls and texts went since $1; one number stands for those that begin as it does.
select account_id, min(number) as number, max(minute_micros) as minute_micros
from (
    select c.account_id, c.destination ->> 'target' as number,
        (h.rate_micros * ceil(60.0 / h.rate_increment_s) + h.rate_setup_micros)::bigint as minute_micros
    from calls c join holds h on h.key = 'call:' || c.id
    where c.id >= $1 and c.direction = 'outgoing' and h.cost_type = 'call_pstn_outgoing'
    union all
    select m.account_id, t.destination ->> 'target', 0
    from messages m join message_targets t on t.message_id = m.id
    where m.id >= $1 and m.direction = 'outbound' and t.status not in ('failed', 'canceled', 'held', 'scheduled')
) each
where number like '+%' and number not like '+899%'
group by account_id, left(number, 8), minute_micros
limit 5000

-- name: note_firsts
insert into outbound_firsts (account_id, kind, country, created_at)
select account_id, kind, country, $4 from unnest($1::uuid[], $2::text[], $3::text[]) as each (account_id, kind, country)
on conflict do nothing
returning account_id, kind, country

-- name: calls
-- Who is called and does not answer has refused nothing of ours.
select a.id as account_id, a.name, count(*) as calls,
    count(*) filter (where c.progressing_at is null and c.sip_code in (402, 403, 404, 488, 503)) as refused
from calls c join accounts a on a.id = c.account_id
where c.id >= $1
group by a.id, a.name
order by refused desc
limit 1000

-- name: texts
select a.id as account_id, a.name, count(*) filter (where t.status in ('delivered', 'failed', 'dlr_timeout')) as ended,
    count(*) filter (where t.status = 'delivered') as delivered
from messages m join message_targets t on t.message_id = m.id join accounts a on a.id = m.account_id
where m.id >= $1 and m.direction = 'outbound'
group by a.id, a.name
order by ended desc
limit 1000

-- name: sent_texts
select m.account_id, a.name, t.destination ->> 'target' as number
from messages m join message_targets t on t.message_id = m.id join accounts a on a.id = m.account_id
where m.id >= $1 and m.direction = 'outbound' and t.destination ->> 'target' like '+%'
order by m.id desc
limit $2

-- name: strangers
select source_host as host, count(*) as calls, array_agg(distinct reason) as reasons
from refused_calls where id >= $1
group by source_host
order by calls desc
limit 100
