-- Queries of the subject: direct hashes that open a conversation.

-- name: find
-- The hash is unique in each of the tables, and drawn so that it stands in one of them only.
select link.*, accounts.status as account_status
from (
    select 'ai' as resource_type, id as resource_id, account_id from ais where direct_hash = $1 and deleted_at is null
    union all
    select 'team', id, account_id from teams where direct_hash = $1 and deleted_at is null
    union all
    select 'webchat_widget', id, account_id from webchat_widgets where direct_hash = $1 and deleted_at is null
) link
join accounts on accounts.id = link.account_id;
