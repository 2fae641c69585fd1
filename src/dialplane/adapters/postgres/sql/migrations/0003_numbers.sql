-- before
-- Numbers: what can be had (items), what accounts hold (numbers), how one becomes the other (reservations, orders),
-- and the simulated carrier's own books.
--
-- Numbers and orders have no foreign keys: both are written by whoever holds the item and the purse, and what they point
-- at is only ever marked as deleted, or never goes (see 0002).

-- Every run of three digits, as the key of the index that answers "contains".
create function digit_trigrams(number text) returns text[] language sql immutable strict parallel safe as $$
    select coalesce(array_agg(distinct substr(number, i, 3)), '{}') from generate_series(2, length(number) - 2) as i
$$;

-- What an item is never changes, only its state does. The rules of what it is are therefore domains and lengths, which
-- are looked at when a value is given; check constraints would be worked through again with each change of the state
-- (measured: a fifth of what a purchase costs the server).
create domain e164 as text check (value ~ '^\+[1-9][0-9]{6,14}$');
create domain carrier_name as text check (length(value) between 1 and 64);
create domain item_type as text check (value in ('local', 'toll_free', 'mobile'));
create domain country_code as text check (value ~ '^[A-Z]{2}$');
create domain price as bigint check (value >= 0);

create table inventory_items (
    id uuid primary key,
    number e164 not null,
    carrier carrier_name not null,
    type item_type not null,
    country country_code not null,
    region varchar(64) not null default '',
    locality varchar(128) not null default '',
    postal_code varchar(16) not null default '',
    latitude double precision,
    longitude double precision,
    capabilities text[] not null default '{}',
    setup_micros price not null default 0,
    monthly_micros price not null default 0,
    documents_required text[] not null default '{}',
    state text not null check (state in ('offered', 'held', 'assigned', 'quarantined')),
    account_id uuid,                                     -- who holds, has or last had it
    state_until timestamptz,                             -- end of a reservation or of the quarantine
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check ((state = 'offered') = (account_id is null))
);
create unique index inventory_items_by_number on inventory_items (number);
-- search: a country's numbers of a type in order; digits at the start; digits at the end; digits anywhere; a place
create index inventory_offered_by_country on inventory_items (country, type, number) where state = 'offered';
create index inventory_offered_by_start on inventory_items (number text_pattern_ops) where state = 'offered';
create index inventory_offered_by_end on inventory_items (reverse(number) text_pattern_ops) where state = 'offered';
create index inventory_offered_by_digits on inventory_items using gin (digit_trigrams(number)) where state = 'offered';
create index inventory_offered_by_place on inventory_items (country, region, lower(locality)) where state = 'offered';
create index inventory_offered_by_position on inventory_items (latitude, longitude)
    where state = 'offered' and latitude is not null;
-- what time brings back
create index inventory_items_by_end_of_state on inventory_items (state_until) where state_until is not null;

create table numbers (
    id uuid primary key,
    account_id uuid not null,
    organization_id uuid not null,                       -- the account's
    number text not null check (length(number) between 1 and 255),
    kind text not null check (kind in ('local', 'toll_free', 'mobile', 'virtual', 'sip', 'pattern', 'channel')),
    status text not null check (status in ('active', 'suspended', 'released')),
    suspended_for text not null default '' check (suspended_for in ('', 'unpaid', 'operator')),
    voice_target jsonb,
    message_target jsonb,
    refer_target jsonb,
    name text not null default '' check (length(name) <= 255),
    detail text not null default '' check (length(detail) <= 4096),
    tags text[] not null default '{}',
    metadata jsonb not null default '{}',
    protected boolean not null default false,
    country text not null default '',
    capabilities text[] not null default '{}',
    item_id uuid,
    carrier text not null default '',
    monthly_micros bigint not null default 0 check (monthly_micros >= 0),
    purchased_at timestamptz,
    renews_at timestamptz,                               -- the due day of the next month; null: never
    look_at timestamptz,                                 -- when the renewal has something to do next
    warned_days smallint,                                -- the last step told: 7, 3, 1 days before; 0: not paid
    grace_until timestamptz,                             -- while unpaid: when it will be suspended
    idempotency_key text not null default '',            -- of the request that took a virtual number
    created_at timestamptz not null,
    updated_at timestamptz,
    released_at timestamptz,
    check ((status = 'released') = (released_at is not null)),
    check ((status = 'suspended') = (suspended_for <> ''))
);
-- an ordinary number belongs to one account at most (NUM-1); routing reads by it
create unique index numbers_live on numbers (number)
    where status <> 'released' and kind in ('local', 'toll_free', 'mobile', 'virtual');
-- short codes, patterns and channels belong to one account of an organization
create unique index numbers_live_in_organization on numbers (organization_id, number)
    where status <> 'released' and kind in ('sip', 'pattern', 'channel');
create unique index numbers_by_idempotency_key on numbers (account_id, idempotency_key) where idempotency_key <> '';
create index numbers_by_account on numbers (account_id, created_at desc) where status <> 'released';
create index numbers_by_look on numbers (look_at) where look_at is not null;
create index numbers_quarantined on numbers (number, released_at) where status = 'released';
create index numbers_by_voice_flow on numbers ((voice_target ->> 'flow_id')) where voice_target ->> 'flow_id' is not null;
create index numbers_by_message_flow on numbers ((message_target ->> 'flow_id'))
    where message_target ->> 'flow_id' is not null;

create table reservations (
    id uuid primary key,
    account_id uuid not null references accounts,
    item_id uuid not null references inventory_items,
    number text not null,
    status text not null check (status in ('held', 'used', 'released', 'expired')),
    expires_at timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz
);
create index reservations_by_account on reservations (account_id, created_at desc);
create unique index reservations_one_per_item on reservations (item_id) where status = 'held';

create table orders (
    id uuid primary key,
    account_id uuid not null,
    item_id uuid not null,
    number text not null,
    carrier text not null,
    status text not null
        check (status in ('received', 'pending', 'submitted', 'confirmed', 'failed', 'cancelled')),
    reason text not null default '' check (length(reason) <= 1024),  -- the carrier's words, or ours, for a person
    request jsonb not null,                              -- what the number is to be once it is ours
    documents jsonb not null default '[]',
    setup_micros bigint not null,                        -- the price as it was when the order was made (LED-9)
    monthly_micros bigint not null,
    idempotency_key text not null default '' check (length(idempotency_key) <= 255),
    number_id uuid,
    check_at timestamptz,                                -- when the reconciler looks at it next; null: never again
    attempts integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    ended_at timestamptz,
    check ((status in ('confirmed', 'failed', 'cancelled')) = (ended_at is not null)),
    check ((status = 'confirmed') = (number_id is not null))
);
create index orders_by_account on orders (account_id, created_at desc);
create unique index orders_by_idempotency_key on orders (account_id, idempotency_key) where idempotency_key <> '';
create unique index orders_one_open_per_item on orders (item_id) where ended_at is null;
create index orders_by_check on orders (check_at) where check_at is not null;

-- The simulated carrier's own books: what was ordered there, and what it says of it.
create table sandbox_carrier_orders (
    reference text primary key,
    number text not null,
    state text not null check (state in ('owned', 'refused', 'released')),
    reason text not null default '',
    completes_at timestamptz not null
);
create unique index sandbox_carrier_owned on sandbox_carrier_orders (number) where state = 'owned';
