-- Queries of the subject: imports of stock.

-- name: add
insert into inventory_imports (
    id, state, reading, counts, reached, skip_problems, idempotency_key, created_at, updated_at, applied_at, undone_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: save
update inventory_imports set
    state = $2, reading = $3, counts = $4, reached = $5, skip_problems = $6, idempotency_key = $7, created_at = $8,
    updated_at = $9, applied_at = $10, undone_at = $11
where id = $1

-- name: find
select * from inventory_imports where id = $1

-- name: lock
select * from inventory_imports where id = $1 for update

-- name: find_by_key
select * from inventory_imports where idempotency_key = $1

-- name: list_newest
select * from inventory_imports where $1::timestamptz is null or created_at < $1
order by created_at desc, id desc limit $2

-- name: at_work
-- The one that has waited longest, so that a large import and a small one go on side by side.
select * from inventory_imports where state in ('applying', 'undoing')
order by updated_at limit 1 for update skip locked

-- name: mark_known
update inventory_import_lines l set outcome = 'known'
where l.import_id = $1 and l.outcome = 'new' and (
    exists (select from inventory_items i where i.number = l.number)
    or exists (
        select from numbers n
        where n.number = l.number and n.status <> 'released' and n.kind in ('local', 'toll_free', 'mobile', 'virtual')
    )
    or exists (select from numbers n where n.number = l.number and n.status = 'released' and n.released_at > $2)
)

-- name: mark_claimed
update inventory_import_lines l
set outcome = 'problem', field = 'number', detail = l.number || ' is on its way here in a porting order'
where l.import_id = $1 and l.outcome = 'new' and exists (select from port_claims p where p.number = l.number)

-- name: count
select outcome, count(*) from inventory_import_lines where import_id = $1 group by outcome

-- name: list_lines
select * from inventory_import_lines where import_id = $1 and outcome = any($2::text[]) and position > $3
order by position limit $4

-- name: note
update inventory_import_lines l
set outcome = n.outcome, item_id = n.item_id, field = n.field, detail = n.detail
from unnest($2::integer[], $3::text[], $4::uuid[], $5::text[], $6::text[])
    as n (position, outcome, item_id, field, detail)
where l.import_id = $1 and l.position = n.position

-- name: prices
select account_id, sum(setup_micros + monthly_micros) as micros from inventory_import_lines
where import_id = $1 and position > $2 and outcome = 'new'
    and account_id is not null and setup_micros + monthly_micros > 0
group by account_id

-- name: forget_previews
-- Its lines go with it.
delete from inventory_imports where id in (
    select id from inventory_imports
    where lines_gone_at is null and state = 'previewed' and created_at < $1
    order by created_at limit $2 for update skip locked
) returning id

-- name: forget_lines
with old as (
    update inventory_imports set lines_gone_at = now() where id in (
        select id from inventory_imports
        where lines_gone_at is null and state in ('applied', 'undone') and created_at < $1 and applied_at < $1
        order by created_at limit $2 for update skip locked
    ) returning id
), gone as (
    delete from inventory_import_lines where import_id in (select id from old)
)
select id from old
