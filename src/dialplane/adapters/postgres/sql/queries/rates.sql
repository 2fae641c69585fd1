-- Queries of the subject: rate decks.

-- name: list_set
select cost_type, micros, tokens from rates where deck = $1;

-- name: save
insert into rates (deck, cost_type, micros, tokens)
select $1, * from unnest($2::text[], $3::bigint[], $4::bigint[])
on conflict (deck, cost_type) do update set micros = excluded.micros, tokens = excluded.tokens;
