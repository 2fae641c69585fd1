"""The log of webhooks in Postgres: health, replays, and the outbox as a feed."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.events import fed_event
from dialplane.domain.eventing.feed_cursors import FeedCursor, Moment
from dialplane.domain.eventing.health import MOST_ATTEMPTS, HealthFacts
from dialplane.domain.eventing.replays import Replay, ReplayFilter, ReplayId, ReplayState
from dialplane.domain.eventing.webhooks import DeliveryStatus
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, EventId
from dialplane.services.eventing.event_pages import PagedEvent
from dialplane.services.eventing.webhook_log import Step

_SQL = queries("webhook_log")
_WORK = queries("webhooks")["wake"]


def _replay(row: asyncpg.Record) -> Replay:
    wanted = ReplayFilter(
        row["endpoint_id"] and EndpointId(row["endpoint_id"]),
        row["status"] and DeliveryStatus(row["status"]),
        row["event_type"],
        row["created_from"],
        row["created_until"],
    )
    return Replay(
        ReplayId(row["id"]),
        AccountId(row["account_id"]),
        wanted,
        ReplayState(row["state"]),
        row["total"],
        row["created_at"],
        row["replayed"],
        row["skipped"],
        row["finished_at"],
    )


class PostgresWebhookLogStore:
    """Fulfils `services.eventing.webhook_log.WebhookLogStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_by_event(self, account_id: AccountId, event_id: EventId) -> list[DeliveryId]:
        rows = await self._connection.fetch(_SQL["find_by_event"], account_id, event_id)
        return [DeliveryId(row["id"]) for row in rows]

    async def health(self, account_id: AccountId, endpoint_id: EndpointId, *, since: datetime) -> HealthFacts:
        [row] = await self._connection.fetch(_SQL["health"], account_id, endpoint_id, since, MOST_ATTEMPTS)
        return HealthFacts(**dict(row))

    async def moment(self) -> Moment:
        [row] = await self._connection.fetch(_SQL["moment"])
        return Moment(row["oldest"], row["following"], row["number"])

    async def list_window(
        self, account_id: AccountId, cursor: FeedCursor, *, until: int, limit: int, requests: bool = False
    ) -> list[PagedEvent]:
        rows = await self._connection.fetch(
            _SQL["list_window"], account_id, cursor.number, until, cursor.begin, cursor.end, limit, requests
        )
        return [PagedEvent(fed_event(row), row["resource_seq"], row["occurred_at"]) for row in rows]

    async def count_replayable(self, account_id: AccountId, wanted: ReplayFilter, *, most: int) -> int:
        count: int = await self._connection.fetchval(
            _SQL["count_replayable"],
            account_id,
            wanted.endpoint_id,
            wanted.status,
            wanted.event_type,
            wanted.created_from,
            wanted.created_until,
            most,
        )
        return count

    async def add_replay(self, replay: Replay) -> None:
        wanted = replay.wanted
        await self._connection.execute(
            _SQL["add_replay"],
            replay.id,
            replay.account_id,
            wanted.endpoint_id,
            wanted.status,
            wanted.event_type,
            wanted.created_from,
            wanted.created_until,
            replay.total,
            replay.created_at,
        )

    async def save_replay(self, replay: Replay) -> None:
        await self._connection.execute(
            _SQL["save_replay"], replay.id, replay.state, replay.replayed, replay.skipped, replay.finished_at
        )

    async def find_replay(self, account_id: AccountId, replay_id: ReplayId, *, lock: bool = False) -> Replay | None:
        row = await self._connection.fetchrow(_SQL["lock_replay" if lock else "find_replay"], account_id, replay_id)
        return None if row is None else _replay(row)

    async def find_running(self, account_id: AccountId) -> Replay | None:
        row = await self._connection.fetchrow(_SQL["find_running"], account_id)
        return None if row is None else _replay(row)

    async def list_replays(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Replay]:
        return [_replay(row) for row in await self._connection.fetch(_SQL["list_replays"], account_id, before, limit)]

    async def lock_running(self) -> Replay | None:
        row = await self._connection.fetchrow(_SQL["lock_running"])
        return None if row is None else _replay(row)

    async def replay_step(self, replay: Replay, *, limit: int, now: datetime) -> Step:
        [row] = await self._connection.fetch(_SQL["replay_step"], replay.id, limit, now)
        await self._connection.execute(_WORK)
        return Step(row["looked_at"], row["replayed"])
