"""What must hold of numbers, items, orders, money and history whatever has happened, and whoever died meanwhile."""

from datetime import timedelta

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, OrderId
from dialplane.domain.numbering.documents import Document, DocumentDraft
from dialplane.services.numbering.documents import upload_document
from dialplane.services.numbering.reconcile import reconcile_orders, reconcile_stock
from dialplane.services.objects import ObjectStore
from tests.fakes.accounts import add_account
from tests.services.buying import NOW, assert_balanced, carriers

PDF = b"%PDF-1.7\nof a test"

_ITEMS = """
    select i.number from inventory_items i
    left join numbers n on n.item_id = i.id and n.status <> 'released'
    left join orders o on o.item_id = i.id and o.ended_at is null
    left join reservations r on r.item_id = i.id and r.status = 'held'
    where (i.state = 'assigned') <> (n.id is not null)
        or (i.state = 'held') <> (o.id is not null or r.id is not null)
        or (n.id is not null and n.account_id <> i.account_id)
        or (o.id is not null and o.account_id <> i.account_id)
"""
"""Items whose state is not what numbers, orders and reservations say."""

_HOLDS = """
    select coalesce(o.id::text, h.key) from (select * from orders where ended_at is null) o
    full join (select * from holds where state = 'held') h on h.key = 'order:' || o.id
    where o.id is null or h.key is null
"""
"""Open orders without money set aside, and money set aside for nothing."""

_CHARGES = """
    select n.number from numbers n
    where n.item_id is not null
        and (select count(*) from ledger_entries e where e.reference_id = n.id and e.reference_type = 'number') <> 1
"""
"""Numbers that were not paid for exactly once."""

_MONTHS = """
    select n.number from numbers n
    where n.item_id is not null
        and ((extract(year from n.renews_at) - extract(year from n.purchased_at)) * 12
             + extract(month from n.renews_at) - extract(month from n.purchased_at) - 1)
            <> (select count(*) from ledger_entries e
                where e.reference_id = n.id and e.reference_type = 'number_renew')
"""
"""Numbers whose due day moved on by another count of months than was paid."""

_HISTORY = """
    with said as (
        select distinct on (h.number_id, c ->> 'field') h.number_id, c ->> 'field' as field, c ->> 'to' as value
        from number_history h, jsonb_array_elements(h.changes) c
        order by h.number_id, c ->> 'field', h.position desc
    )
    select n.number from numbers n
    left join said status on status.number_id = n.id and status.field = 'status'
    left join said holder on holder.number_id = n.id and holder.field = 'customer_id'
    where status.value is distinct from n.status or holder.value is distinct from n.account_id::text
"""
"""Numbers of which the history tells something else."""


_CLOSED = """
    select a.id from accounts a
    where a.status = 'deleted' and (
        exists (select from numbers where account_id = a.id and status <> 'released')
        or exists (select from orders where account_id = a.id and ended_at is null)
        or exists (select from reservations where account_id = a.id and status = 'held')
        or exists (
            select from purses
            where account_id = a.id and (credit_held > 0 or a.parent_id is not null and credit > 0)
        )
    )
"""
"""Closed accounts that still have something; what money the top of a tree has left is the operator's matter."""


async def assert_life_is_whole(database: PostgresDatabase) -> None:
    for query in (_ITEMS, _HOLDS, _CHARGES, _MONTHS, _HISTORY, _CLOSED):
        assert [row[0] for row in await database.pool.fetch(query)] == [], query
    open_orders = await database.pool.fetchval("select count(*) from orders where ended_at is null")
    await assert_balanced(database, holds_open=open_orders)


async def reconcile(database: PostgresDatabase, *, after: timedelta = timedelta(minutes=2)) -> None:
    """What the worker does when it comes by."""
    await reconcile_orders(database, carriers(database), NOW + after)
    await reconcile_stock(database, carriers(database), NOW + after)


async def sub_account(database: PostgresDatabase, parent: AccountId, **facts: str) -> AccountId:
    """An account below another, in its organization."""
    account_id = await add_account(database, **facts)
    await database.pool.execute(
        "update accounts set parent_id = $2, organization_id = (select organization_id from accounts where id = $2)"
        " where id = $1",
        account_id,
        parent,
    )
    return account_id


async def handed_in(
    database: PostgresDatabase,
    objects: ObjectStore,
    account_id: AccountId,
    kind: str = "identity",
    *,
    order_id: OrderId | None = None,
) -> Document:
    return await upload_document(database, objects, account_id, DocumentDraft(kind, PDF), NOW, order_id=order_id)
