"""Passages of what assistants know, in Postgres: its full text search."""

import re
from collections.abc import Sequence
from uuid import UUID

import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.programs.rags import Passage

_SQL = queries("passages")
_WORD = re.compile(r"\w+")
_MOST_WORDS = 50
_SHORTEST_WORD = 3
"""Shorter ones are nearly everywhere, in most languages."""


class PostgresPassageStore:
    """Fulfils `services.programs.rags.PassageStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def replace_passages(self, rag_id: UUID, passages: Sequence[Passage]) -> None:
        await self._connection.execute(_SQL["delete_passages"], rag_id)
        if passages:
            await self._connection.execute(_SQL["add_passages"], rag_id, passages)

    async def search(self, rag_id: UUID, text: str, *, limit: int) -> list[Passage]:
        words = [word for word in _WORD.findall(text.lower()) if len(word) >= _SHORTEST_WORD or not word.isascii()]
        if not words:
            return []
        wanted = " | ".join(dict.fromkeys(words[:_MOST_WORDS]))
        rows = await self._connection.fetch(_SQL["search"], rag_id, wanted, limit)
        return [msgspec.convert(dict(row), Passage, strict=False) for row in rows]
