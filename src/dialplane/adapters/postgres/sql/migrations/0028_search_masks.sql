-- before
-- Digit patterns with an open digit among the others: for each run of four digits of a number, the run with its third
-- digit left open and with its second, each behind the first three digits of the number as in digit_grams (0018).

create function digit_masks(number text) returns text[] language sql immutable parallel safe as $$
    select trim_array(array[
        substr(number, 2, 3) || substr(number, 2, 2) || '*' || substr(number, 5, 1),
        substr(number, 2, 3) || substr(number, 2, 1) || '*' || substr(number, 4, 2),
        substr(number, 2, 3) || substr(number, 3, 2) || '*' || substr(number, 6, 1),
        substr(number, 2, 3) || substr(number, 3, 1) || '*' || substr(number, 5, 2),
        substr(number, 2, 3) || substr(number, 4, 2) || '*' || substr(number, 7, 1),
        substr(number, 2, 3) || substr(number, 4, 1) || '*' || substr(number, 6, 2),
        substr(number, 2, 3) || substr(number, 5, 2) || '*' || substr(number, 8, 1),
        substr(number, 2, 3) || substr(number, 5, 1) || '*' || substr(number, 7, 2),
        substr(number, 2, 3) || substr(number, 6, 2) || '*' || substr(number, 9, 1),
        substr(number, 2, 3) || substr(number, 6, 1) || '*' || substr(number, 8, 2),
        substr(number, 2, 3) || substr(number, 7, 2) || '*' || substr(number, 10, 1),
        substr(number, 2, 3) || substr(number, 7, 1) || '*' || substr(number, 9, 2),
        substr(number, 2, 3) || substr(number, 8, 2) || '*' || substr(number, 11, 1),
        substr(number, 2, 3) || substr(number, 8, 1) || '*' || substr(number, 10, 2),
        substr(number, 2, 3) || substr(number, 9, 2) || '*' || substr(number, 12, 1),
        substr(number, 2, 3) || substr(number, 9, 1) || '*' || substr(number, 11, 2),
        substr(number, 2, 3) || substr(number, 10, 2) || '*' || substr(number, 13, 1),
        substr(number, 2, 3) || substr(number, 10, 1) || '*' || substr(number, 12, 2),
        substr(number, 2, 3) || substr(number, 11, 2) || '*' || substr(number, 14, 1),
        substr(number, 2, 3) || substr(number, 11, 1) || '*' || substr(number, 13, 2),
        substr(number, 2, 3) || substr(number, 12, 2) || '*' || substr(number, 15, 1),
        substr(number, 2, 3) || substr(number, 12, 1) || '*' || substr(number, 14, 2),
        substr(number, 2, 3) || substr(number, 13, 2) || '*' || substr(number, 16, 1),
        substr(number, 2, 3) || substr(number, 13, 1) || '*' || substr(number, 15, 2)
    ], 2 * (16 - length(number)))
$$;

create index inventory_offered_by_masks on inventory_items using gin (digit_masks(number)) where state = 'offered';
