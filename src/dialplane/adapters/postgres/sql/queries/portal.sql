-- Queries of the subject: the portal's sessions and mails.

-- name: insert_session
insert into portal_sessions (
    id, token_hash, person_id, is_complete, address, user_agent, created_at, seen_at, ended_at, notice
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: find_signed_in
select s.id as session_id, s.is_complete, s.address, s.user_agent, s.notice, s.created_at as began_at, s.seen_at, p.*
from portal_sessions s join people p on p.id = s.person_id
where s.token_hash = $1 and s.ended_at is null and p.deleted_at is null;

-- name: touch
update portal_sessions set seen_at = $2 where id = $1;

-- name: set_token
update portal_sessions set token_hash = $2 where id = $1;

-- name: set_notice
update portal_sessions set notice = $2 where id = $1;

-- name: end
update portal_sessions set ended_at = $3 where id = $1 and person_id = $2 and ended_at is null returning id;

-- name: end_all
update portal_sessions set ended_at = $2 where person_id = $1 and ended_at is null and id is distinct from $3;

-- name: list_sessions
select * from portal_sessions where person_id = $1 and ended_at is null order by seen_at desc, id desc limit $2;

-- name: forget_sessions
delete from portal_sessions where seen_at < $1;

-- name: save_mail
insert into portal_mails select * from jsonb_populate_record(null::portal_mails, $1)
on conflict (id) do update set
    status = excluded.status, attempts = excluded.attempts, send_at = excluded.send_at;

-- name: lease_mails
update portal_mails set send_at = $2
where id in (
    select id from portal_mails where status = 'waiting' and send_at <= $1
    order by send_at limit $3 for update skip locked
)
returning *;

-- name: list_mails
select * from portal_mails order by created_at desc, id desc limit $1;

-- name: forget_mails
delete from portal_mails where created_at < $1;
