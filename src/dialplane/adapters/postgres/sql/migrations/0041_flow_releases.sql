-- before
-- Drafts of flows, and versions that a share of the calls runs before all of them do.

alter table flows add column last_version integer not null default 1;       -- the highest that was ever given
update flows set last_version = version;

-- {"version", "percent", "actions", "on_complete_flow_id", "started_at"}: the actions stand beside the flow's own, so
-- that a call finds in one row what it runs.
alter table flows add column canary json;

alter table runs add column is_canary boolean not null default false;
-- Few runs are in it; the page of a canary counts them.
create index runs_of_canaries on runs (flow_id, flow_version, created_at desc) where is_canary;

-- What is being written and runs nowhere yet: one for each flow. It may hold faults, which are told when it is published.
create table flow_drafts (
    flow_id uuid primary key references flows,
    account_id uuid not null,
    name text not null check (length(name) <= 255),
    detail text not null check (length(detail) <= 4096),
    actions json not null,
    on_complete_flow_id uuid,
    based_on integer not null,          -- the flow's version when the draft was begun
    revision integer not null,          -- grows with each write: nobody writes over what they have not seen
    updated_at timestamptz not null
);
