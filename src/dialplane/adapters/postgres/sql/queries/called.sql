-- Queries of the subject: called numbers.

-- name: find
-- Numbers, each with its holder and the flow that it leads to, if any: a column named `|` stands between two tables.
-- One statement for three: a round trip costs the voice process as much as a quarter of a call.
-- The numbers by the unique index numbers_live, whose own condition this is.
select number.*, null as "|", account.*, null as "|", flow.*
from numbers number
join accounts account on account.id = number.account_id
left join flows flow
    on number.voice_target ->> 'type' = 'flow' and flow.id = (number.voice_target ->> 'flow_id')::uuid
    and flow.deleted_at is null
where number.number = any($1::text[]) and number.status <> 'released'
    and number.kind in ('local', 'toll_free', 'mobile', 'virtual');
