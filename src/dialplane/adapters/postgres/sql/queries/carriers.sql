-- Queries of the subject: accounts at carriers, exchanges with them, and how numbers stand there.

-- name: save_account
insert into carrier_accounts (
    id, name, kind, account_sid, api_key, signing_key, api_url, public_url, voice, messaging, setup_micros,
    monthly_micros, requirements, status, created_at, updated_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
on conflict (id) do update set
    name = excluded.name, account_sid = excluded.account_sid, api_key = excluded.api_key,
    signing_key = excluded.signing_key, api_url = excluded.api_url, public_url = excluded.public_url,
    voice = excluded.voice, messaging = excluded.messaging, setup_micros = excluded.setup_micros,
    monthly_micros = excluded.monthly_micros, requirements = excluded.requirements, status = excluded.status,
    updated_at = excluded.updated_at

-- name: list_accounts
select * from carrier_accounts order by name

-- name: find_account
select * from carrier_accounts where name = $1

-- name: get_account
select * from carrier_accounts where id = $1

-- name: lock_account
select * from carrier_accounts where id = $1 for update

-- name: delete_account
delete from carrier_accounts where id = $1

-- name: count_numbers
select count(*) from inventory_items where carrier = $1 and state <> 'offered'

-- name: withdraw_offers
-- One that was reserved once stays, for the reservation names it. Whatever happens to an item changes updated_at.
delete from inventory_items i
where carrier = $1 and state = 'offered' and ($2::timestamptz is null or updated_at < $2)
    and not exists (select from reservations r where r.item_id = i.id)

-- name: add_exchange
insert into carrier_exchanges (
    id, carrier, direction, method, path, request, status, answer, fault, about, duration_ms, created_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: list_exchanges
select * from carrier_exchanges
where ($1 = '' or carrier = $1) and ($2 = '' or about = $2) and ($3::timestamptz is null or created_at < $3)
order by created_at desc, id desc limit $4

-- name: last_webhook
select * from carrier_exchanges where carrier = $1 and direction = 'in' order by id desc limit 1

-- name: forget_exchanges
delete from carrier_exchanges where created_at < $1

-- name: forget_messages
delete from carrier_messages where created_at < $1

-- name: save_number
insert into carrier_numbers (carrier, number, state, wanted, found, saved, fault, looked_at, written_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (carrier, number) do update set
    state = excluded.state, wanted = excluded.wanted, found = excluded.found, saved = excluded.saved,
    fault = excluded.fault, looked_at = excluded.looked_at, written_at = excluded.written_at

-- name: find_number
select * from carrier_numbers where carrier = $1 and number = $2

-- name: lock_number
select * from carrier_numbers where carrier = $1 and number = $2 for update

-- name: list_numbers
select c.* from carrier_numbers c
where ($1 = '' or c.carrier = $1) and ($2::text is null or c.state = $2) and c.number > $3
    and ($4::uuid is null or exists (
        select from numbers n where n.number = c.number and n.account_id = $4 and n.released_at is null
    ))
order by c.number, c.carrier limit $5

-- name: due_numbers
select n.number from numbers n left join carrier_numbers c on c.carrier = n.carrier and c.number = n.number
where n.carrier = $1 and n.released_at is null and (c.looked_at is null or c.looked_at < $2)
order by c.looked_at nulls first, n.number limit $3

-- name: drop_number
delete from carrier_numbers where carrier = $1 and number = $2

-- name: live_numbers
select number, carrier from inventory_items where number = any($1::text[]) and state <> 'offered'
union
select number, carrier from numbers where number = any($1::text[]) and released_at is null

-- name: strays
select number from carrier_numbers where carrier = $1 and state = 'stray' order by number

-- name: hand_over
insert into carrier_messages (reference, carrier, created_at) values ($1, $2, $3) on conflict do nothing
returning reference

-- name: find_message
select * from carrier_messages where reference = $1

-- name: note_message
update carrier_messages set carrier_id = $2, reason = $3 where reference = $1 and carrier_id = '' and reason = ''

-- name: forget_message
delete from carrier_messages where reference = $1 and carrier_id = '' and reason = ''

-- name: hasten_order
update orders set check_at = $3 where id = $1 and carrier = $2 and ended_at is null and check_at > $3

-- name: note_receipt
-- The first word stands: what is delivered does not fail afterwards.
update carrier_messages set receipt = $3, receipt_reason = $4, receipt_error_code = $5
where (reference = $1 or (carrier_id = $2 and carrier_id <> '')) and receipt = ''

-- name: take_receipts
-- Only of messages whose carrier's id has been noted: a receipt may come before the answer to the message itself.
update carrier_messages m set receipt_taken = true
where m.reference in (
    select reference from carrier_messages c
    where c.receipt <> '' and not c.receipt_taken
        and exists (select from message_targets t where t.carrier_id = c.carrier_id)
    order by reference limit $1 for update skip locked
)
returning m.carrier_id, m.receipt, m.receipt_reason, m.receipt_error_code

-- name: save_port
insert into carrier_ports (port_id, carrier, handed_at, look_at, fault, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict (port_id) do update set
    carrier = excluded.carrier, handed_at = excluded.handed_at, look_at = excluded.look_at, fault = excluded.fault

-- name: find_port
select * from carrier_ports where port_id = $1

-- name: take_ports
-- Claimed until $2, so that no other worker asks at the same time.
update carrier_ports set look_at = $2
where port_id in (
    select port_id from carrier_ports where look_at <= $1 order by look_at limit $3 for update skip locked
)
returning *

-- name: hasten_port
update carrier_ports set look_at = $3 where port_id = $1 and carrier = $2 and look_at > $3
