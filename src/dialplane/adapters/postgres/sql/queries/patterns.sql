-- Queries of the subject: patterns, and the numbers that an organization keeps to itself.

-- name: find_destinations
select d.domain, d.organization_id, coalesce(v.version, 0) as version, n.number, n.id
from sip_domains d
left join pattern_versions v using (organization_id)
left join numbers n
    on n.organization_id = d.organization_id and n.number = any($2::text[])
    and n.status <> 'released' and n.kind in ('sip', 'pattern', 'channel')
where d.domain = any($1::text[])

-- name: find_inside
select o.id as organization_id, coalesce(v.version, 0) as version, n.number, n.id
from organizations o
left join pattern_versions v on v.organization_id = o.id
left join numbers n
    on n.organization_id = o.id and n.number = any($2::text[])
    and n.status <> 'released' and n.kind in ('sip', 'pattern', 'channel')
where o.id = $1

-- name: find_in_any
select id from numbers
where number = any($1::text[]) and kind in ('sip', 'channel') and status <> 'released'
order by array_position($1::text[], number), created_at limit 1

-- name: changes
-- One row without a pattern where none changed. Who reads everything needs no word of what is gone.
select v.version, v.whole as is_complete, n.id, n.number, n.anchored, n.created_at, n.status <> 'released' as is_live
from (
    select version, $2::bigint < complete_since or $2 = 0 as whole from pattern_versions where organization_id = $1
) v
left join numbers n
    on n.organization_id = $1 and n.kind = 'pattern' and n.pattern_version > case when v.whole then 0 else $2 end
    and not (v.whole and n.status = 'released')

-- name: count
select count(*) from (
    select from numbers where organization_id = $1 and kind = 'pattern' and status <> 'released' limit $2
) as counted

-- name: set_anchored
update numbers set anchored = $2 where id = $1 and kind = 'pattern' and anchored <> $2

-- name: anchored_among
select id from numbers where id = any($1::uuid[]) and anchored

-- name: list_for
select id from numbers
where account_id = $1 and kind = 'pattern' and status <> 'released' and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3

-- name: list_in_order
-- In the order of the index numbers_patterns_in_order, which is that of `Pattern.rank`.
select id, anchored from numbers
where account_id = $1 and kind = 'pattern' and status <> 'released'
    and ($2::uuid is null or (number = '*', -length(number), created_at, id) > (
        select number = '*', -length(number), created_at, id from numbers where id = $2
    ))
order by number = '*', -length(number), created_at, id limit $3
