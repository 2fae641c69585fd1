-- Queries of the subject: people, their places in accounts, and the links that are sent to them.

-- name: insert
insert into people select * from jsonb_populate_record(null::people, $1);

-- name: update
update people p set
    name = n.name, phone = n.phone, password_hash = n.password_hash, timezone = n.timezone,
    organization_id = n.organization_id, totp_secret = n.totp_secret, totp_confirmed_at = n.totp_confirmed_at,
    totp_last_step = n.totp_last_step, wrong_codes = n.wrong_codes, codes_blocked_until = n.codes_blocked_until,
    updated_at = n.updated_at, deleted_at = n.deleted_at, operator_since = n.operator_since
from jsonb_populate_record(null::people, $1) n
where p.id = n.id;

-- name: find
select * from people where id = $1 and deleted_at is null;

-- name: lock
select * from people where id = $1 and deleted_at is null for update;

-- name: find_by_email
select * from people where lower(email) = lower($1) and deleted_at is null;

-- name: list_operators
select * from people where operator_since is not null and deleted_at is null order by operator_since, id;

-- name: lock_operators
select id from people where operator_since is not null and deleted_at is null order by id for update;

-- name: add_membership
insert into memberships (person_id, account_id, role, created_at) values ($1, $2, $3, $4);

-- name: find_membership
select m.* from memberships m join accounts a on a.id = m.account_id
where m.person_id = $1 and m.account_id = $2 and a.deleted_at is null;

-- name: lock_membership
select m.* from memberships m join accounts a on a.id = m.account_id
where m.person_id = $1 and m.account_id = $2 and a.deleted_at is null
for update of m;

-- name: set_role
update memberships set role = $3 where person_id = $1 and account_id = $2;

-- name: remove_membership
delete from memberships where person_id = $1 and account_id = $2;

-- name: list_projects
-- In the order of name and id; `$2` is the two of the last one that was shown, put together as here.
select a.id as account_id, a.name, m.role, a.created_at
from memberships m join accounts a on a.id = m.account_id
where m.person_id = $1 and a.deleted_at is null and lower(a.name) || ' ' || a.id::text > $2
order by lower(a.name) || ' ' || a.id::text
limit $3;

-- name: list_members
select p.id as person_id, p.name, p.email, m.role, m.created_at,
    p.totp_confirmed_at is not null or exists (select from passkeys k where k.person_id = p.id) as has_second_step
from memberships m join people p on p.id = m.person_id
where m.account_id = $1 and p.deleted_at is null
order by m.created_at, p.id
limit $2;

-- name: lock_owners
select person_id from memberships where account_id = $1 and role = 'owner' order by person_id for update;

-- name: add_link
insert into portal_links select * from jsonb_populate_record(null::portal_links, $1)

-- name: find_link
select * from portal_links where token_hash = $1;

-- name: take_link
update portal_links set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2 returning *;

-- name: list_invitations
select * from portal_links
where account_id = $1 and purpose = 'invite' and used_at is null and expires_at > $2
order by created_at desc
limit 200;

-- name: revoke_invitation
update portal_links set used_at = $3
where account_id = $1 and purpose = 'invite' and used_at is null and lower(email) = lower($2);

-- name: void_links
update portal_links set used_at = $2 where person_id = $1 and used_at is null;

-- name: forget_links
delete from portal_links where expires_at < $1;
