-- Queries of the subject: grants. Names cannot be arguments of GRANT: the statements are made here, quoted.

-- name: is_plain_role
select exists (select from pg_roles where rolname = $1 and not rolsuper);

-- name: statements
select format(text, $1::text, current_database()) as text from (values
    (1, 'grant connect on database %2$I to %1$I'),
    (2, 'grant usage on schema public to %1$I'),
    (3, 'revoke create on schema public from public, %1$I'),
    (4, 'grant select, insert, update, delete on all tables in schema public to %1$I'),
    (5, 'grant usage, select, update on all sequences in schema public to %1$I'),
    (6, 'revoke update, delete, truncate on ledger_entries, ledger_postings, audit_log from %1$I'),
    (7, 'grant update (outcome, said) on audit_log to %1$I'), -- ends a deed that was begun; its trigger holds it to that
    (8, 'revoke insert, update, delete, truncate on schema_migrations, partitions from %1$I'),
    -- Parts of tables are made and dropped by these alone, which run as their owner.
    (9, 'revoke execute on function make_partitions, drop_partition from public'),
    (10, 'grant execute on function make_partitions, drop_partition to %1$I')
) as every (place, text) order by place;

-- name: maintain
select format('grant maintain on inventory_items to %I', $1::text);
