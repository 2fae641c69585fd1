-- Queries of the subject: the simulated carrier's books.

-- name: order
-- Nothing comes back where the reference is known, or the number is somebody's already.
insert into sandbox_carrier_orders (reference, number, state, reason, completes_at)
values ($1, $2, $3, $4, $5)
on conflict do nothing
returning state, reason, completes_at

-- name: find_order
select state, reason, completes_at from sandbox_carrier_orders where reference = $1

-- name: owns
select exists (select from sandbox_carrier_orders where number = $1 and state = 'owned' and completes_at <= $2)

-- name: sold
select number from sandbox_carrier_orders where number = any($1::text[]) and state = 'owned'

-- name: release
update sandbox_carrier_orders set state = 'released' where number = $1 and state = 'owned'
