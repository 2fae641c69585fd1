-- Queries of the subject: calls of shares that try another target, and calls of a caller to a number.

-- name: add
insert into split_calls (call_id, number_id, created_at)
select call_id, number_id, $3 from unnest($1::uuid[], $2::uuid[]) as new (call_id, number_id);

-- name: count
-- A call went wrong that ended by a fault of ours or its program's, or whose application's fault is on record.
select
    count(*) filter (where c.status = 'hangup') as ended,
    count(*) filter (
        where c.status = 'hangup' and (
            c.hangup_reason = 'failed' or coalesce(r.error, '') <> ''
            or exists (select from notifications n where n.call_id = c.id and n.log = 0)
        )
    ) as failed
from split_calls s join calls c on c.id = s.call_id left join runs r on r.id = c.run_id
where s.number_id = $1 and s.created_at >= $2;

-- name: numbers_with_split
-- Answered by the index numbers_with_split.
select id from numbers
where handling ->> 'split' is not null and status <> 'released' and ($1::uuid is null or id > $1)
order by id limit $2;

-- name: count_recent
select count(*) from (
    select source ->> 'target' as caller from calls
    where number_id = $1 and created_at > $3 order by created_at desc limit 1000
) lately where caller = $2;

-- name: forget
delete from split_calls where created_at < $1;
