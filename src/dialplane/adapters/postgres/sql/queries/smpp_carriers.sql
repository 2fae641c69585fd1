-- Queries of the subject: carriers that are bound to by SMPP, and what is under way with them.

-- name: save
with saved as (
    insert into smpp_carriers (
        id, name, host, port, system_id, password, system_type, address_range, binds, rate, "window", enquire_s,
        long_messages, alphabet, carries, status, created_at, updated_at, tls, national_tables
    )
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
    on conflict (id) do update set
        name = excluded.name, host = excluded.host, port = excluded.port, system_id = excluded.system_id,
        password = excluded.password, system_type = excluded.system_type, address_range = excluded.address_range,
        binds = excluded.binds, rate = excluded.rate, "window" = excluded."window", enquire_s = excluded.enquire_s,
        long_messages = excluded.long_messages, alphabet = excluded.alphabet, carries = excluded.carries,
        status = excluded.status, tls = excluded.tls, national_tables = excluded.national_tables, updated_at = excluded.updated_at
    returning id
)
select pg_notify('dialplane_smpp', id::text) from saved;

-- name: list_all
select * from smpp_carriers order by name;

-- name: find
select * from smpp_carriers where id = $1;

-- name: lock
select * from smpp_carriers where id = $1 for update;

-- name: find_for
select * from smpp_carriers where $1 = any(carries) order by status = 'paused', name limit 1;

-- name: takes_national_tables
select c.national_tables and c.alphabet = 'gsm7'
from numbers n
join smpp_carriers c on n.carrier = any(c.carries)
where n.number in ($1, '+' || $1) and n.status <> 'released'
  and n.kind in ('local', 'toll_free', 'mobile', 'virtual')
order by c.status = 'paused', c.name limit 1;

-- name: delete
with gone as (delete from smpp_carriers where id = $1 returning id)
select pg_notify('dialplane_smpp', id::text) from gone;

-- name: count_open
select count(distinct reference) from smpp_segments where carrier_id = $1 and state in ('waiting', 'sent');

-- name: standings
select carrier_id, state, since, fault from smpp_carrier_states
where node in (
    select objid::bigint from pg_locks
    where locktype = 'advisory' and classid = $1::bigint::oid and granted
      and database = (select oid from pg_database where datname = current_database())
);

-- name: take_lease
insert into smpp_carrier_states as held (carrier_id, node, state, since)
select $1, $2, 'connecting', $3 where exists (select from smpp_carriers where id = $1)
on conflict (carrier_id) do update set
    node = excluded.node,
    state = case when held.node = excluded.node then held.state else excluded.state end,
    fault = case when held.node = excluded.node then held.fault else '' end,
    since = case when held.node = excluded.node then held.since else excluded.since end
where held.node = excluded.node or held.node not in (
    select objid::bigint from pg_locks
    where locktype = 'advisory' and classid = $4::bigint::oid and granted
      and database = (select oid from pg_database where datname = current_database())
)
returning node;

-- name: note_standing
update smpp_carrier_states set state = $3, fault = $4, since = $5 where carrier_id = $1 and node = $2;

-- name: add_submission
insert into smpp_submissions (reference, carrier_id, queued, source, destination, expires_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing
returning reference;

-- name: add_segments
with made as (
    insert into smpp_segments (reference, number, carrier_id, destination, body, state, due_at)
    select $1, part.number, $2, $3, part.body, 'waiting', $5
    from unnest($4::jsonb[]) with ordinality as part (body, number)
)
select pg_notify('dialplane_smpp', $2::uuid::text);

-- name: claim_segments
with picked as (
    select reference, number from smpp_segments
    where carrier_id = $1 and state = 'waiting' and due_at <= $3
    order by due_at, reference, number limit $4
    for update skip locked
)
update smpp_segments segment set state = 'sent', sends = sends + 1, node = $2
from picked, smpp_submissions submission
where segment.reference = picked.reference and segment.number = picked.number
  and submission.reference = segment.reference
returning segment.reference, segment.number, submission.source, segment.destination, segment.body, segment.sends,
          submission.expires_at;

-- name: return_segment
update smpp_segments
set state = 'waiting', node = null, due_at = $3, sends = sends - case when $4 then 0 else 1 end
where reference = $1 and number = $2 and state = 'sent' and node = $5;

-- name: return_foreign
update smpp_segments set state = 'waiting', node = null, due_at = $3
where carrier_id = $1 and state = 'sent' and node is distinct from $2;

-- name: accept_segment
update smpp_segments set state = 'accepted', node = null, message_key = $3 where reference = $1 and number = $2;

-- name: fail_segment
update smpp_segments set state = 'failed', node = null
where reference = $1 and (number = $2 or state = 'waiting');

-- name: lock_submission
select reference from smpp_submissions where reference = $1 for update;

-- name: find_standing
select submission.queued, submission.ended_at is not null as is_ended, counted.*
from smpp_submissions submission
cross join lateral (
    select count(*) filter (where state in ('waiting', 'sent')) as waiting,
           count(*) filter (where state = 'failed') as failed,
           count(*) filter (where receipt = 'delivered') as delivered,
           count(*) filter (where receipt = 'failed') as undelivered,
           count(*) as total
    from smpp_segments where reference = $1
) counted
where submission.reference = $1;

-- name: end_submission
with closed as (
    update smpp_segments set state = 'failed' where reference = $1 and state = 'waiting'
)
update smpp_submissions set ended_at = $2 where reference = $1;

-- name: note_receipt
-- The spelling that comes first counts more, and then the receiver: carriers use short ids again.
update smpp_segments set receipt = $4
where (reference, number) = (
    select reference, number from smpp_segments
    where carrier_id = $1 and message_key = any($2::text[]) and receipt = ''
    order by destination = $3 desc, array_position($2::text[], message_key), reference desc
    limit 1
    for update
)
returning reference;

-- name: expired
select reference from smpp_submissions s
where ended_at is null and expires_at <= $1
  and not exists (select from smpp_segments where reference = s.reference and state = 'sent')
limit $2
for update skip locked;

-- name: forget
delete from smpp_submissions where created_at < $1 and ended_at is not null;
