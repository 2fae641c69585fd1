-- before
-- The operator's list of the stock, filtered by what few of millions of items are (adapters/postgres/stock_listing.py).
-- What is on offer has its indexes since 0018; these hold what is not, or what few items have, so that an import of
-- numbers of one's own writes to none of them. In the order of numbers, byte by byte, as those.

create index inventory_taken_by_class on inventory_items (state, class, number collate "C") where state <> 'offered';
create index inventory_taken_by_place on inventory_items (place, number collate "C") where state <> 'offered';
create index inventory_items_by_account on inventory_items (account_id, number collate "C")
    where account_id is not null;
create index inventory_items_by_trunk on inventory_items (trunk_id, number collate "C") where trunk_id is not null;
create index inventory_items_by_carrier on inventory_items (carrier, number collate "C") where carrier <> 'owned';
