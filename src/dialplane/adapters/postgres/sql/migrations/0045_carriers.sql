-- before
-- Accounts at carriers, what was said between them and us, and how our numbers stand there.

create table carrier_accounts (
    id uuid primary key,
    name carrier_name not null,
    kind text not null check (kind in ('telnyx', 'twilio')),
    account_sid text not null default '',
    api_key text not null,                  -- sealed
    signing_key text not null default '',   -- sealed
    api_url text not null default '',       -- '': the carrier's own
    public_url text not null,               -- where the carrier reaches us
    voice text not null default '',         -- the connection or trunk that brings calls
    messaging text not null default '',     -- the messaging profile
    setup_micros price,                     -- null: what the carrier says
    monthly_micros price,
    requirements jsonb not null default '{}',  -- what an order of a country and type goes with
    status text not null check (status in ('active', 'paused')),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index carrier_accounts_by_name on carrier_accounts (name);

create table carrier_exchanges (
    id uuid primary key,                    -- of version 7: its order is that of time
    carrier carrier_name not null,
    direction text not null check (direction in ('out', 'in')),
    method text not null,
    path text not null,
    request text not null default '',       -- without secrets and without what people wrote
    status integer,                         -- null: no answer
    answer text not null default '',
    fault text not null default '',
    about text not null default '',         -- the number or the order that it was about
    duration_ms integer not null default 0,
    created_at timestamptz not null
);
create index carrier_exchanges_of_carrier on carrier_exchanges (carrier, id desc);
create index carrier_exchanges_in on carrier_exchanges (carrier, id desc) where direction = 'in';
create index carrier_exchanges_about on carrier_exchanges (about, id desc) where about <> '';
create index carrier_exchanges_by_age on carrier_exchanges (created_at);

-- How a number stands at its carrier, as it was last seen.
create table carrier_numbers (
    carrier carrier_name not null,
    number e164 not null,
    state text not null check (state in ('in_step', 'drifted', 'missing', 'stray', 'unknown')),
    wanted jsonb not null default '{}',
    found jsonb not null default '{}',
    saved jsonb,                            -- what was there before ours was first written; null: nothing was written
    fault text not null default '',
    looked_at timestamptz not null,
    written_at timestamptz,
    primary key (carrier, number)
);
create index carrier_numbers_by_look on carrier_numbers (carrier, looked_at);

-- Messages that were handed to a carrier: written before the request goes out, so that a lost answer is known to be lost.
create table carrier_messages (
    reference uuid primary key,
    carrier carrier_name not null,
    carrier_id text not null default '',    -- '': handed over, and no answer yet
    reason text not null default '',        -- why it was rejected
    receipt text not null default '' check (receipt in ('', 'delivered', 'failed')),
    receipt_reason text not null default '',
    receipt_taken boolean not null default false,
    created_at timestamptz not null
);
create index carrier_messages_by_carrier_id on carrier_messages (carrier_id) where carrier_id <> '';
create index carrier_messages_to_tell on carrier_messages (reference) where receipt <> '' and not receipt_taken;
create index carrier_messages_by_age on carrier_messages (created_at);

-- Ports that a carrier carries out: which, and when it is asked next.
create table carrier_ports (
    port_id uuid primary key references ports,
    carrier carrier_name not null,
    handed_at timestamptz,                  -- when it was last handed in; null: not yet
    look_at timestamptz,                    -- null: it is over
    fault text not null default '',         -- why the carrier did not take it, or did not answer
    created_at timestamptz not null
);
create index carrier_ports_due on carrier_ports (look_at) where look_at is not null;
