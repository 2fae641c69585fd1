-- Queries of the subject: inventory. The search is put together in inventory.py from the conditions that were given.

-- name: add_items
insert into inventory_items (
    id, number, carrier, type, country, region, locality, postal_code, latitude, longitude, capabilities,
    setup_micros, monthly_micros, documents_required, state, account_id, trunk_id, created_at, updated_at
)
-- In the order of the numbers, so that two imports of the same numbers never wait for each other.
select id, number, carrier, type, country, region, locality, postal_code, latitude, longitude,
    string_to_array(capabilities, ','), setup_micros, monthly_micros, string_to_array(documents, ','), state,
    account_id, trunk_id, at, at
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::float8[], $10::float8[], $11::text[], $12::bigint[], $13::bigint[], $14::text[], $15::timestamptz[],
    $16::text[], $17::uuid[], $18::uuid[])
    as n (id, number, carrier, type, country, region, locality, postal_code, latitude, longitude, capabilities,
        setup_micros, monthly_micros, documents, at, state, account_id, trunk_id)
order by number
on conflict (number) do nothing
returning number

-- name: sort_in
select gin_clean_pending_list('inventory_offered_by_digits'), gin_clean_pending_list('inventory_offered_by_pairs')

-- name: size
-- As the table was when Postgres last looked at it; -1 where it never did.
select greatest(reltuples, 0)::bigint from pg_class where oid = 'inventory_items'::regclass

-- name: count_by_carrier
select carrier, state, count(*) from inventory_items group by carrier, state

-- name: estimate_by_carrier
-- $1: how many items there are. From the sample that Postgres keeps of carriers and states together.
select sampled.most_common_vals[place][1] as carrier, sampled.most_common_vals[place][2] as state,
       (sampled.most_common_freqs[place] * $1::bigint)::bigint as count
from pg_stats_ext sampled, generate_series(1, cardinality(sampled.most_common_freqs)) place
where sampled.statistics_name = 'inventory_stock' and sampled.schemaname = current_schema()

-- name: find_known
select number from inventory_items where number = any($1::text[])

-- name: remove_untouched
-- Whatever happens to an item changes its state, and with it updated_at. One that is being bought at this moment is waited
-- for, and stays.
with removed as (
    delete from inventory_items
    where id = any($1::uuid[]) and state = 'offered' and updated_at = created_at
    returning id
)
select id, state from inventory_items where id = any($1::uuid[]) and id not in (select id from removed)

-- name: look_again
analyze (skip_locked) inventory_items

-- name: places
select number, locality, region, postal_code from inventory_items where number = any($1::text[])

-- name: find_trunk_of
select trunk_id from inventory_items where number = $1

-- name: lock_by_number
select * from inventory_items where number = $1 for update

-- name: lock
select * from inventory_items where id = $1 for update

-- name: set_state
update inventory_items set state = $2, account_id = $3, state_until = $4, updated_at = $5 where id = $1

-- name: set_states
update inventory_items i set state = n.state, account_id = n.account_id, state_until = null, updated_at = $4
from unnest($1::uuid[], $2::text[], $3::uuid[]) as n (id, state, account_id)
where i.id = n.id

-- name: rested
-- Released numbers whose quarantine is over.
select * from inventory_items where state = 'quarantined' and state_until <= $1 order by state_until limit $2

-- name: add_reservation
insert into reservations (id, account_id, item_id, number, status, expires_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: find_reservation
select * from reservations where account_id = $1 and id = $2

-- name: find_held
select * from reservations where item_id = $1 and status = 'held'

-- name: count_reserved
select count(*) from reservations where account_id = $1 and status = 'held' and expires_at > $2

-- name: list_reservations
select * from reservations
where account_id = $1 and status = 'held' and expires_at > $4 and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3

-- name: end_reservation
update reservations set status = $2, ended_at = $3 where item_id = $1 and status = 'held'

-- name: expired_reservations
-- The item is locked first, as everywhere, so that a buyer and the worker cannot wait for each other.
select r.* from reservations r join inventory_items i on i.id = r.item_id
where i.state = 'held' and i.state_until <= $1 and r.status = 'held'
order by r.expires_at limit $2 for update of i skip locked

-- name: read_offered
-- What a search has found, as far as it is on offer still.
select * from inventory_items where number = any($1::text[]) and state = 'offered'

-- name: lock_first_offered
-- The first in the order given that nobody else is about to take (NUM-2). One that was taken between is read as it
-- stands when it is locked, and then is not on offer.
select items.* from unnest($1::text[]) with ordinality as wanted (wanted_number, position)
join inventory_items as items on items.number = wanted_number
where items.state = 'offered'
order by position limit 1 for update of items skip locked

-- name: list_countries
-- A class whose last number is sold stays in its table.
select country, array_agg(distinct type order by type) as types from item_classes
where exists (select from inventory_items where state = 'offered' and inventory_items.class = item_classes.class)
group by country order by country

-- name: locate
-- The number itself, or a neighbour: in North America the area code is the five characters at the start.
(select latitude, longitude from inventory_items where number = $1 and latitude is not null)
union all
(select latitude, longitude from inventory_items
 where state = 'offered' and number collate "C" >= left($1, 5) and number collate "C" < left($1, 5) || ':'
    and latitude is not null
 order by number collate "C" limit 1)
limit 1
