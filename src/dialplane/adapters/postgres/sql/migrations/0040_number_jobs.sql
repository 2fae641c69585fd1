-- before
-- Work on many numbers at once: what was asked for, how far it is, and what each number was before.

create index orders_open on orders (account_id, created_at desc) where ended_at is null;
