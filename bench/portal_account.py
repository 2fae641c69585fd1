"""An account of many numbers for `portal_numbers.py`, written row by row as years of use would leave it.

Every number was bought by itself, charged for its month, called twice and texted once; so there are as many orders,
entries of history and of the ledger, calls, texts and deliveries of webhooks. Beside them stand patterns, and items in
stock. What is in the ledger is balanced by itself: the entries take nothing.
"""

from hashlib import md5
from uuid import UUID

import asyncpg

from dialplane.domain.ids import NumberId
from dialplane.services.tenancy.provisioning import Provisioned

PATTERNS = 10_000
STOCK = 100_000
FIRST = ("+12125550001", NumberId(UUID(md5(b"n1", usedforsecurity=False).hexdigest())))
"""The first of the numbers, and its id."""

_NUMBERS = """
with made as (
    insert into numbers (
        id, account_id, organization_id, number, kind, status, country, capabilities, name, tags, monthly_micros,
        purchased_at, renews_at, look_at, created_at
    )
    select md5('n' || n)::uuid, $1, $2, '+1' || (2125550000 + n), 'local', 'active', 'US', '{voice,sms}',
        case when n % 10 = 0 then 'Line ' || n else '' end, case when n % 7 = 0 then '{sales}' else '{}' end::text[],
        1000000, now(), now() + interval '30 days', now() + interval '23 days', now() - n * interval '1 second'
    from generate_series(1, $3::integer) n
    returning id, number, created_at
), told as (
    insert into number_history (id, number_id, account_id, number, what, actor, changes, created_at)
    select gen_random_uuid(), id, $1, number, 'created', 'account', '[]', created_at from made
)
insert into orders (
    id, account_id, item_id, number, carrier, status, request, setup_micros, monthly_micros, number_id, created_at,
    updated_at, ended_at
)
select gen_random_uuid(), $1, gen_random_uuid(), number, 'owned', 'confirmed',
    '{"kind": null, "voice": null, "message": null, "refer": null, "name": "", "detail": "", "tags": [],
      "metadata": {}, "settings": {}, "by": null}', 0, 1000000, id, created_at, created_at, created_at
from made
"""

_NEW_ID = """
create function pg_temp.new_id(kind text, n bigint) returns uuid language sql as $$
    select (
        lpad(to_hex((extract(epoch from now()) * 1000)::bigint - 100 * n), 12, '0')
        || '7' || substr(md5(kind || n), 1, 3)
        || '8' || substr(md5(n || kind), 1, 15)
    )::uuid
$$
"""
"""As `domain.ids.new_id` makes them, of ten a second until now: many queries read by the order of ids."""

_PATTERNS = """
insert into numbers (id, account_id, organization_id, number, kind, status, capabilities, created_at)
select gen_random_uuid(), $1, $2, '77' || n || '.*', 'pattern', 'active', '{voice,sms}', now() - n * interval '1 second'
from generate_series(1, $3::integer) n
"""

_CALLS = """
insert into calls (
    id, account_id, direction, status, number_id, source, destination, cost_type, hangup_by, hangup_reason, ringing_at,
    progressing_at, ended_at, created_at, updated_at
)
select pg_temp.new_id('call', n), $1, 'incoming', 'hangup', md5('n' || (1 + n / 2))::uuid,
    '{"type": "tel", "target": "+12125550123", "target_name": "", "name": "", "detail": ""}',
    json_build_object(
        'type', 'tel', 'target', '+1' || (2125550001 + n / 2), 'target_name', '', 'name', '', 'detail', ''
    ),
    'call_pstn_incoming', 'remote', 'normal', now(), now(), now(), now() - n * interval '100 milliseconds', now()
from generate_series(0, 2 * $2::integer - 1) n
"""

_TEXTS = """
with made as (
    insert into messages (id, account_id, direction, source, text, number_id, created_at)
    select pg_temp.new_id('message', n), $1, 'inbound', '{"type": "tel", "target": "+12125550123"}',
        'Are you open?', md5('n' || n)::uuid,
        now() - n * interval '100 milliseconds'
    from generate_series(1, $2::integer) n
    returning id, number_id, created_at
), talked as (
    insert into conversations (id, account_id, own, peer, own_target, peer_target, created_at)
    select md5('t' || n)::uuid, $1, json_build_object('type', 'tel', 'target', '+1' || (2125550000 + n)),
        '{"type": "tel", "target": "+12125550123"}', '+1' || (2125550000 + n), '+12125550123',
        now() - n * interval '100 milliseconds'
    from generate_series(1, $2::integer) n
)
insert into message_targets (
    message_id, position, conversation_id, destination, status, parts, due_at, created_at, updated_at
)
select made.id, 0, md5('t' || (substr(numbers.number, 3)::bigint - 2125550000))::uuid,
    json_build_object('type', 'tel', 'target', numbers.number), 'received', 1, made.created_at, made.created_at,
    made.created_at
from made join numbers on numbers.id = made.number_id
"""

_LEDGER = """
insert into ledger_entries (
    id, account_id, key, transaction_type, reference_type, reference_id, seconds, units, amount_micros, amount_tokens,
    credit_after, tokens_after, started_at, ended_at, created_at
)
select gen_random_uuid(), $1, 'month:' || id, 'usage', 'number', id, 0, 1, 0, 0, 0, 0, now(), now(), created_at
from numbers where account_id = $1 and kind = 'local'
union all
select gen_random_uuid(), $1, 'call:' || id, 'usage', 'call', id, 61, 2, 0, 0, 0, 0, now(), now(), created_at
from calls where account_id = $1
union all
select gen_random_uuid(), $1, 'sms:' || id || ':in', 'usage', 'sms', id, 0, 1, 0, 0, 0, 0, now(), now(), created_at
from messages where account_id = $1
"""

_DELIVERIES = """
with endpoint as (
    insert into webhook_endpoints (id, account_id, kind, url, method, secret, created_at)
    values (md5('endpoint')::uuid, $1, 'extra', 'https://example.org/hook', 'POST', '', now())
    returning id
), told as (
    insert into events (id, account_id, type, resource, resource_id, data, occurred_at, public)
    select pg_temp.new_id('event', n), $1, 'number_updated', 'number', md5('n' || n)::uuid, '{}', now(), true
    from generate_series(1, $2::integer) n
    returning id, resource_id, resource_seq, occurred_at
)
insert into webhook_deliveries (
    id, account_id, endpoint_id, event_id, resource_id, resource_seq, status, attempts, due_at, created_at, finished_at
)
select told.id, $1, endpoint.id, told.id, resource_id, resource_seq, 'delivered', 1, occurred_at,
    occurred_at - random() * interval '1 hour', occurred_at
from told, endpoint
"""

_STOCK = """
insert into inventory_items (
    id, number, carrier, type, country, region, locality, capabilities, setup_micros, monthly_micros, state, created_at,
    updated_at
)
select gen_random_uuid(), '+1' || (4155000000 + n), 'owned', 'local', 'US', 'CA', 'San Francisco', '{voice,sms}', 0,
    1000000, 'offered', now(), now()
from generate_series(1, $1::integer) n
"""


async def fill(dsn: str, made: Provisioned, count: int) -> None:
    """Give the account `count` numbers and all that belongs to them."""
    connection = await asyncpg.connect(dsn)
    account = made.account
    await connection.execute(_NEW_ID)
    await connection.execute(_NUMBERS, account.id, account.organization_id, count)
    await connection.execute(_PATTERNS, account.id, account.organization_id, PATTERNS)
    for statement in (_CALLS, _TEXTS, _DELIVERIES):
        await connection.execute(statement, account.id, count)
    await connection.execute(_LEDGER, account.id)
    await connection.execute(_STOCK, STOCK)
    await connection.execute("vacuum analyze")
    await connection.close()
