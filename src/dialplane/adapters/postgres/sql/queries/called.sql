-- Queries of the subject: called numbers.

-- name: find
-- Numbers, with their holders and the flows that they lead to, in one statement: to wait for an answer more costs the
-- voice process as much as a quarter of a call. A column named `|` stands between two tables. Each holder and each flow
-- comes with one number only: many lead to the same, and a flow is large.
-- The numbers by the unique index numbers_live, whose own condition this is.
with called as materialized (
    select *,
        row_number() over (partition by account_id) = 1 as brings_account,
        row_number() over (partition by voice_target ->> 'flow_id') = 1 as brings_flow
    from numbers
    where number = any($1::text[]) and status <> 'released' and kind in ('local', 'toll_free', 'mobile', 'virtual')
)
select number.*, null as "|", account.*, null as "|", flow.*
from called number
left join accounts account on number.brings_account and account.id = number.account_id
left join flows flow
    on number.brings_flow and number.voice_target ->> 'type' = 'flow'
    and flow.id = (number.voice_target ->> 'flow_id')::uuid and flow.deleted_at is null;
