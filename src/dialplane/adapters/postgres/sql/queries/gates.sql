-- Queries of the subject: where voice nodes take connections about their calls' audio.

-- name: set_gate
update nodes set stream_host = $2, stream_port = $3 where name = $1;

-- name: find_gate
select stream_host as host, stream_port as port from nodes where name = $1 and stream_host is not null;

-- name: live_gates
select stream_host as host, stream_port as port from nodes
where seen_at > $1 and not draining and stream_host is not null
order by name;
