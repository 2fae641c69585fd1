-- before
-- Digit patterns with open digits: pairs of digits, each with the place where it stands.

-- For each two digits of a number with at most two between them: which they are, how far apart and how far from the
-- end, behind the first three digits of the number as in digit_grams (0018), all in one integer. A pattern that is laid at
-- one place of the numbers of one head is then a few keys, all of which a number must have; few others have them too.
create function digit_pairs(number text) returns int[] language plpgsql immutable parallel safe as $$
declare
    digits constant bigint := substr(number, 2)::bigint;
    head constant int := substr(number, 2, 3)::int * 4500;
begin
    return trim_array(array[
        head +    0 + digits % 100,
        head +  100 + digits / 10 % 100,
        head + 1500 + digits % 10 + digits / 100 % 10 * 10,
        head +  200 + digits / 100 % 100,
        head + 1600 + digits / 10 % 10 + digits / 1000 % 10 * 10,
        head + 3000 + digits % 10 + digits / 1000 % 10 * 10,
        head +  300 + digits / 1000 % 100,
        head + 1700 + digits / 100 % 10 + digits / 10000 % 10 * 10,
        head + 3100 + digits / 10 % 10 + digits / 10000 % 10 * 10,
        head +  400 + digits / 10000 % 100,
        head + 1800 + digits / 1000 % 10 + digits / 100000 % 10 * 10,
        head + 3200 + digits / 100 % 10 + digits / 100000 % 10 * 10,
        head +  500 + digits / 100000 % 100,
        head + 1900 + digits / 10000 % 10 + digits / 1000000 % 10 * 10,
        head + 3300 + digits / 1000 % 10 + digits / 1000000 % 10 * 10,
        head +  600 + digits / 1000000 % 100,
        head + 2000 + digits / 100000 % 10 + digits / 10000000 % 10 * 10,
        head + 3400 + digits / 10000 % 10 + digits / 10000000 % 10 * 10,
        head +  700 + digits / 10000000 % 100,
        head + 2100 + digits / 1000000 % 10 + digits / 100000000 % 10 * 10,
        head + 3500 + digits / 100000 % 10 + digits / 100000000 % 10 * 10,
        head +  800 + digits / 100000000 % 100,
        head + 2200 + digits / 10000000 % 10 + digits / 1000000000 % 10 * 10,
        head + 3600 + digits / 1000000 % 10 + digits / 1000000000 % 10 * 10,
        head +  900 + digits / 1000000000 % 100,
        head + 2300 + digits / 100000000 % 10 + digits / 10000000000 % 10 * 10,
        head + 3700 + digits / 10000000 % 10 + digits / 10000000000 % 10 * 10,
        head + 1000 + digits / 10000000000 % 100,
        head + 2400 + digits / 1000000000 % 10 + digits / 100000000000 % 10 * 10,
        head + 3800 + digits / 100000000 % 10 + digits / 100000000000 % 10 * 10,
        head + 1100 + digits / 100000000000 % 100,
        head + 2500 + digits / 10000000000 % 10 + digits / 1000000000000 % 10 * 10,
        head + 3900 + digits / 1000000000 % 10 + digits / 1000000000000 % 10 * 10,
        head + 1200 + digits / 1000000000000 % 100,
        head + 2600 + digits / 100000000000 % 10 + digits / 10000000000000 % 10 * 10,
        head + 4000 + digits / 10000000000 % 10 + digits / 10000000000000 % 10 * 10,
        head + 1300 + digits / 10000000000000 % 100,
        head + 2700 + digits / 1000000000000 % 10 + digits / 100000000000000 % 10 * 10,
        head + 4100 + digits / 100000000000 % 10 + digits / 100000000000000 % 10 * 10
    ]::int[], 3 * (16 - length(number)));
end
$$;


-- They take the place of digit_masks (0028), which knew of one open digit only and of no places.
drop index inventory_offered_by_masks;
drop function digit_masks;
create index inventory_offered_by_pairs on inventory_items using gin (digit_pairs(number)) where state = 'offered';

-- What the numbers of each class begin with, and how many digits they have: so that a search by digits looks at the heads of the classes that fit
-- only, and in the order of prices goes from the heads of the cheapest class on.
create table item_class_heads (
    class bigint not null,
    head text not null,
    digits smallint not null,
    primary key (class, head, digits)
);
insert into item_class_heads select distinct class, substr(number, 2, 3), length(number) - 1 from inventory_items;
drop table item_heads;

create or replace function note_new_items() returns trigger language plpgsql as $$
begin
    insert into item_classes
    select distinct on (class) class, country, type, capabilities, documents_required, setup_micros, monthly_micros
    from added where class not in (select class from item_classes) order by class
    on conflict do nothing;
    insert into item_places
    select distinct on (place) place, country, region, locality, postal_code, latitude, longitude
    from added where not exists (select from item_places where item_places.place = added.place) order by place
    on conflict do nothing;
    insert into item_class_heads
    select distinct class, substr(number, 2, 3) as head, length(number) - 1 as digits from added
    order by class, head, digits
    on conflict do nothing;
    return null;
end
$$;

create or replace function note_changed_item() returns trigger language plpgsql as $$
begin
    insert into item_classes values (
        new.class, new.country, new.type, new.capabilities, new.documents_required, new.setup_micros, new.monthly_micros
    ) on conflict do nothing;
    insert into item_places values (
        new.place, new.country, new.region, new.locality, new.postal_code, new.latitude, new.longitude
    ) on conflict do nothing;
    insert into item_class_heads values (new.class, substr(new.number, 2, 3), length(new.number) - 1) on conflict do nothing;
    return null;
end
$$;
