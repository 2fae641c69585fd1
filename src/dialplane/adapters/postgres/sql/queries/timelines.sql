-- Queries of the subject: timelines. Each gives at, type and data of what happened.

-- name: events
select id, occurred_at as at, type, resource, data from events
where resource_id = any($2::uuid[]) and account_id = $1
order by resource_seq
limit 1000;

-- name: webhooks
-- The range of time leads to the account's deliveries; an event's are made with it.
select
    coalesce(attempt.started_at, delivery.created_at) as at,
    event.type,
    json_build_object(
        'delivery_id', delivery.id, 'event_id', event.id, 'url', endpoint.url, 'status', delivery.status,
        'attempt', attempt.attempt, 'http_status', attempt.http_status, 'error', attempt.error,
        'duration_ms', attempt.duration_ms, 'next_attempt_at', case when attempt.attempt is null then delivery.due_at end
    ) as data
from webhook_deliveries as delivery
join events as event on event.id = delivery.event_id
join webhook_endpoints as endpoint on endpoint.id = delivery.endpoint_id
left join webhook_attempts as attempt on attempt.delivery_id = delivery.id
where delivery.account_id = $1 and delivery.created_at between $3 and $4 and delivery.event_id = any($2::uuid[])
order by delivery.created_at
limit 1000;

-- name: money
select
    created_at as at, 'charged' as type,
    json_build_object(
        'id', id, 'cost_type', cost_type, 'amount_micros', amount_micros, 'amount_tokens', amount_tokens,
        'seconds', seconds, 'units', units, 'rate_micros', rate_micros, 'credit_after', credit_after, 'detail', detail
    ) as data
from ledger_entries
where account_id = $1 and key = any($2::text[])
union all
select created_at, 'set aside', json_build_object('cost_type', cost_type, 'micros', micros, 'tokens', tokens)
from holds where account_id = $1 and key = any($2::text[])
union all
select closed_at, state, json_build_object('cost_type', cost_type, 'micros', micros, 'tokens', tokens)
from holds where account_id = $1 and key = any($2::text[]) and closed_at is not null;

-- name: recordings
select
    started_at as at, 'started' as type, json_build_object('recording_id', id, 'format', format) as data
from recordings where account_id = $1 and id = any($2::uuid[]) and started_at is not null
union all
select ended_at, 'ended', json_build_object('recording_id', id, 'duration_ms', duration_ms, 'ended_by', ended_by)
from recordings where account_id = $1 and id = any($2::uuid[]) and ended_at is not null;

-- name: runs_of
select * from runs where reference_id = $2 and account_id = $1 and deleted_at is null order by created_at limit 20;

-- name: local_address
select sip_host, sip_port from nodes where name = $1;
