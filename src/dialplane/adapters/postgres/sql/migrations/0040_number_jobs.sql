-- before
-- Work on many numbers at once: what was asked for, how far it is, and what each number was before.

create index orders_open on orders (account_id, created_at desc) where ended_at is null;
create index numbers_patterns_in_order on numbers (account_id, (number = '*'), (-length(number)), created_at, id)
    where kind = 'pattern' and status <> 'released';
