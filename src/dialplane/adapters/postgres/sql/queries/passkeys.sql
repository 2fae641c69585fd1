-- Queries of the subject: passkeys, their challenges, and recovery codes.

-- name: insert
insert into passkeys (id, person_id, credential_id, public_key, sign_count, name, created_at, last_used_at)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: find
select * from passkeys where credential_id = $1 for update;

-- name: note_use
update passkeys set sign_count = $2, last_used_at = $3 where id = $1;

-- name: list_for
select * from passkeys where person_id = $1 order by created_at, id;

-- name: has_any
select exists (select from passkeys where person_id = $1);

-- name: remove
delete from passkeys where person_id = $1 and id = $2 returning id;

-- name: put_challenge
insert into passkey_challenges (token_hash, challenge, expires_at) values ($1, $2, $3)
on conflict (token_hash) do update set challenge = excluded.challenge, expires_at = excluded.expires_at;

-- name: take_challenge
delete from passkey_challenges where token_hash = $1 returning challenge, expires_at;

-- name: forget_challenges
delete from passkey_challenges where expires_at < $1;

-- name: remove_codes
delete from recovery_codes where person_id = $1;

-- name: add_codes
insert into recovery_codes (person_id, code_hash) select $1, unnest($2::bytea[]);

-- name: spend_code
update recovery_codes set used_at = $3 where person_id = $1 and code_hash = $2 and used_at is null returning person_id;

-- name: count_codes
select count(*) from recovery_codes where person_id = $1 and used_at is null;
