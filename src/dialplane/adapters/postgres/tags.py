"""Tags in Postgres."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, TagId
from dialplane.domain.rooms.tags import Tag

_SQL = queries("tags")


class PostgresTagStore:
    """Fulfils `services.rooms.tags.TagStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, tag: Tag) -> None:
        await self._connection.execute(_SQL["save"], [tag])

    async def find(self, account_id: AccountId, tag_id: TagId) -> Tag | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, tag_id)
        return None if row is None else Tag(**row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Tag]:
        return [Tag(**row) for row in await self._connection.fetch(_SQL["list_for"], account_id, before, limit)]

    async def known(self, account_id: AccountId, tag_ids: Collection[UUID]) -> set[UUID]:
        return {row["id"] for row in await self._connection.fetch(_SQL["known"], account_id, list(tag_ids))}

    async def take_off(self, account_id: AccountId, tag_id: TagId) -> None:
        # Queues first, as whoever rings an agent for a queue locks them.
        await self._connection.execute(_SQL["take_off_queues"], account_id, tag_id)
        await self._connection.execute(_SQL["take_off_agents"], account_id, tag_id)
