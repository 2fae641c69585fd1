-- Queries of the subject: accounts.

-- name: insert_organization
insert into organizations (id, name, created_at) values ($1, $2, $3);

-- name: find_organization
select o.id, o.name, o.created_at,
       array(select d.domain from sip_domains d where d.organization_id = o.id order by d.created_at, d.domain) as domains
from organizations o
where o.id = $1;

-- name: list_organizations
select o.id, o.name, o.created_at,
       array(select d.domain from sip_domains d where d.organization_id = o.id order by d.created_at, d.domain) as domains
from organizations o
order by o.created_at, o.id;

-- name: find_organization_by_domain
select organization_id from sip_domains where domain = $1;

-- name: add_domain
-- The owner that stands afterwards: the write of the same value makes the returning clause speak of an old row too.
insert into sip_domains (domain, organization_id, created_at) values ($1, $2, $3)
on conflict (domain) do update set domain = excluded.domain
returning organization_id;

-- name: insert_account
insert into accounts (
    id, organization_id, parent_id, auth_token, project_token, created_at,
    status, identity_status, plan, name, detail, email, phone_number, address, home_country, email_verified,
    webhook_uri, webhook_method, destination_whitelist, metadata, updated_at, deleted_at, role, suspended_by
)
values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24
);

-- name: find_account
select * from accounts where id = $1;

-- name: find_account_for_update
select * from accounts where id = $1 for update;

-- name: hold_account
-- Shared by all who give the account something; who closes it locks it for update, and so waits for them.
select * from accounts where id = $1 for key share;

-- name: hold_account_alone
-- Two of these wait for each other, and for who closes the account; rows that point at the account are no hindrance.
select * from accounts where id = $1 for no key update;

-- name: find_accounts
select * from accounts where id = any($1::uuid[]);

-- name: find_accounts_by_email
select * from accounts where lower(email) = lower($1) and deleted_at is null order by created_at limit 20;

-- name: list_accounts
select * from accounts
where deleted_at is null and ($1::timestamptz is null or created_at < $1)
order by created_at desc, id desc
limit $2;

-- name: list_frozen
select id from accounts where status = 'frozen' and updated_at <= $1 order by updated_at limit $2;

-- name: set_screening
update accounts set screening = $2, updated_at = $3 where id = $1;

-- name: set_special_destinations
update accounts set special_destinations = $2, updated_at = $3 where id = $1;

-- name: update_account
update accounts
set status = $2, identity_status = $3, plan = $4, name = $5, detail = $6, email = $7, phone_number = $8, address = $9,
    home_country = $10, email_verified = $11, webhook_uri = $12, webhook_method = $13, destination_whitelist = $14,
    metadata = $15, updated_at = $16, deleted_at = $17, role = $18, suspended_by = $19
where id = $1;
