-- Queries of the subject: extensions as subscribers, and their bindings.

-- name: find_subscribers
-- A domain of an organization may hold the same extension for two accounts; the older one wins there, while
-- `<account id>.registrar.…` names the account itself.
select distinct on (wanted_user, wanted_domain) wanted_user, wanted_domain, extensions.*
from unnest($1::text[], $2::text[]) as wanted (wanted_user, wanted_domain)
join extensions
    on extensions.extension = wanted_user and extensions.deleted_at is null and extensions.is_enabled
left join sip_domains
    on sip_domains.domain = wanted_domain and sip_domains.organization_id = extensions.organization_id
where sip_domains.domain is not null or split_part(wanted_domain, '.', 1) = extensions.account_id::text
order by wanted_user, wanted_domain, extensions.created_at;

-- name: find_extension
select * from extensions where id = $2 and account_id = $1 and deleted_at is null and is_enabled;

-- name: find_extension_named
select * from extensions where extension = $2 and account_id = $1 and deleted_at is null and is_enabled;

-- name: bindings
select contact, call_id, cseq, source_host, source_port, transport, node, expires_at, user_agent, path
from bindings where extension_id = $1 and expires_at > $2
order by expires_at desc, contact;

-- name: lock
select id from extensions where id = $1 for update;

-- name: remove_bindings
delete from bindings where extension_id = $1;

-- name: add_bindings
insert into bindings (
    extension_id, contact, call_id, cseq, source_host, source_port, transport, node, user_agent, path, expires_at
)
select $1, contact, call_id, cseq, source_host, source_port, transport, node, user_agent, coalesce(path, ''), expires_at
from jsonb_populate_recordset(null::bindings, $2);

-- name: remove_flows
delete from bindings
where transport = 'ws' and path = '' and node = $1 and ($2::text is null or (source_host, source_port) = ($2, $3::integer));

-- name: find_caller_at
select extensions.* from bindings
join extensions
    on extensions.id = bindings.extension_id and extensions.deleted_at is null and extensions.is_enabled
where bindings.source_host = $1 and bindings.source_port = $2 and bindings.expires_at > $3
order by bindings.expires_at desc
limit 1;

-- name: organization_of
select organization_id from sip_domains where domain = $1;
