-- Queries of the subject: ledger. Many rows at once come as one array for each column.

-- name: open_purses
-- An account's purse is made when it is first asked for.
insert into purses (account_id) select unnest($1::uuid[]) on conflict do nothing

-- name: lock_purses
select account_id, credit, credit_held, tokens, tokens_held, next_top_up_at, topped_up_at
from purses where account_id = any($1::uuid[]) order by account_id for update

-- name: find_purse
select account_id, credit, credit_held, tokens, tokens_held, next_top_up_at, topped_up_at from purses where account_id = $1

-- name: save_purse
-- One purse by its key: the planner needs no join, and the purchase path saves a tenth of its time.
update purses set credit = $2, credit_held = $3, tokens = $4, tokens_held = $5 where account_id = $1

-- name: save_purses
update purses as p
set credit = n.credit, credit_held = n.credit_held, tokens = n.tokens, tokens_held = n.tokens_held
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
    as n (account_id, credit, credit_held, tokens, tokens_held)
where p.account_id = n.account_id

-- name: add_holds
-- $1: a JSON array of holds; one argument costs the client a fraction of what an array for each column does.
insert into holds (
    key, id, account_id, units, cost_type, rate_micros, rate_tokens, rate_increment_s, rate_setup_micros, micros, tokens,
    state, expires_at, created_at
)
select
    key, id, account_id, units, cost_type, rate_micros, rate_tokens, rate_increment_s, rate_setup_micros, micros, tokens,
    state, expires_at, created_at
from json_populate_recordset(null::holds, $1)

-- name: find_holds
select * from holds where key = any($1::text[])

-- name: close_holds
-- The order of the locks is that of the purses, which every caller holds already.
update holds set state = $2, closed_at = $3
where key = any(array(select json_array_elements_text($1::json))) and state = 'held'
returning *

-- name: change_holds
update holds as h set units = n.units, micros = n.micros, tokens = n.tokens, expires_at = n.expires_at
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])
    as n (key, units, micros, tokens, expires_at)
where h.key = n.key and h.state = 'held'

-- name: expired_holds
select *
from holds where state = 'held' and expires_at <= $1 order by expires_at limit $2

-- name: find_entries
select * from ledger_entries where key = any($1::text[])

-- name: append_entry
-- One by itself: single values cost the client a fraction of what arrays do.
insert into ledger_entries (
    id, account_id, key, transaction_type, reference_type, reference_id, cost_type, detail, seconds, units,
    rate_micros, rate_tokens, rate_increment_s, rate_setup_micros, amount_micros, amount_tokens, credit_after,
    tokens_after, started_at, ended_at, created_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)

-- name: append_entries
-- $1: a JSON array of entries.
insert into ledger_entries (
    id, account_id, key, transaction_type, reference_type, reference_id, cost_type, detail, seconds, units,
    rate_micros, rate_tokens, rate_increment_s, rate_setup_micros, amount_micros, amount_tokens, credit_after,
    tokens_after, started_at, ended_at, created_at
)
select
    id, account_id, key, transaction_type, reference_type, reference_id, cost_type, detail, seconds, units,
    rate_micros, rate_tokens, rate_increment_s, rate_setup_micros, amount_micros, amount_tokens, credit_after,
    tokens_after, started_at, ended_at, created_at
from json_populate_recordset(null::ledger_entries, $1)

-- name: append_postings
-- All lines of an entry in one statement: the balance trigger looks at them together.
insert into ledger_postings (entry_id, book, account_id, currency, amount)
select entry_id, book, account_id, currency, amount from json_populate_recordset(null::ledger_postings, $1)

-- name: get_entry
select * from ledger_entries where account_id = $1 and id = $2

-- name: list_entries
select * from ledger_entries
where account_id = $1 and ($2::timestamptz is null or created_at < $2)
  and ($4::timestamptz is null or (created_at, id) < ($4, $5::uuid))
  and ($6::timestamptz is null or created_at >= $6) and ($7::timestamptz is null or created_at < $7)
  and (cardinality($8::text[]) = 0 or transaction_type = any($8))
  and (cardinality($9::text[]) = 0 or reference_type = any($9))
  and ($10::uuid is null or reference_id = $10)
  and (cardinality($11::text[]) = 0 or cost_type = any($11))
order by created_at desc, id desc limit $3

-- name: list_credit_entries
-- The same of what moved the credit and was no use; the index holds no other entries.
select * from ledger_entries
where account_id = $1 and transaction_type <> 'usage' and amount_micros <> 0
  and ($2::timestamptz is null or created_at < $2)
  and ($4::timestamptz is null or (created_at, id) < ($4, $5::uuid))
  and ($6::timestamptz is null or created_at >= $6) and ($7::timestamptz is null or created_at < $7)
  and (cardinality($8::text[]) = 0 or transaction_type = any($8))
  and (cardinality($9::text[]) = 0 or reference_type = any($9))
  and ($10::uuid is null or reference_id = $10)
  and (cardinality($11::text[]) = 0 or cost_type = any($11))
order by created_at desc, id desc limit $3

-- name: accounts_to_top_up
select p.account_id from purses p join accounts a on a.id = p.account_id
where p.next_top_up_at <= $1 and a.deleted_at is null
order by p.next_top_up_at limit $2

-- name: save_top_up
update purses set topped_up_at = $2, next_top_up_at = $3 where account_id = $1

-- name: totals
-- Balanced: every entry sums to zero, every purse is the sum of its book, its held part the sum of its open holds,
-- every entry's amounts are what it wrote on the customer's book, and every day is the sum of its entries.
select
    not exists (select from ledger_postings group by entry_id, currency having sum(amount) <> 0)
    and not exists (
        select from purses p left join (
            select account_id, coalesce(sum(amount) filter (where currency = 'USD'), 0) as usd,
                coalesce(sum(amount) filter (where currency = 'TOKEN'), 0) as token
            from ledger_postings where book = 'customer' group by account_id
        ) b using (account_id)
        where p.credit <> coalesce(b.usd, 0) or p.tokens <> coalesce(b.token, 0)
    )
    and not exists (
        select from purses p left join (
            select account_id, sum(micros) as micros, sum(tokens) as tokens
            from holds where state = 'held' group by account_id
        ) h using (account_id)
        where p.credit_held <> coalesce(h.micros, 0) or p.tokens_held <> coalesce(h.tokens, 0)
    )
    and not exists (
        select from ledger_entries e left join ledger_postings l on l.entry_id = e.id and l.book = 'customer'
        group by e.id
        having e.amount_micros <> coalesce(sum(l.amount) filter (where l.currency = 'USD'), 0)
            or e.amount_tokens <> coalesce(sum(l.amount) filter (where l.currency = 'TOKEN'), 0)
    )
    and not exists (
        select from ledger_days d full join (
            select account_id, (created_at at time zone 'UTC')::date as day, reference_type, cost_type,
                count(*) as count, sum(-amount_micros) as micros
            from ledger_entries where transaction_type in ('usage', 'refund') group by 1, 2, 3, 4
        ) e using (account_id, day, reference_type, cost_type)
        where (d.count, d.micros) is distinct from (e.count, e.micros)
    ) as balanced,
    (select count(*) from purses) as accounts,
    (select count(*) from ledger_postings) as postings,
    (select count(*) from holds where state = 'held') as holds_open
