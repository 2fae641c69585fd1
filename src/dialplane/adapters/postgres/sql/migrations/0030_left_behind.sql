-- before
-- What a node that died leaves behind beside calls, conferences and queue calls: group calls, and agents that it rang.

create index groupcalls_live_by_node on groupcalls (node) where status <> 'hangup';
create index agents_ringing on agents (account_id) where status = 'ringing' and deleted_at is null;
create index agents_in_wrap_up on agents (free_at) where status = 'busy' and free_at is not null and deleted_at is null;
