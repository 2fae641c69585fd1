-- Queries of the subject: accounts' trunks, by which PBXs call out.

-- name: insert
insert into pbx_trunks (
    id, account_id, domain_name, auth_types, username, password, allowed, name, detail, created_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (domain_name) where deleted_at is null do nothing
returning id;

-- name: update
update pbx_trunks
set domain_name = $2, auth_types = $3, username = $4, password = $5, allowed = $6, name = $7, detail = $8,
    updated_at = $9, deleted_at = $10
where id = $1;

-- name: find
select * from pbx_trunks where account_id = $1 and id = $2 and deleted_at is null;

-- name: find_called
-- A host that is an organization's SIP domain names no trunk, whatever it looks like.
select * from pbx_trunks
where domain_name = $1 and deleted_at is null and not exists (select from sip_domains where domain = $2);

-- name: list_for
select * from pbx_trunks
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: count
select count(*) from pbx_trunks where account_id = $1 and deleted_at is null;
