-- Queries of the subject: port_outs.

-- name: add
insert into port_outs (
    id, account_id, number_id, number, carrier, status, reason, decide_by, leaves_at, created_at, updated_at, ended_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: save
update port_outs set status = $2, reason = $3, leaves_at = $4, updated_at = $5, ended_at = $6 where id = $1

-- name: find
select * from port_outs where id = $1 and ($2::uuid is null or account_id = $2)

-- name: lock
select * from port_outs where id = $1 and ($2::uuid is null or account_id = $2) for update

-- name: find_open
select * from port_outs where number_id = $1 and ended_at is null

-- name: list_for
select * from port_outs
where ($1::uuid is null or account_id = $1) and ($2::text is null or status = $2)
    and ($3::timestamptz is null or created_at < $3)
order by created_at desc, id desc limit $4

-- name: due
select * from port_outs
where (status = 'pending' and decide_by <= $1) or (status = 'authorized' and leaves_at <= $1)
limit 1 for update skip locked

-- name: has_left
select exists (select from port_outs where number_id = $1 and number = $2 and status = 'ported')

-- name: gone
select distinct number from port_outs where number = any($1::text[]) and status = 'ported'

-- name: set_pin
insert into port_out_pins (account_id, pin_hash, updated_at) values ($1, $2, $3)
on conflict (account_id) do update set pin_hash = excluded.pin_hash, updated_at = excluded.updated_at

-- name: find_pin
select pin_hash from port_out_pins where account_id = $1
