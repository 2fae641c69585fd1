-- Queries of the subject: the registry of nodes and processes.

-- name: begin
-- Where a life before has left its last word, `seen_at` stays: its calls are billed up to it.
insert into nodes (name, sip_host, sip_port, version, started_at, seen_at)
values ($1, $2, $3, $4, $5, $5)
on conflict (name) do update set
    life = nodes.life + 1, sip_host = excluded.sip_host, sip_port = excluded.sip_port, version = excluded.version,
    draining = false, drain_asked = false, closed_at = null, started_at = excluded.started_at
returning life;

-- name: beat
update nodes set sip_host = $3, sip_port = $4, draining = $5, seen_at = $6, defence = $7
where name = $1 and life = $2
returning drain_asked;

-- name: leave
delete from nodes
where name = $1 and life = $2
    and not exists (select from calls where calls.node = $1 and calls.status <> 'hangup');

-- name: ask_to_drain
update nodes set drain_asked = $2 where name = $1 returning name;

-- name: beats
select name, life, seen_at from nodes where closed_at is null;

-- name: end_life
with ended as (
    update nodes set life = life + 1 where name = $1 and life = $2 and seen_at = $3 returning name
), orders as (
    delete from node_commands using ended where node_commands.node = ended.name
)
select name from ended;

-- name: seen_to
update nodes set closed_at = now() where name = $1 and life = $2;

-- name: beat_server
insert into servers (id, role, host, pid, version, load, started_at, seen_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (id) do update set load = excluded.load, seen_at = excluded.seen_at;

-- name: remove_server
delete from servers where id = $1;

-- name: servers
select id, role, host, pid, version, load, started_at, seen_at from servers order by role, started_at;

-- name: forget_servers
delete from servers where seen_at < $1;

-- name: forget_nodes
delete from nodes
where seen_at < $1 and closed_at is not null
    and not exists (select from calls where calls.node = nodes.name and calls.status <> 'hangup');

-- name: forget_one
with known as (
    select name, seen_at < $2 and not exists (
        select from calls where calls.node = nodes.name and calls.status <> 'hangup'
    ) as is_over
    from nodes where name = $1 for update
), gone as (
    delete from nodes using known where nodes.name = known.name and known.is_over
), orders as (
    delete from node_commands using known where node_commands.node = known.name and known.is_over
)
select is_over from known;
