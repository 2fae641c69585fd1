"""Orders in Postgres."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.inventory import read_item
from dialplane.adapters.postgres.number_settings import read_settings, write_settings
from dialplane.adapters.postgres.targets import read_targets, write_targets
from dialplane.domain.charging.ledger import Purse
from dialplane.domain.ids import AccountId, DocumentId, ItemId, NumberId, OrderId, OrganizationId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.orders import DocumentState, NumberOrder, Order, OrderDocument, OrderStatus
from dialplane.domain.supply.inventory import Item
from dialplane.domain.tenancy.accounts import AccountStatus, IdentityStatus
from dialplane.services.numbering.orders import Buyer

_SQL = queries("orders")


class PostgresOrderStore:
    """Fulfils `services.numbering.orders.OrderStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open_sale(self, account_id: AccountId, number: str) -> tuple[Buyer, Item] | None:
        row = await self._connection.fetchrow(_SQL["open_sale"], account_id, number)
        return None if row is None else _sale(row)

    async def open_sales(self, wanted: Sequence[tuple[AccountId, str, str]]) -> list[tuple[int, Buyer, Item]]:
        columns = [list(column) for column in zip(*wanted, strict=True)]
        rows = await self._connection.fetch(_SQL["open_sales"], *columns)
        return [(row["nth"] - 1, *_sale(row)) for row in rows]

    async def add(self, order: Order) -> None:
        await self.add_many([order])

    async def add_many(self, orders: Sequence[Order]) -> None:
        if orders:
            await self._connection.execute(_SQL["add_many"], [_columns(order) for order in orders])

    async def save(self, order: Order) -> None:
        await self._connection.execute(
            _SQL["save"], order.id, order.status, order.reason, [asdict(document) for document in order.documents],
            order.number_id, order.check_at, order.attempts, order.updated_at, order.ended_at,
        )  # fmt: skip

    async def find(self, account_id: AccountId, order_id: OrderId) -> Order | None:
        return _order(await self._connection.fetchrow(_SQL["find"], account_id, order_id))

    async def find_by_key(self, account_id: AccountId, idempotency_key: str) -> Order | None:
        return _order(await self._connection.fetchrow(_SQL["find_by_key"], account_id, idempotency_key))

    async def find_open(self, item_id: ItemId) -> Order | None:
        return _order(await self._connection.fetchrow(_SQL["find_open"], item_id))

    async def lock(self, order_id: OrderId) -> Order | None:
        return _order(await self._connection.fetchrow(_SQL["lock"], order_id))

    async def list_for(
        self, account_id: AccountId, *, status: OrderStatus | None, before: datetime | None, limit: int
    ) -> list[Order]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, status, before, limit)
        return [_read(row) for row in rows]

    async def list_open_everywhere(self, *, before: datetime | None, limit: int) -> list[Order]:
        return [_read(row) for row in await self._connection.fetch(_SQL["list_open_everywhere"], before, limit)]

    async def list_open(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Order]:
        return [_read(row) for row in await self._connection.fetch(_SQL["list_open"], account_id, before, limit)]

    async def list_ended(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Order]:
        return [_read(row) for row in await self._connection.fetch(_SQL["list_ended"], account_id, before, limit)]

    async def waiting_on(self, account_id: AccountId, document_id: DocumentId) -> list[Order]:
        places = [{"document_id": document_id}]
        return [_read(row) for row in await self._connection.fetch(_SQL["waiting_on"], account_id, places)]

    async def take_due(self, now: datetime, *, limit: int) -> list[Order]:
        return [_read(row) for row in await self._connection.fetch(_SQL["take_due"], now, limit)]


def _sale(row: asyncpg.Record) -> tuple[Buyer, Item]:
    account_id = AccountId(row["buyer_id"])
    facts = ("credit", "credit_held", "tokens", "tokens_held", "next_top_up_at")
    purse = Purse(account_id, *(row[fact] for fact in facts))
    buyer = Buyer(
        account_id, OrganizationId(row["organization_id"]), AccountStatus(row["account_status"]),
        IdentityStatus(row["identity_status"]), purse,
    )  # fmt: skip
    return buyer, read_item(row)


def _columns(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "account_id": order.account_id,
        "item_id": order.item_id,
        "number": order.number,
        "carrier": order.carrier,
        "status": order.status,
        "reason": order.reason,
        "request": _write_request(order.request),
        "documents": [asdict(document) for document in order.documents],
        "setup_micros": order.setup_micros,
        "monthly_micros": order.monthly_micros,
        "idempotency_key": order.request.idempotency_key,
        "number_id": order.number_id,
        "check_at": order.check_at,
        "attempts": order.attempts,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "ended_at": order.ended_at,
    }


def _write_request(request: NumberOrder) -> dict[str, object]:
    voice, message, refer = write_targets(request.targets)
    return {
        "kind": request.kind,
        "voice": voice,
        "message": message,
        "refer": refer,
        "name": request.name,
        "detail": request.detail,
        "tags": request.tags,
        "metadata": request.metadata,
        "settings": write_settings(request.settings),
        "by": None if request.by is None else {"kind": request.by.kind, "id": request.by.id},
    }


def _read_actor(kept: dict[str, str | None] | None) -> Actor | None:
    """None in orders that were made before there was a history."""
    if kept is None:
        return None
    return Actor(ActorKind(kept["kind"] or ""), UUID(kept["id"]) if kept["id"] else None)


def _read_document(kept: dict[str, str | None]) -> OrderDocument:
    document_id = kept.get("document_id")  # not in orders that were made before documents could be handed in
    return OrderDocument(
        kind=kept["kind"] or "",
        state=DocumentState(kept["state"] or ""),
        reason=kept["reason"] or "",
        document_id=DocumentId(UUID(document_id)) if document_id else None,
    )


def _order(row: asyncpg.Record | None) -> Order | None:
    return None if row is None else _read(row)


def _read(row: asyncpg.Record) -> Order:
    asked = row["request"]
    return Order(
        id=OrderId(row["id"]),
        account_id=AccountId(row["account_id"]),
        item_id=ItemId(row["item_id"]),
        number=row["number"],
        carrier=row["carrier"],
        status=OrderStatus(row["status"]),
        request=NumberOrder(
            number=row["number"],
            kind=None if asked["kind"] is None else NumberKind(asked["kind"]),
            targets=read_targets(asked["voice"], asked["message"], asked["refer"]),
            name=asked["name"],
            detail=asked["detail"],
            tags=tuple(asked["tags"]),
            metadata=asked["metadata"],
            settings=read_settings(asked.get("settings", {})),
            by=_read_actor(asked.get("by")),
            idempotency_key=row["idempotency_key"],
        ),
        setup_micros=Micros(row["setup_micros"]),
        monthly_micros=Micros(row["monthly_micros"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        reason=row["reason"],
        documents=tuple(_read_document(document) for document in row["documents"]),
        number_id=None if row["number_id"] is None else NumberId(row["number_id"]),
        check_at=row["check_at"],
        attempts=row["attempts"],
        ended_at=row["ended_at"],
    )
