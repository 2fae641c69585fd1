-- Queries of the subject: consent.

-- name: screen
-- What stands in the way of messages, $1: a JSON array of them, each from a number (written `own`) of an account to
-- peers; `neighbours` are those peers' neighbours, of which those that were written to since $2 are told.
select settings.settings, member.pool_id, pool.number_rate, pool.destination_rate,
       held.messages_per_hour, held.country_messages_per_hour, held.paused_at is not null as is_paused,
       array(
           select peer from opt_outs
           where account_id = asked.account_id and peer = any(asked.peers)
             and scope in (coalesce(member.pool_id, '00000000-0000-0000-0000-000000000000'),
                           'ffffffff-ffff-ffff-ffff-ffffffffffff')
       ) as opted_out,
       array(
           select peer_target from conversations
           where account_id = asked.account_id and own_target = asked.own and peer_target = any(asked.peers)
             and deleted_at is null
       ) as known,
       array(
           select distinct peer_target from conversations
           where account_id = asked.account_id and peer_target = any(asked.neighbours) and deleted_at is null
             and exists (
                 select 1 from message_targets target
                 where target.conversation_id = conversations.id and target.created_at > $2 and target.status <> 'received'
             )
       ) as neighbours
from rows from (
    json_to_recordset($1) as (account_id uuid, number_id uuid, own text, peers text[], neighbours text[])
) with ordinality as asked (account_id, number_id, own, peers, neighbours, position)
left join consent_settings settings on settings.account_id = asked.account_id
left join sender_pool_numbers member on member.number_id = asked.number_id
left join sender_pools pool on pool.id = member.pool_id and pool.deleted_at is null
left join outbound_limits held on held.account_id = asked.account_id
order by asked.position;

-- name: heard_from
-- Of the numbers $2, those that have written to the account.
select peer_target from conversations
where account_id = $1 and peer_target = any($2::text[]) and deleted_at is null
  and exists (
      select 1 from message_targets target
      where target.conversation_id = conversations.id and target.status = 'received'
  );

-- name: completion
-- Of the last 50 messages of an account whose fate is known: how many, and how many arrived.
select count(*) as total, count(*) filter (where status = 'delivered') as delivered
from (
    select target.status
    from messages message join message_targets target on target.message_id = message.id
    where message.account_id = $1 and message.direction = 'outbound' and message.created_at > $2
      and message.deleted_at is null
      and target.status in ('delivered', 'undelivered', 'failed', 'gw_timeout', 'dlr_timeout')
      and target.error_code <> 21610
    order by message.created_at desc
    limit 50
) latest;

-- name: find_for
-- What inbound messages need to know: settings, the number's pool, whether the sender has opted out.
select asked.account_id, settings.settings, member.pool_id,
       exists (
           select 1 from opt_outs
           where account_id = asked.account_id and peer = asked.peer
             and scope in (coalesce(member.pool_id, '00000000-0000-0000-0000-000000000000'),
                           'ffffffff-ffff-ffff-ffff-ffffffffffff')
       ) as is_out
from unnest($1::uuid[], $2::uuid[], $3::text[]) with ordinality as asked (account_id, number_id, peer, position)
left join consent_settings settings on settings.account_id = asked.account_id
left join sender_pool_numbers member on member.number_id = asked.number_id
order by asked.position;

-- name: find_settings
select settings from consent_settings where account_id = $1;

-- name: save_settings
insert into consent_settings (account_id, settings, updated_at) values ($1, $2, $3)
on conflict (account_id) do update set settings = excluded.settings, updated_at = excluded.updated_at;

-- name: add
insert into consent_records
    (id, account_id, peer, pool_id, wish, source, own, text, created_at, message_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: opt_out
insert into opt_outs (account_id, peer, scope, since) values ($1, $2, $3, $4)
on conflict do nothing
returning true;

-- name: opt_in
delete from opt_outs
where account_id = $1 and peer = $2 and scope in ($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff');

-- name: list_records
select * from consent_records
where account_id = $1 and ($2 = '' or peer = $2) and ($3::timestamptz is null or created_at < $3)
order by created_at desc, id desc
limit $4;

-- name: count_help
select count(*) from consent_records
where account_id = $1 and peer = $2 and wish = 'HELP' and created_at > $3;
