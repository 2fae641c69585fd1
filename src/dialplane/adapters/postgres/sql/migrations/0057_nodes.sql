-- before
-- Many machines: phones behind an edge, voice nodes that are drained and fenced, the processes of every role.

-- RFC 3327: how a phone that registered through an edge is reached.
alter table bindings add column path text not null default '' check (length(path) <= 2048);

-- `life` is the fencing token (AV-6): it grows when the node begins anew and when another closes what it left behind;
-- a beat with an older one is refused.
alter table nodes
    add column life bigint not null default 1,
    add column version text not null default '',
    add column drain_asked boolean not null default false,
    add column closed_at timestamptz; -- what it left behind was closed by another; it is dead, or comes back anew

-- The other processes; voice nodes are in `nodes`. A row lives as long as its process says so.
create table servers (
    id uuid primary key,
    role text not null check (role in ('api', 'worker', 'smpp')),
    host text not null check (length(host) <= 255),
    pid integer not null,
    version text not null,
    load jsonb not null default '{}',
    started_at timestamptz not null,
    seen_at timestamptz not null
);
