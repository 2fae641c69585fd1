-- Queries of the subject: porting. Documents are read with their order, as they stand at that moment.

-- name: add
insert into ports (
    id, account_id, name, status, numbers, holder, document_ids, exception, steps, requested_at, foc_at, play_at,
    created_at, updated_at, submitted_at, ended_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)

-- name: save
update ports set
    account_id = $2, name = $3, status = $4, numbers = $5, holder = $6, document_ids = $7, exception = $8, steps = $9,
    requested_at = $10, foc_at = $11, play_at = $12, created_at = $13, updated_at = $14, submitted_at = $15,
    ended_at = $16
where id = $1

-- name: find
select p.*, d.documents from ports p cross join lateral (
    select coalesce(jsonb_agg(
        jsonb_build_object('id', id, 'kind', kind, 'status', status, 'reason', reason, 'expires_on', expires_on)
        order by created_at, id
    ), '[]') as documents
    from documents where id = any(p.document_ids) and account_id = p.account_id and deleted_at is null
) d
where p.id = $1 and ($2::uuid is null or p.account_id = $2)

-- name: lock
select id from ports where id = $1 and ($2::uuid is null or account_id = $2) for update

-- name: list_for
select p.*, d.documents from ports p cross join lateral (
    select coalesce(jsonb_agg(
        jsonb_build_object('id', id, 'kind', kind, 'status', status, 'reason', reason, 'expires_on', expires_on)
        order by created_at, id
    ), '[]') as documents
    from documents where id = any(p.document_ids) and account_id = p.account_id and deleted_at is null
) d
where ($1::uuid is null or p.account_id = $1) and ($2::text is null or p.status = $2)
    and ($3::timestamptz is null or p.created_at < $3)
order by p.created_at desc, p.id desc limit $4

-- name: count_open
select count(*) from ports where account_id = $1 and ended_at is null

-- name: uses
select exists (select from ports where document_ids @> array[$1::uuid] and ended_at is null)

-- name: waiting_on
select id from ports where document_ids @> array[$1::uuid] and status in ('submitted', 'in_process')
order by id for update

-- name: due
select id from ports where status = 'date_confirmed' and foc_at <= $1
order by foc_at limit 1 for update skip locked

-- name: to_play
-- Whatever the time is: the sandbox's clock may have been set back since.
select id from ports where play_at is not null order by play_at limit 1 for update skip locked

-- name: claimed
select number from port_claims where number = any($1::text[]) and port_id is distinct from $2

-- name: claim
insert into port_claims (number, port_id) select unnest($1::text[]), $2

-- name: give_up
delete from port_claims where port_id = $1
