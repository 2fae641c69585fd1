"""Webhook endpoints, deliveries and their attempts in Postgres."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.link import WORKER_LOCK
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.eventing.webhooks import (
    BREAKER_FAILURES,
    MAX_IN_FLIGHT,
    Attempt,
    Delivery,
    DeliveryStatus,
    Endpoint,
    EndpointKind,
    EndpointOutcome,
    Outcome,
)
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, EventId
from dialplane.services.eventing.webhook_store import ClaimedDelivery, HookDelivery

_SQL = queries("webhooks")


def _endpoint(row: asyncpg.Record, seal: Seal) -> Endpoint:
    return Endpoint(
        id=EndpointId(row["id"]),
        account_id=AccountId(row["account_id"]),
        kind=EndpointKind(row["kind"]),
        url=row["url"],
        method=row["method"],
        secret=seal.open(row["secret"]),
        created_at=row["created_at"],
        name=row["name"],
        previous_secret=row["previous_secret"] and seal.open(row["previous_secret"]),
        previous_secret_until=row["previous_secret_until"],
        enabled=row["enabled"],
        disabled_reason=row["disabled_reason"],
        failures_in_a_row=row["failures_in_a_row"],
        open_until=row["open_until"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
        event_types=tuple(row["event_types"]),
    )


def _attempt(value: Mapping[str, object]) -> Attempt:
    http_status = value["http_status"]
    return Attempt(
        number=int(str(value["attempt"])),
        started_at=datetime.fromisoformat(str(value["started_at"])),
        duration_ms=int(str(value["duration_ms"])),
        http_status=None if http_status is None else int(str(http_status)),
        error=str(value["error"]),
        response_head=str(value["response_head"]),
    )


def _delivery(row: asyncpg.Record) -> Delivery:
    fields = dict(row)
    fields["status"] = DeliveryStatus(fields["status"])
    fields["attempts"] = tuple(_attempt(value) for value in fields["attempts"])
    return Delivery(**fields)


def _claimed(row: asyncpg.Record, endpoint: Endpoint) -> ClaimedDelivery:
    return ClaimedDelivery(
        id=DeliveryId(row["delivery_id"]),
        endpoint=endpoint,
        event_id=EventId(row["event_id"]),
        event_type=row["event_type"],
        event_data=row["event_data"],
        resource_seq=row["resource_seq"],
        attempts=row["attempts"],
        worker=row["leased_by"],
    )


def _new_delivery(new: HookDelivery, secret: str) -> dict[str, object]:
    return {
        "endpoint_id": new.endpoint.id,
        "account_id": new.endpoint.account_id,
        "url": new.endpoint.url,
        "method": new.endpoint.method,
        "secret": secret,
        "created_at": new.endpoint.created_at,
        "delivery_id": new.delivery_id,
        "event_id": new.event_id,
        "ordered_by": new.ordered_by,
    }


class PostgresWebhookStore:
    """Fulfils `services.eventing.webhook_store.WebhookStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def add_endpoint(self, endpoint: Endpoint) -> None:
        await self._connection.execute(
            _SQL["add_endpoint"],
            endpoint.id,
            endpoint.account_id,
            endpoint.kind,
            endpoint.name,
            endpoint.url,
            endpoint.method,
            self._seal.close(endpoint.secret),
            endpoint.created_at,
            list(endpoint.event_types),
        )

    async def save_endpoint(self, endpoint: Endpoint) -> None:
        await self._connection.execute(
            _SQL["save_endpoint"],
            endpoint.id,
            endpoint.name,
            endpoint.url,
            endpoint.method,
            self._seal.close(endpoint.secret),
            endpoint.previous_secret and self._seal.close(endpoint.previous_secret),
            endpoint.previous_secret_until,
            endpoint.enabled,
            endpoint.disabled_reason,
            endpoint.failures_in_a_row,
            endpoint.open_until,
            endpoint.updated_at,
            endpoint.deleted_at,
            list(endpoint.event_types),
        )

    async def find_endpoint(
        self, account_id: AccountId, endpoint_id: EndpointId, *, lock: bool = False
    ) -> Endpoint | None:
        query = _SQL["lock_endpoint" if lock else "find_endpoint"]
        row = await self._connection.fetchrow(query, account_id, endpoint_id)
        return None if row is None else _endpoint(row, self._seal)

    async def find_customer_endpoint(self, account_id: AccountId) -> Endpoint | None:
        row = await self._connection.fetchrow(_SQL["lock_customer_endpoint"], account_id)
        return None if row is None else _endpoint(row, self._seal)

    async def list_endpoints(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Endpoint]:
        rows = await self._connection.fetch(_SQL["list_endpoints"], account_id, before, limit)
        return [_endpoint(row, self._seal) for row in rows]

    async def count_extra_endpoints(self, account_id: AccountId) -> int:
        count: int = await self._connection.fetchval(_SQL["count_extra_endpoints"], account_id)
        return count

    async def fail_open_deliveries(self, endpoint_id: EndpointId, now: datetime) -> None:
        await self._connection.execute(_SQL["fail_open_deliveries"], endpoint_id, now)

    async def find_delivery(self, account_id: AccountId, delivery_id: DeliveryId) -> Delivery | None:
        row = await self._connection.fetchrow(_SQL["list_deliveries"], account_id, None, 1, delivery_id, None, None)
        return None if row is None else _delivery(row)

    async def list_deliveries(
        self,
        account_id: AccountId,
        *,
        before: datetime | None,
        limit: int,
        endpoint_id: EndpointId | None,
        status: DeliveryStatus | None,
    ) -> list[Delivery]:
        rows = await self._connection.fetch(
            _SQL["list_deliveries"], account_id, before, limit, None, endpoint_id, status
        )
        return [_delivery(row) for row in rows]

    async def find_claimed(self, account_id: AccountId, delivery_id: DeliveryId) -> ClaimedDelivery | None:
        row = await self._connection.fetchrow(_SQL["find_claimed"], account_id, delivery_id)
        return None if row is None else _claimed(row, _endpoint(row, self._seal))

    async def add_hook_deliveries(self, deliveries: Sequence[HookDelivery]) -> None:
        closed = {secret: self._seal.close(secret) for secret in {each.endpoint.secret for each in deliveries}}
        rows = [_new_delivery(each, closed[each.endpoint.secret]) for each in deliveries]
        await self._connection.execute(_SQL["add_hook_deliveries"], rows)
        await self._connection.execute(_SQL["wake"])

    async def add_callback_deliveries(self, deliveries: Sequence[HookDelivery]) -> None:
        rows = [_new_delivery(each, each.endpoint.secret) for each in deliveries]
        await self._connection.execute(_SQL["add_callback_deliveries"], rows)
        await self._connection.execute(_SQL["wake"])

    async def add_replay(self, delivery_id: DeliveryId, new: DeliveryId, now: datetime) -> None:
        await self._connection.execute(_SQL["add_replay"], delivery_id, new, now)
        await self._connection.execute(_SQL["wake"])

    async def hasten(self, delivery_id: DeliveryId, now: datetime) -> None:
        await self._connection.execute(_SQL["hasten"], delivery_id, now)
        await self._connection.execute(_SQL["wake"])

    async def claim(self, worker: int, *, now: datetime, until: datetime, limit: int) -> list[ClaimedDelivery]:
        locked = await self._connection.fetch(_SQL["lock_due_endpoints"], now, limit)
        if not locked:
            return []
        rows = await self._connection.fetch(
            _SQL["claim"],
            [row["id"] for row in locked],
            now,
            worker,
            until,
            MAX_IN_FLIGHT,
            BREAKER_FAILURES,
            limit,
        )
        endpoints = {row["id"]: row for row in rows}  # each stands in the row of every delivery to it
        read = {endpoint_id: _endpoint(row, self._seal) for endpoint_id, row in endpoints.items()}
        return [_claimed(row, read[row["id"]]) for row in rows]

    async def free_leases(self, *, now: datetime) -> None:
        await self._connection.execute(_SQL["free_leases"], now, WORKER_LOCK)

    async def settle(self, outcomes: Sequence[Outcome], endpoints: Sequence[EndpointOutcome]) -> None:
        await self._connection.execute(
            _SQL["settle"],
            [outcome.worker for outcome in outcomes],
            [outcome.delivery_id for outcome in outcomes],
            [outcome.status for outcome in outcomes],
            [outcome.due_at for outcome in outcomes],
            [outcome.started_at for outcome in outcomes],
            [outcome.reply.duration_ms for outcome in outcomes],
            [outcome.reply.status for outcome in outcomes],
            [outcome.reply.error for outcome in outcomes],
            [outcome.reply.head.replace("\0", "") for outcome in outcomes],
            [endpoint.endpoint_id for endpoint in endpoints],
            [endpoint.succeeded for endpoint in endpoints],
            [endpoint.failures for endpoint in endpoints],
            [endpoint.gone for endpoint in endpoints],
            [endpoint.open_until for endpoint in endpoints],
            BREAKER_FAILURES,
            max(outcome.started_at for outcome in outcomes),
        )
        again = [outcome.delivery_id for outcome in outcomes if outcome.status is DeliveryStatus.PENDING]
        if again:
            await self._connection.execute(_SQL["postpone_followers"], again)
