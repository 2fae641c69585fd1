-- Queries of the subject: messages.

-- name: add_many
-- $1: a JSON array of messages to be sent, $2: one of their targets. A message whose key is known is left out. Wakes the
-- workers where something is to be sent.
with made as (
    insert into messages
        (id, account_id, direction, source, text, medias, number_id, run_id, key, created_at, extras)
    select id, account_id, 'outbound', source, text, medias, number_id, run_id, key, created_at, extras
    from json_to_recordset($1) as batch (
        id uuid, account_id uuid, source json, text text, medias text[], number_id uuid, run_id uuid, key text,
        created_at timestamptz, extras jsonb
    )
    on conflict (key) do nothing
    returning id
),
targets as (
    insert into message_targets
        (message_id, position, conversation_id, destination, status, parts, due_at, reason, error_code, created_at,
         updated_at)
    select message_id, position, conversation_id, destination, status, parts, due_at, reason, error_code, created_at,
           created_at
    from json_to_recordset($2) as batch (
        message_id uuid, position integer, conversation_id uuid, destination json, status text, parts integer,
        due_at timestamptz, reason text, error_code integer, created_at timestamptz
    )
    where message_id in (select id from made)
    returning status
),
woken as materialized (
    select pg_notify('dialplane_work', 'messages') where exists (select from targets where status = 'queued')
)
select made.id, (select count(*) from woken) from made;

-- name: read
-- Messages with their targets: by account and id, or by account and time, newest first.
select message.*, targets.list as targets
from messages message
cross join lateral (
    select json_agg(
        json_build_object(
            'destination', target.destination, 'status', target.status, 'parts', target.parts,
            'reason', target.reason, 'updated_at', target.updated_at, 'error_code', target.error_code,
            'sent_at', target.sent_at
        )
        order by target.position
    ) as list
    from message_targets target
    where target.message_id = message.id
) targets
where message.account_id = $1 and message.deleted_at is null
  and ($2::uuid is null or message.id = $2)
  and ($3::timestamptz is null or message.created_at < $3)
order by message.created_at desc, message.id desc
limit $4;

-- name: lock
select id from messages where account_id = $1 and id = $2 and deleted_at is null for no key update;

-- name: find_by_key
select account_id, id from messages where key = $1;

-- name: lock_many
select id from messages where id = any ($1::uuid[]) and deleted_at is null order by id for no key update;

-- name: find_by_carrier_ids
select carrier_id, message_id, position from message_targets where carrier_id = any ($1::text[]);

-- name: delete
update messages set deleted_at = $2, updated_at = $2 where id = $1;

-- name: redact
update messages set text = '', updated_at = $2 where id = $1;

-- name: find_feedback
select feedback from messages where id = $1;

-- name: save_feedback
update messages set feedback = $2 where id = $1;

-- name: add_received
-- $1: a JSON array of messages that came in, each with its one target.
with incoming as (
    select *
    from json_to_recordset($1) as batch (
        id uuid, account_id uuid, source json, text text, medias text[], number_id uuid, key text, raw_source text,
        raw_destination text, created_at timestamptz, extras jsonb, conversation_id uuid, destination json, parts integer
    )
),
made as (
    insert into messages
        (id, account_id, direction, source, text, medias, number_id, key, raw_source, raw_destination, created_at, extras)
    select id, account_id, 'inbound', source, text, medias, number_id, key, raw_source, raw_destination, created_at,
           extras
    from incoming
    on conflict (key) do nothing
    returning id
),
targets as (
    insert into message_targets
        (message_id, position, conversation_id, destination, status, parts, due_at, created_at, updated_at)
    select id, 0, conversation_id, destination, 'received', parts, created_at, created_at, created_at
    from incoming
    where id in (select id from made)
)
select count(*) from made;

-- name: find_by_keys
select messages_of_keys($1) as id;

-- name: open_conversations
-- In one order by everybody, so that no two wait for each other.
insert into conversations (id, account_id, own, peer, own_target, peer_target, created_at)
select id, account_id, own, peer, own ->> 'target', peer ->> 'target', created_at
from json_to_recordset($1) as batch (id uuid, account_id uuid, own json, peer json, created_at timestamptz)
order by account_id, own ->> 'target', peer ->> 'target'
on conflict (account_id, own_target, peer_target) where deleted_at is null do nothing
returning id;

-- name: find_pairs
select conversation.*
from unnest($1::uuid[], $2::text[], $3::text[]) as wanted (account_id, own_target, peer_target)
join conversations conversation using (account_id, own_target, peer_target)
where conversation.deleted_at is null;

-- name: find_conversation
select * from conversations where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock_conversation
select * from conversations where account_id = $1 and id = $2 and deleted_at is null for no key update;

-- name: conversations_of_many
select target.message_id, conversation.*
from message_targets target
join conversations conversation on conversation.id = target.conversation_id
where target.message_id = any ($1::uuid[])
order by target.message_id, target.position;

-- name: conversations_of
select conversation.*
from message_targets target
join conversations conversation on conversation.id = target.conversation_id
where target.message_id = $1
order by target.position;

-- name: list_conversations
select * from conversations
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
  and ($4::uuid is null or owner_id = $4)
order by created_at desc, id desc
limit $3;

-- name: save_conversation
update conversations set name = $2, detail = $3, updated_at = $4, owner_id = $5 where id = $1;

-- name: list_conversation_messages
select target.message_id, target.status
from message_targets target
join messages message on message.id = target.message_id
where target.conversation_id = $1 and message.deleted_at is null
  and ($2::timestamptz is null or target.created_at < $2)
order by target.created_at desc, target.message_id desc
limit $3;

-- name: last_in
select newest.*
from unnest($1::uuid[]) as wanted (id)
cross join lateral (
    select target.conversation_id, target.message_id, target.status
    from message_targets target
    join messages message on message.id = target.message_id
    where target.conversation_id = wanted.id and message.deleted_at is null
    order by target.created_at desc, target.message_id desc
    limit 1
) newest;

-- name: read_many
select message.*, targets.list as targets
from messages message
cross join lateral (
    select json_agg(
        json_build_object(
            'destination', target.destination, 'status', target.status, 'parts', target.parts,
            'reason', target.reason, 'updated_at', target.updated_at, 'error_code', target.error_code,
            'sent_at', target.sent_at
        )
        order by target.position
    ) as list
    from message_targets target
    where target.message_id = message.id
) targets
where message.id = any ($1::uuid[]);

-- name: count_from_runs
select count(*)
from message_targets target
join messages message on message.id = target.message_id
where target.conversation_id = $1 and target.created_at > $2 and message.run_id is not null;

-- name: claim_targets
with picked as (
    select message_id, position
    from message_targets
    where status in ('queued', 'scheduled') and due_at <= $1 and (leased_until is null or leased_until <= $1)
    order by due_at
    limit $4
    for update skip locked
)
update message_targets target
set status = 'queued', leased_by = $2, leased_until = $3
from picked, messages message
where target.message_id = picked.message_id and target.position = picked.position
  and message.id = target.message_id
returning target.message_id, message.account_id, target.position, message.source, target.destination, message.text,
          message.medias, target.parts, target.attempts, target.leased_by as worker,
          message.extras,
          message.extras ->> 'past_consent' is distinct from 'true' and exists (
              select 1 from opt_outs
              where account_id = message.account_id and peer = target.destination ->> 'target'
                and scope in (
                    'ffffffff-ffff-ffff-ffff-ffffffffffff',
                    coalesce((select pool_id from sender_pool_numbers where number_id = message.number_id),
                             '00000000-0000-0000-0000-000000000000')
                )
          ) and not exists (
              select 1 from consent_settings
              where account_id = message.account_id and settings ->> 'is_on' = 'false'
          ) as opted_out;

-- name: set_targets
-- $1: a JSON array of targets.
with incoming as materialized (
    select *
    from json_to_recordset($1) as batch (
        message_id uuid, position integer, status text, reason text, updated_at timestamptz, carrier_id text,
        error_code integer, sent_at timestamptz
    )
),
changed as (
    update messages set updated_at = latest.at
    from (select message_id, max(updated_at) as at from incoming group by message_id) latest
    where id = latest.message_id
)
update message_targets target
set status = incoming.status, reason = incoming.reason, updated_at = incoming.updated_at,
    carrier_id = coalesce(incoming.carrier_id, target.carrier_id), error_code = incoming.error_code,
    sent_at = incoming.sent_at, attempts = target.attempts + 1, leased_by = null, leased_until = null
from incoming
where target.message_id = incoming.message_id and target.position = incoming.position;

-- name: cancel_waiting
update message_targets
set status = 'canceled', updated_at = $2
where message_id = $1 and status in ('scheduled', 'held') and leased_by is null
returning position;

-- name: postpone_target
update message_targets
set attempts = attempts + 1, due_at = $3, leased_by = null, leased_until = null
where message_id = $1 and position = $2 and status in ('queued', 'scheduled') and leased_by = $4;

-- name: leave_target
update message_targets
set due_at = $3, leased_by = null, leased_until = null
where message_id = $1 and position = $2 and status in ('queued', 'scheduled') and leased_by = $4;

-- name: add_run_requests
with made as (
    insert into message_runs (run_id, account_id, flow_id, own_target, due_at, document)
    select run_id, account_id, flow_id, own_target, due_at, document
    from json_populate_recordset(null::message_runs, $1)
    returning 1
)
select pg_notify('dialplane_work', 'runs') where exists (select from made);

-- name: claim_runs
with picked as (
    select run_id
    from message_runs
    where due_at <= $1 and (leased_until is null or leased_until <= $1)
    order by due_at
    limit $4
    for update skip locked
)
update message_runs request
set leased_by = $2, leased_until = $3
from picked
where request.run_id = picked.run_id
returning request.run_id, request.account_id, request.flow_id, request.own_target, request.document;

-- name: finish_run
delete from message_runs where run_id = $1;

-- name: bring_nearer
update message_targets set due_at = due_at - $1::interval where status = 'scheduled';

-- name: free_target_leases
-- A living worker holds the advisory lock ($1, its number); the lock goes with its connection.
update message_targets
set leased_by = null, leased_until = null
where status in ('queued', 'scheduled') and leased_by is not null
  and leased_by not in (
      select objid::bigint
      from pg_locks
      where locktype = 'advisory' and classid = $1::bigint::oid and granted
        and database = (select oid from pg_database where datname = current_database())
  );

-- name: free_run_leases
-- Of workers that are gone, and those of this worker ($2) that it dropped because the store failed it midway.
update message_runs
set leased_by = null, leased_until = null
where leased_by = $2 and run_id <> all ($3::uuid[])
   or leased_by not in (
      select objid::bigint
      from pg_locks
      where locktype = 'advisory' and classid = $1::bigint::oid and granted
        and database = (select oid from pg_database where datname = current_database())
  );

-- name: add_to_sandbox
-- $1: a JSON array of messages.
insert into sandbox_messages
    (id, source, destination, text, medias, segments, receipt, receipt_due_at, created_at)
select id, source, destination, text, medias, segments, receipt, receipt_due_at, created_at
from json_populate_recordset(null::sandbox_messages, $1)
on conflict (id) do nothing;

-- name: list_sandbox
select * from sandbox_messages where $1 = '' or destination = $1 order by created_at desc, id limit $2;

-- name: take_sandbox_receipts
-- Not before the carrier's answer is recorded: a receipt is given once, and for a message that nobody knows it is lost.
with due as (
    select id
    from sandbox_messages
    where receipt_due_at <= $1
      and exists (select from message_targets where carrier_id = sandbox_messages.id::text)
    order by receipt_due_at
    limit $2
    for update skip locked
)
update sandbox_messages sent
set receipt_due_at = null
from due
where sent.id = due.id
returning sent.*;
