-- Queries of the subject: dump.

-- name: facts
-- What a restored copy must have again. The postings are added up whole: a sum that fits proves their amounts.
select
    (select max(name) from schema_migrations) as migration,
    (select count(*) from accounts) as accounts,
    (select count(*) from numbers) as numbers,
    (select count(*) from calls) as calls,
    (select count(*) from messages) as messages,
    (select count(*) from recordings) as recordings,
    (select count(*) from ledger_postings) as postings,
    (select coalesce(sum(amount) filter (where book = 'customer'), 0)::bigint from ledger_postings) as customers_micros;

-- name: has_tables
select exists (select from pg_tables where schemaname = 'public') as has_tables;
