-- Queries of the subject: the audit log.

-- name: add
insert into audit_log (
    id, via, actor, person_id, address, deed, account_id, subject, facts, outcome, said, created_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: end
update audit_log set outcome = $2, said = $3 where id = $1 and outcome = 'begun'

-- name: list
select * from audit_log
where ($1 = '' or lower(actor) = lower($1))
    and ($2 = '' or strpos(deed, $2) > 0)
    and ($3::uuid is null or account_id = $3)
    and ($4::text is null or via = $4)
    and ($5::text is null or outcome = $5)
    and ($6::uuid is null or id >= $6)
    and ($7::uuid is null or id < $7)
    and ($8::uuid is null or id < $8)
order by id desc
limit $9
