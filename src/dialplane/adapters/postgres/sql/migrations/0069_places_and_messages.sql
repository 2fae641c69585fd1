-- before
-- How a trunk's host is looked up (RFC 3263): '' as it is written, 'srv' for its port, 'naptr' for its transport too. Port
-- and transport of a trunk are then what holds where DNS has no such records, which is all that older versions know.
alter table trunks
    add column found_by text not null default '' check (found_by in ('', 'srv', 'naptr'));

-- FRD-3: messages of the last hour, in all and to any one country.
alter table outbound_limits
    add column messages_per_hour integer check (messages_per_hour >= 0),
    add column country_messages_per_hour integer check (country_messages_per_hour >= 0);
