-- before
-- Hooks that numbers hand their inbound messages to: endpoints of a kind of their own, one for each address.

alter table webhook_endpoints drop constraint webhook_endpoints_kind_check;
alter table webhook_endpoints add constraint webhook_endpoints_kind_check
    check (kind in ('customer', 'extra', 'run', 'hook'));

create unique index webhook_endpoints_of_hooks on webhook_endpoints (account_id, url, method)
    where kind = 'hook' and deleted_at is null;
