-- Queries of the subject: campaigns, outplans, outdials with their targets, and the calls of campaigns.

-- name: save_targets
insert into outdial_targets select * from jsonb_populate_recordset(null::outdial_targets, $1)
on conflict (id) do update set
    status = excluded.status, try_counts = excluded.try_counts, due_at = excluded.due_at,
    updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find_target
select * from outdial_targets where account_id = $1 and outdial_id = $2 and id = $3 and deleted_at is null;

-- name: lock_target
-- Deleted ones too: what becomes of a call to one is still written.
select * from outdial_targets where id = $1 for update;

-- name: list_targets
select * from outdial_targets
where account_id = $1 and outdial_id = $2 and deleted_at is null and ($3::timestamptz is null or created_at < $3)
order by created_at desc, id desc limit $4;

-- name: lock_due
-- Those whose turn it is, the longest due first; what another worker holds is passed over.
select * from outdial_targets
where outdial_id = $1 and status = 'idle' and deleted_at is null and due_at <= $2
order by due_at, id limit $3
for update skip locked;

-- name: is_waiting
-- Whether a target is still to be tried, now or later, or is being tried.
select exists (
    select from outdial_targets where outdial_id = $1 and status <> 'done' and deleted_at is null
);

-- name: save_campaign
insert into campaigns select * from jsonb_populate_recordset(null::campaigns, $1)
on conflict (id) do update set
    name = excluded.name, detail = excluded.detail, type = excluded.type, status = excluded.status,
    end_handle = excluded.end_handle, service_level = excluded.service_level, actions = excluded.actions,
    outplan_id = excluded.outplan_id, outdial_id = excluded.outdial_id, queue_id = excluded.queue_id,
    next_campaign_id = excluded.next_campaign_id, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find_campaign
select * from campaigns where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock_campaign
select * from campaigns where account_id = $1 and id = $2 and deleted_at is null for update;

-- name: list_campaigns
select * from campaigns
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: at_work
select account_id, id from campaigns where status <> 'stop' and deleted_at is null order by id limit $1;

-- name: count_available
-- As `domain/rooms/queues` chooses: any of the queue's tags, and without tags everybody.
select count(*) from queues join agents on agents.account_id = queues.account_id
where queues.id = $1 and agents.status = 'available' and agents.deleted_at is null
    and (queues.tag_ids = '{}' or agents.tag_ids && queues.tag_ids);

-- name: save_calls
insert into campaigncalls select * from jsonb_populate_recordset(null::campaigncalls, $1)
on conflict (id) do update set
    reference_id = excluded.reference_id, run_id = excluded.run_id, status = excluded.status,
    result = excluded.result, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find_call
select * from campaigncalls where account_id = $1 and id = $2 and deleted_at is null;

-- name: list_calls
select * from campaigncalls
where account_id = $1 and ($2::uuid is null or campaign_id = $2) and deleted_at is null
    and ($3::timestamptz is null or created_at < $3)
order by created_at desc, id desc limit $4;

-- name: open_calls
-- Those that go on, each with what its call or run has come to.
select to_jsonb(campaigncalls) as campaigncall, calls.progressing_at as answered_at,
    coalesce(calls.ended_at, runs.ended_at) as ended_at, coalesce(runs.error, '') as error
from campaigncalls
left join calls on campaigncalls.reference_type = 'call' and calls.id = campaigncalls.reference_id
left join runs on campaigncalls.reference_type = 'flow' and runs.id = campaigncalls.reference_id
where campaigncalls.campaign_id = $1 and campaigncalls.status <> 'done'
order by campaigncalls.id;
