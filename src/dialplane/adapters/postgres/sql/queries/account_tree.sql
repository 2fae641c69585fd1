-- Queries of the subject: account_tree. What closing looks for has no index of its own in places (holds): an account is
-- closed once, and every call would pay for the index.

-- name: lock_below
-- All accounts below $1, locked, those nearer to it first.
with recursive below as (
    select id, 1 as depth from accounts where parent_id = $1
    union all
    select child.id, below.depth + 1 from accounts child join below on child.parent_id = below.id
)
select account.* from accounts account join below on below.id = account.id
order by below.depth, account.id
for update of account;

-- name: ids_below
with recursive below as (
    select id from accounts where parent_id = $1
    union all
    select child.id from accounts child join below on child.parent_id = below.id
)
select id from below order by id;

-- name: query
with recursive tree as (
    select id, 0 as depth from accounts where id = $1
    union all
    select child.id, tree.depth + 1 from accounts child join tree on child.parent_id = tree.id
    where $3 or tree.depth = 0
)
select account.*, count(*) over () as total
from accounts account join tree on tree.id = account.id
where (tree.depth > 0 or $2)
  and ($4::text = '' or account.name = $4)
  and (cardinality($5::text[]) = 0 or account.status = any($5))
  and ($6::uuid is null or account.organization_id = $6)
order by tree.depth, account.created_at, account.id
offset $7 limit $8;

-- name: count_children
select count(*) from accounts where parent_id = $1 and status <> 'deleted';

-- name: set_auth_token
update accounts set auth_token = $2, updated_at = $3 where id = $1;

-- name: set_project_token
update accounts set project_token = $2, updated_at = $3 where id = $1;

-- name: move_accounts
update accounts set organization_id = $2, updated_at = $3 where id = any($1::uuid[]);

-- name: move_numbers
-- Live numbers of the accounts $1 go to the organization $2, by the hand of the account $4; each one's history tells it.
with going as (
    select id, organization_id from numbers
    where account_id = any($1::uuid[]) and status <> 'released' and organization_id <> $2
    order by id for update
),
moved as (
    update numbers n set organization_id = $2, updated_at = $3
    from going where n.id = going.id
    returning n.id, n.account_id, n.number, going.organization_id as old
)
insert into number_history (id, number_id, account_id, number, what, actor, actor_id, changes, created_at)
select gen_random_uuid(), id, account_id, number, 'migrated', 'account', $4,
    jsonb_build_array(jsonb_build_object('field', 'organization_id', 'from', old, 'to', $2::uuid)), $3
from moved;

-- name: move_extensions
update extensions set organization_id = $2, updated_at = $3 where account_id = any($1::uuid[]) and deleted_at is null;

-- name: numbers_of
select account_id, id from numbers where account_id = any($1::uuid[]) and status <> 'released' order by id;

-- name: open_orders_of
select id from orders where account_id = any($1::uuid[]) and ended_at is null order by id;

-- name: has_open_ports
select exists (select from ports where account_id = any($1::uuid[]) and ended_at is null);

-- name: reserved_items_of
select item_id from reservations where account_id = any($1::uuid[]) and status = 'held' order by item_id;

-- name: open_holds_of
select key from holds where account_id = any($1::uuid[]) and state = 'held' order by key;

-- name: end_keys
update access_keys set deleted_at = $2, updated_at = $2 where account_id = any($1::uuid[]) and deleted_at is null;

-- name: end_agents
update agents set deleted_at = $2, updated_at = $2 where account_id = any($1::uuid[]) and deleted_at is null;

-- name: end_bindings
delete from bindings
where extension_id in (select id from extensions where account_id = any($1::uuid[]) and deleted_at is null);

-- name: end_extensions
update extensions set deleted_at = $2, updated_at = $2 where account_id = any($1::uuid[]) and deleted_at is null;

-- name: end_trunks
update trunks set deleted_at = $2, updated_at = $2 where account_id = any($1::uuid[]) and deleted_at is null;

-- name: end_pbx_trunks
update pbx_trunks set deleted_at = $2, updated_at = $2 where account_id = any($1::uuid[]) and deleted_at is null;

-- name: end_flows
update flows set deleted_at = $2, updated_at = $2 where account_id = any($1::uuid[]) and deleted_at is null;

-- name: end_applications
update applications set deleted_at = $2, updated_at = $2 where account_id = any($1::uuid[]) and deleted_at is null;

-- name: add_organization
insert into organizations (id, name, created_at, created_by) values ($1, $2, $3, $4);

-- name: organizations_of
-- The account's own and those that it made. One whose accounts are all closed is closed itself.
select o.id, o.name, o.created_at,
       array(select d.domain from sip_domains d where d.organization_id = o.id order by d.created_at, d.domain) as domains,
       exists (select from accounts a where a.organization_id = o.id)
       and not exists (select from accounts a where a.organization_id = o.id and a.status <> 'deleted') as is_closed
from organizations o
where o.id = $1 or o.created_by = $2
order by o.created_at, o.id;
