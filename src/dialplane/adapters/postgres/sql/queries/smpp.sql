-- Queries of the subject: SMPP for accounts' systems. A node is alive while it holds its advisory lock (class $LIVE).

-- name: insert_account
insert into smpp_accounts (
    id, account_id, system_id, password_hash, name, detail, rate, "window", max_sessions, inbound, long_messages,
    created_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (system_id) where deleted_at is null do nothing
returning id;

-- name: update_account
update smpp_accounts
set password_hash = $2, name = $3, detail = $4, rate = $5, "window" = $6, max_sessions = $7, inbound = $8,
    long_messages = $9, updated_at = $10, deleted_at = $11
where id = $1;

-- name: find_account
select * from smpp_accounts where account_id = $1 and id = $2 and deleted_at is null;

-- name: lock_account
select * from smpp_accounts where account_id = $1 and id = $2 and deleted_at is null for update;

-- name: find_system
select s.* from smpp_accounts s join accounts a on a.id = s.account_id
where s.system_id = $1 and s.deleted_at is null and a.status = 'active';

-- name: get_system
select s.* from smpp_accounts s join accounts a on a.id = s.account_id
where s.id = $1 and s.deleted_at is null and a.status = 'active';

-- name: list_accounts
select * from smpp_accounts
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: count_accounts
select count(*) from smpp_accounts where account_id = $1 and deleted_at is null;

-- name: receivers
select * from smpp_accounts where account_id = $1 and inbound and deleted_at is null;

-- name: lock_owner
-- Two binds at once count one after the other.
select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 0));

-- name: live_sessions
select * from smpp_sessions
where owner_id = $1 and node in (
    select objid::bigint from pg_locks
    where locktype = 'advisory' and classid = $2::bigint::oid and granted
      and database = (select oid from pg_database where datname = current_database())
)
order by bound_at;

-- name: open_session
insert into smpp_sessions (id, owner_id, node, bound, peer, bound_at) values ($1, $2, $3, $4, $5, $6);

-- name: close_session
delete from smpp_sessions where id = $1;

-- name: forget_answers
update smpp_taken set session_id = null where session_id = $1;

-- name: free_dead
with alive as (
    select objid::bigint as node from pg_locks
    where locktype = 'advisory' and classid = $1::bigint::oid and granted
      and database = (select oid from pg_database where datname = current_database())
),
freed as (
    update smpp_deliveries set node = null, attempts = attempts + 1
    where node is not null and node not in (select node from alive)
)
delete from smpp_sessions where node not in (select node from alive);

-- name: claim_resent
-- The newest that fits, which is this session's from now on: the next one of its kind is a message of its own.
update smpp_taken set session_id = $3, sequence = $4, is_answered = false
where id = (
    select t.id from smpp_taken t
    where t.owner_id = $1 and t.fingerprint = $2 and t.session_id is not null and t.session_id <> $3
      and (not t.is_answered or t.sequence = $4 or t.reference = $5)
      and t.created_at > $6
      and not exists (
          select from smpp_sessions s
          where s.id = t.session_id and s.node in (
              select objid::bigint from pg_locks
              where locktype = 'advisory' and classid = $7::bigint::oid and granted
                and database = (select oid from pg_database where datname = current_database())
          )
      )
    order by t.sequence = $4 desc, t.created_at
    limit 1
    for update
)
returning id;

-- name: add_taken
insert into smpp_taken (
    id, owner_id, session_id, sequence, reference, fingerprint, source, destination, created_at, wanted, part_of,
    part_number, text, message_id, data_coding, user_data, alphabet
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
on conflict do nothing;

-- name: lock_parts
select pg_advisory_xact_lock(hashtextextended($1::uuid::text || $2, 0));

-- name: drop_old_parts
delete from smpp_taken
where owner_id = $1 and part_of = $2 and message_id is null and created_at <= $3;

-- name: parts
select id, owner_id, session_id, sequence, reference, fingerprint, source, destination, created_at, wanted, part_of,
       part_number, text, message_id, data_coding, user_data, alphabet
from smpp_taken where owner_id = $1 and part_of = $2 and message_id is null order by part_number;

-- name: join_parts
update smpp_taken set message_id = $3, text = '' where owner_id = $1 and part_of = $2 and message_id is null;

-- name: find_taken
select id, owner_id, session_id, sequence, reference, fingerprint, source, destination, created_at, wanted, part_of,
       part_number, text, message_id, data_coding, user_data, alphabet
from smpp_taken where owner_id = $1 and id = $2 for update;

-- name: waiting_between
-- By the party's conversations, not by smpp_taken, which has no index of parties.
select message.id
from smpp_accounts system
join conversations conversation
    on conversation.account_id = system.account_id and conversation.own_target = $2 and conversation.peer_target = $3
    and conversation.deleted_at is null
join message_targets target on target.conversation_id = conversation.id and target.status in ('scheduled', 'held')
join messages message on message.id = target.message_id and message.deleted_at is null
where system.id = $1 and exists (select from smpp_taken where message_id = message.id and owner_id = $1)
order by message.id;

-- name: turn_into
update smpp_taken set message_id = $2, wanted = $3 where id = $1;

-- name: drop_parts
delete from smpp_taken where owner_id = $1 and part_of = $2 and message_id is null;

-- name: note_answered
update smpp_taken set is_answered = true where id = any($1::uuid[]);

-- name: taken_of
select id, owner_id, session_id, sequence, reference, fingerprint, source, destination, created_at, wanted, part_of,
       part_number, text, message_id, data_coding, user_data, alphabet
from smpp_taken where message_id = $1 and wanted <> 0 order by part_number for update;

-- name: settle_receipts
update smpp_taken set wanted = 0 where message_id = $1;

-- name: add_deliveries
with made as (
    insert into smpp_deliveries (id, smpp_account_id, body, due_at, created_at)
    select * from unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::timestamptz[], $5::timestamptz[])
    returning smpp_account_id
)
select pg_notify('dialplane_smpp', id::text) from (select distinct smpp_account_id as id from made) each;

-- name: claim_deliveries
update smpp_deliveries set node = $2
where id in (
    select id from smpp_deliveries
    where smpp_account_id = $1 and node is null and due_at <= $3
    order by due_at, id limit $4
    for update skip locked
)
returning id, smpp_account_id, body, attempts, created_at;

-- name: drop_deliveries
delete from smpp_deliveries where id = any($1::uuid[]);

-- name: return_deliveries
update smpp_deliveries set node = null, attempts = attempts + 1, due_at = $2 where id = any($1::uuid[]);

-- name: forget
with old_parts as (
    delete from smpp_taken where message_id is null and created_at < $1
),
old_taken as (
    delete from smpp_taken where message_id is not null and created_at < $2
)
delete from smpp_deliveries where node is null and created_at < $3;
