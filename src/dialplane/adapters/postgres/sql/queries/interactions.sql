-- Queries of the subject: what passed between an account and an address.

-- name: list_with
-- Of calls, the newest $5 are looked through: they have no index by party, whose upkeep every call would pay for.
select * from (
    (select id, 'call' as reference_type, direction, source, destination, created_at
    from (
        select * from calls
        where account_id = $1 and deleted_at is null and ($3::timestamptz is null or created_at < $3)
        order by created_at desc limit $5
    ) as newest
    where (case direction when 'incoming' then source else destination end)::jsonb ->> 'target' = any($2::text[])
    order by created_at desc limit $4)
    union all
    (select messages.id, 'message',
        case messages.direction when 'inbound' then 'incoming' else 'outgoing' end,
        messages.source::jsonb, message_targets.destination::jsonb, messages.created_at
    from conversations
    join message_targets on message_targets.conversation_id = conversations.id
    join messages on messages.id = message_targets.message_id
    where conversations.account_id = $1 and conversations.peer_target = any($2::text[])
        and conversations.deleted_at is null and messages.deleted_at is null
        and ($3::timestamptz is null or messages.created_at < $3)
    order by messages.created_at desc limit $4)
) as both_kinds
order by created_at desc, id desc limit $4;
