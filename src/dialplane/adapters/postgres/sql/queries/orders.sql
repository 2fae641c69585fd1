-- Queries of the subject: orders.

-- name: open_sale
-- What a purchase looks at; the locks are taken in the order of the list: account, item, purse, as everywhere. Without
-- the first one, whoever waits for a purse until its account is closed would go on with the status of before.
select i.*, a.id as buyer_id, a.organization_id, a.status as account_status, a.identity_status,
    p.credit, p.credit_held, p.tokens, p.tokens_held, p.next_top_up_at
from inventory_items i, accounts a, purses p
where i.number = $2 and a.id = $1 and p.account_id = $1
for key share of a for update of i, p

-- name: open_sales
-- The same for many: $1, $2, $3 are accounts, numbers and the requests' keys. What somebody else has locked, or what a
-- key has bought before, is left out: nobody waits here, so that no order of the locks is needed.
select wanted.nth, i.*, a.id as buyer_id, a.organization_id, a.status as account_status, a.identity_status,
    p.credit, p.credit_held, p.tokens, p.tokens_held, p.next_top_up_at
from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as wanted (account_id, number, key, nth)
join accounts a on a.id = wanted.account_id
join purses p on p.account_id = wanted.account_id
join inventory_items i on i.number = wanted.number
-- One look for each by the index, whatever the planner knows of the table: no list of all orders.
where wanted.key = '' or (
    select o.id from orders o
    where o.account_id = wanted.account_id and o.idempotency_key = wanted.key and o.idempotency_key <> '' limit 1
) is null
for key share of a skip locked for update of i, p skip locked

-- name: add_many
-- $1: a JSON array of orders.
insert into orders (
    id, account_id, item_id, number, carrier, status, reason, request, documents, setup_micros, monthly_micros,
    idempotency_key, number_id, check_at, attempts, created_at, updated_at, ended_at
)
select
    id, account_id, item_id, number, carrier, status, reason, request, documents, setup_micros, monthly_micros,
    idempotency_key, number_id, check_at, attempts, created_at, updated_at, ended_at
from json_populate_recordset(null::orders, $1)

-- name: save
update orders set
    status = $2, reason = $3, documents = $4, number_id = $5, check_at = $6, attempts = $7, updated_at = $8,
    ended_at = $9
where id = $1

-- name: find
select * from orders where account_id = $1 and id = $2

-- name: find_by_key
select * from orders where account_id = $1 and idempotency_key = $2 and idempotency_key <> ''

-- name: find_open
select * from orders where item_id = $1 and ended_at is null

-- name: lock
-- The account first, as everywhere.
select o.* from orders o join accounts a on a.id = o.account_id where o.id = $1
for key share of a for update of o

-- name: list_for
select * from orders
where account_id = $1 and ($2::text is null or status = $2) and ($3::timestamptz is null or created_at < $3)
order by created_at desc, id desc limit $4

-- name: list_open
-- By an index of their own: an account with 100,000 numbers has that many orders that are over.
select * from orders
where account_id = $1 and ended_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc limit $3

-- name: list_ended
select * from orders
where account_id = $1 and ended_at is not null and ($2::timestamptz is null or created_at < $2)
order by created_at desc limit $3;

-- name: list_open_everywhere
select * from orders where ended_at is null and ($1::timestamptz is null or created_at < $1)
order by created_at desc, id desc limit $2

-- name: waiting_on
select * from orders where account_id = $1 and status = 'pending' and documents @> $2::jsonb order by id for update

-- name: take_due
-- No look lies further ahead than a minute or two: what does was written by the sandbox's clock before it was set back.
select * from orders
where (check_at <= $1 or check_at > $1 + interval '5 minutes') and ended_at is null
order by check_at limit $2 for update skip locked
