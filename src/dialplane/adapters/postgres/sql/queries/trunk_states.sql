-- Queries of the subject: how trunks fare.

-- name: save
insert into trunk_states (trunk_id, node, state, updated_at) values ($1, $2, $3, $4)
on conflict (trunk_id, node) do update set state = excluded.state, updated_at = excluded.updated_at;

-- name: list_states
-- A node that has died says nothing more.
select trunk_id, trunk_states.node, state from trunk_states
join nodes on nodes.name = trunk_states.node
where trunk_id = any($1::uuid[]) and state <> '{}' and nodes.seen_at > now() - interval '1 minute'
order by trunk_id, trunk_states.node;

-- name: lock
select id from trunks where id = $1 for update;

-- name: claim
insert into trunk_states (trunk_id, node, registers_until, updated_at)
select $1, $2, $4, $3
where not exists (select from trunk_states where trunk_id = $1 and node <> $2 and registers_until > $3)
on conflict (trunk_id, node) do update set registers_until = excluded.registers_until
returning node;

-- name: give_up
update trunk_states set registers_until = null where node = $1;
