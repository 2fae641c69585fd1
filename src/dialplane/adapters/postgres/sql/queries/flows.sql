-- Queries of the subject: flows.

-- name: lock_account
-- Two writers of one account's flows go one after the other, so that the cap holds.
select pg_advisory_xact_lock(hashtextextended('flows ' || $1::uuid, 0));

-- name: count
select count(*) from flows where account_id = $1 and deleted_at is null;

-- name: save
insert into flows (
    id, account_id, type, name, detail, actions, direct_hash, on_complete_flow_id, created_at, updated_at, deleted_at,
    version, last_version, canary
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (id) do update set
    name = excluded.name, detail = excluded.detail, actions = excluded.actions, direct_hash = excluded.direct_hash,
    on_complete_flow_id = excluded.on_complete_flow_id, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at, version = excluded.version, last_version = excluded.last_version,
    canary = excluded.canary;

-- name: find
select * from flows where id = $2 and account_id = $1 and deleted_at is null;

-- name: lock
select * from flows where id = $2 and account_id = $1 and deleted_at is null for update;

-- name: find_many
select * from flows where id = any($1) and deleted_at is null;

-- name: find_by_direct_hash
select * from flows where direct_hash = $1 and deleted_at is null;

-- name: list_for
select * from flows
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc
limit $3;

-- name: add_version
insert into flow_versions (flow_id, version, account_id, name, detail, actions, on_complete_flow_id, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: forget_versions
delete from flow_versions where flow_id = $1 and version <= $2;

-- name: list_versions
select * from flow_versions
where account_id = $1 and flow_id = $2 and ($3::timestamptz is null or created_at < $3)
order by version desc
limit $4;

-- name: find_version
select * from flow_versions where account_id = $1 and flow_id = $2 and version = $3;

-- name: search
-- $2: part of the name; $3: the last flow of the page before.
select * from flows
where account_id = $1 and deleted_at is null and ($2 = '' or strpos(lower(name), lower($2)) > 0)
    and ($3::uuid is null or (created_at, id) < (select created_at, id from flows where id = $3 and account_id = $1))
order by created_at desc, id desc
limit $4;

-- name: names
select id, name from flows where account_id = $1 and deleted_at is null order by created_at desc, id desc limit $2;

-- name: find_draft
select * from flow_drafts where account_id = $1 and flow_id = $2;

-- name: save_draft
insert into flow_drafts (
    flow_id, account_id, name, detail, actions, on_complete_flow_id, based_on, revision, updated_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (flow_id) do update set
    name = excluded.name, detail = excluded.detail, actions = excluded.actions,
    on_complete_flow_id = excluded.on_complete_flow_id, based_on = excluded.based_on, revision = excluded.revision,
    updated_at = excluded.updated_at;

-- name: delete_draft
delete from flow_drafts where flow_id = $1;
