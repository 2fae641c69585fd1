-- Queries of the subject: whom the operator believes, and by what it signs.

-- name: find_settings
select certificate_url, certificate, private_key, trust_anchors from stir_settings;

-- name: list_trunks
-- In the order in which outbound calls try them.
select v.trunk_id, v.signs, v.checking, v.requires_identity, v.takes_emergency
from trunk_trust v join trunks t on t.id = v.trunk_id
where t.deleted_at is null
order by t.priority, t.created_at, t.id;

-- name: put_signing
insert into stir_settings (certificate_url, certificate, private_key, updated_at) values ($1, $2, $3, $4)
on conflict (id) do update set certificate_url = $1, certificate = $2, private_key = $3, updated_at = $4;

-- name: put_anchors
insert into stir_settings (trust_anchors, updated_at) values ($1, $2)
on conflict (id) do update set trust_anchors = $1, updated_at = $2;

-- name: put_trunk
insert into trunk_trust (trunk_id, signs, checking, requires_identity, takes_emergency, updated_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (trunk_id) do update set
    signs = $2, checking = $3, requires_identity = $4, takes_emergency = $5, updated_at = $6;
