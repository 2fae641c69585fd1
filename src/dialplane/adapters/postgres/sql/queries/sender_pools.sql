-- Queries of the subject: sender_pools.

-- name: save
insert into sender_pools (id, account_id, name, number_rate, destination_rate, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (id) do update
set name = excluded.name, number_rate = excluded.number_rate, destination_rate = excluded.destination_rate,
    updated_at = excluded.updated_at;

-- name: leave
-- Numbers that are in the pool no more.
delete from sender_pool_numbers where pool_id = $1 and number_id <> all($2::uuid[]);

-- name: enter
-- A number that was in another pool leaves that one.
insert into sender_pool_numbers (number_id, pool_id, position)
select number_id, $1, position from unnest($2::uuid[]) with ordinality as item (number_id, position)
on conflict (number_id) do update set pool_id = excluded.pool_id, position = excluded.position;

-- name: list
select pool.id, pool.account_id, pool.name, pool.created_at, pool.number_rate, pool.destination_rate, pool.updated_at,
       array(
           select number.number
           from sender_pool_numbers member join numbers number on number.id = member.number_id
           where member.pool_id = pool.id and number.account_id = pool.account_id and number.status = 'active'
           order by member.position
       ) as numbers
from sender_pools pool
where pool.account_id = $1 and pool.deleted_at is null
  and ($2::uuid is null or pool.id = $2)
  and ($3::timestamptz is null or pool.created_at < $3)
order by pool.created_at desc, pool.id desc
limit $4;

-- name: count
select count(*) from sender_pools where account_id = $1 and deleted_at is null;

-- name: delete
with gone as (
    delete from sender_pool_numbers where pool_id = $1
)
update sender_pools set deleted_at = $2, updated_at = $2 where id = $1;

-- name: last_sender
select own_target from conversations
where account_id = $1 and own_target = any($2::text[]) and peer_target = $3 and deleted_at is null
order by created_at
limit 1;

-- name: take_slot
insert into sending_slots (pool_id, key, next_at) values ($1, $2, $3::timestamptz + $4)
on conflict (pool_id, key) do update set next_at = greatest(sending_slots.next_at, $3) + $4
returning next_at - $4;
