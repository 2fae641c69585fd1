"""Media of messages in Postgres; their content is elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, MessageId
from dialplane.domain.messaging.media import Media, MediaState

_SQL = queries("message_media")


def _media(row: asyncpg.Record) -> Media:
    return Media(**dict(row) | {"state": MediaState(row["state"])})


class PostgresMediaStore:
    """Fulfils `services.messaging.media.MediaStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, medias: Sequence[Media]) -> None:
        first = medias[0]
        await self._connection.execute(
            _SQL["add"],
            first.message_id,
            first.account_id,
            [media.id for media in medias],
            [media.url for media in medias],
            [media.content_type for media in medias],
            first.created_at,
        )

    async def list_for(self, account_id: AccountId, message_id: MessageId) -> list[Media]:
        return [_media(row) for row in await self._connection.fetch(_SQL["list"], account_id, message_id)]

    async def find(self, media_id: UUID) -> Media | None:
        row = await self._connection.fetchrow(_SQL["find"], media_id)
        return None if row is None else _media(row)

    async def find_keys(self, media_ids: Sequence[UUID]) -> set[str]:
        return {row["key"] for row in await self._connection.fetch(_SQL["find_keys"], media_ids)}

    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Media]:
        return [_media(row) for row in await self._connection.fetch(_SQL["claim"], now, until, limit)]

    async def save(self, media: Media) -> None:
        await self._connection.execute(
            _SQL["save"], media.id, media.content_type, media.size_bytes, media.state, media.reason
        )

    async def delete(self, media_id: UUID, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], media_id, now)
