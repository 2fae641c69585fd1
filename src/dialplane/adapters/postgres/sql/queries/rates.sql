-- Queries of the subject: rate decks.

-- name: list_set
select cost_type, prefix, micros, tokens, increment_s, setup_micros, description
from rates where deck = $1 and prefix = '';

-- name: save
insert into rates (deck, prefix, cost_type, micros, tokens)
select $1, '', * from unnest($2::text[], $3::bigint[], $4::bigint[])
on conflict (deck, prefix, cost_type) do update set micros = excluded.micros, tokens = excluded.tokens;

-- name: tariffs
-- What the accounts $1 pay for numbers with the prefixes $2, a JSON array: each line, and whether it is of the account's own deck
-- rather than of the default one. An account without any line shows itself with nulls.
select payer.account_id, rate.deck = payer.deck and payer.deck <> 'default' as is_own,
    rate.cost_type, rate.prefix, rate.micros, rate.tokens, rate.increment_s, rate.setup_micros, rate.description
from (
    select account.id as account_id, coalesce(own.deck, of_plan.deck, 'default') as deck
    from accounts account
    left join account_decks own on own.account_id = account.id
    left join plan_decks of_plan on of_plan.plan = account.plan
    where account.id = any($1::uuid[])
) payer
left join rates rate on rate.deck = any(array[payer.deck, 'default']) and rate.prefix = any(array(select json_array_elements_text($2::json)));

-- name: tariff_of
select rate.deck = $1 and $1 <> 'default' as is_own,
    rate.cost_type, rate.prefix, rate.micros, rate.tokens, rate.increment_s, rate.setup_micros, rate.description
from rates rate where rate.deck = any(array[$1, 'default']) and rate.prefix = any($2::text[]);

-- name: list_lines
select cost_type, prefix, micros, tokens, increment_s, setup_micros, description
from rates where deck = $1 and prefix <> '' order by cost_type collate "C", prefix collate "C";

-- name: save_lines
insert into rates (deck, cost_type, prefix, micros, tokens, increment_s, setup_micros, description)
select $1, line.cost_type, line.prefix, line.micros, 0, line.increment_s, line.setup_micros, line.description
from unnest($2::text[], $3::text[], $4::bigint[], $5::integer[], $6::bigint[], $7::text[])
    as line (cost_type, prefix, micros, increment_s, setup_micros, description)
on conflict (deck, prefix, cost_type) do update set
    micros = excluded.micros, tokens = 0, increment_s = excluded.increment_s, setup_micros = excluded.setup_micros,
    description = excluded.description;

-- name: remove_lines
delete from rates using unnest($2::text[], $3::text[]) as gone (cost_type, prefix)
where rates.deck = $1 and rates.prefix = gone.prefix and rates.cost_type = gone.cost_type;

-- name: add_deck
insert into rate_decks (id, name, created_at) values ($1, $2, $3) on conflict do nothing returning id;

-- name: version
select version from rate_decks where id = $1;

-- name: lock_version
select version from rate_decks where id = $1 for update;

-- name: count_change
update rate_decks set version = version + 1, updated_at = $2 where id = $1;

-- name: list_decks
select deck.*,
    (select count(*) from rates where rates.deck = deck.id and prefix <> '') as lines,
    (select count(*) from account_decks own where own.deck = deck.id) as accounts,
    array(select plan from plan_decks of_plan where of_plan.deck = deck.id order by plan) as plans
from rate_decks deck order by deck.id <> 'default', deck.created_at, deck.id;

-- name: deck_of
select coalesce(own.deck, of_plan.deck, 'default')
from accounts account
left join account_decks own on own.account_id = account.id
left join plan_decks of_plan on of_plan.plan = account.plan
where account.id = $1;

-- name: assign_account
insert into account_decks (account_id, deck) values ($1, $2)
on conflict (account_id) do update set deck = excluded.deck;

-- name: unassign_account
delete from account_decks where account_id = $1;

-- name: assign_plan
insert into plan_decks (plan, deck) values ($1, $2) on conflict (plan) do update set deck = excluded.deck;

-- name: unassign_plan
delete from plan_decks where plan = $1;

-- name: port_prices
select kind, monthly_micros from port_prices where deck = $1;

-- name: save_port_prices
insert into port_prices (deck, kind, monthly_micros) select $1, * from unnest($2::text[], $3::bigint[])
on conflict (deck, kind) do update set monthly_micros = excluded.monthly_micros;
