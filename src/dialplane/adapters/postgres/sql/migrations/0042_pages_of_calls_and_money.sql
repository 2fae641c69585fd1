-- before
-- What the portal's pages on usage, calls and messages read, so that none of them looks at more than it shows.

-- a month's sums come out of the index alone
drop index ledger_entries_by_account;
create index ledger_entries_by_account on ledger_entries (account_id, created_at desc, id desc)
    include (transaction_type, reference_type, units, seconds, amount_micros);

-- usage number by number: the numbers in their order, and from each to what was charged for it
create index numbers_by_text on numbers (account_id, number);
create index ledger_entries_of_numbers on ledger_entries (reference_id, created_at)
    where reference_type in ('number', 'number_renew');
-- a call is in one of the two
create index calls_to_number on calls (number_id, created_at desc) where number_id is not null;
create index calls_from_number on calls (account_id, (source ->> 'target'), created_at desc) where number_id is null;
create index messages_of_number on messages (number_id, created_at desc) where number_id is not null;
