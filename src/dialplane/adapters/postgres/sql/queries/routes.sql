-- Queries of the subject: routes outwards.

-- name: insert
insert into routes (
    id, account_id, trunk_id, target, priority, created_at, name, detail, updated_at, deleted_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: update
update routes
set trunk_id = $2, target = $3, priority = $4, name = $5, detail = $6, updated_at = $7, deleted_at = $8
where id = $1;

-- name: find
select * from routes where id = $1 and deleted_at is null;

-- name: list_live
select * from routes
where deleted_at is null
    and ($1::uuid is null or account_id = $1)
    and (not $4 or account_id is null)
    and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: remove_of_trunk
update routes set deleted_at = $2, updated_at = $2 where trunk_id = $1 and deleted_at is null;

-- name: list_candidates
-- Each trunk with the best of its routes for an account's call to a number: the account's own before everybody's, the
-- longest target, the lowest priority.
select
    trunks.*,
    exists (select from routes where routes.trunk_id = trunks.id and routes.deleted_at is null) as has_routes,
    coalesce(best.is_own, false) as is_own,
    coalesce(best.depth, -1) as depth,
    coalesce(best.priority, 0) as route_priority
from trunks
left join lateral (
    select routes.account_id is not null as is_own, length(routes.target) as depth, routes.priority
    from routes
    where routes.trunk_id = trunks.id and routes.deleted_at is null
        and (routes.account_id = $1 or routes.account_id is null)
        and starts_with($2, routes.target)
    order by is_own desc, depth desc, routes.priority
    limit 1
) as best on true
where trunks.deleted_at is null and (trunks.account_id = $1 or trunks.account_id is null)
order by trunks.priority, trunks.created_at, trunks.id;
