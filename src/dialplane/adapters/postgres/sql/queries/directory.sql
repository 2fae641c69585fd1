-- Queries of the subject: organizations and accounts among many, for the operator. What is searched for stands anywhere
-- in a text, so that the tables are read from the newest row on until a page is full.

-- name: search_accounts
select a.id, a.name, a.email, a.status, a.plan, a.identity_status = 'verified' as is_verified, o.name as organization,
    coalesce((select p.credit - p.credit_held from purses p where p.account_id = a.id), 0) as credit_micros,
    a.created_at
from accounts a join organizations o on o.id = a.organization_id
where ($1 = '' or a.id = $2 or strpos(lower(a.name), lower($1)) > 0 or strpos(lower(a.email), lower($1)) > 0)
    and (a.status = $3 or ($3::text is null and a.deleted_at is null))
    and ($4::text is null or a.plan = $4)
    and ($5::uuid is null or a.organization_id = $5)
    and ($6::uuid is null or a.id < $6)
order by a.id desc
limit $7

-- name: search_organizations
select o.id, o.name, o.created_at,
    array(select d.domain from sip_domains d where d.organization_id = o.id order by d.created_at, d.domain) as domains,
    (select count(*) from accounts a where a.organization_id = o.id and a.deleted_at is null) as accounts
from organizations o
where ($1 = '' or strpos(lower(o.name), lower($1)) > 0
        or exists (select from sip_domains d where d.organization_id = o.id and strpos(d.domain, lower($1)) > 0))
    and ($2::uuid is null or o.id < $2)
order by o.id desc
limit $3

-- name: count_numbers
select count(*) from numbers where account_id = $1 and status <> 'released'
