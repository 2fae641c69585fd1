-- before
-- Bindings that came over a websocket end with it: they are found by the node and the connection.

create index bindings_by_flow on bindings (node, source_host, source_port) where transport = 'ws';
