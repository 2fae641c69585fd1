-- before
-- SMPP: a replace_sm is read as the message that it replaces was; carriers over TLS, and with national tables.

alter table smpp_taken add column data_coding smallint not null default 0;
alter table smpp_carriers
    add column tls boolean not null default false,
    add column national_tables boolean not null default false;
