"""Documents in Postgres; their content is elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, DocumentId
from dialplane.domain.numbering.documents import Document, DocumentStatus, content_key

_SQL = queries("documents")


class PostgresDocumentStore:
    """Fulfils `services.numbering.documents.DocumentStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, document: Document) -> None:
        await self._connection.execute(
            _SQL["add"], document.id, document.account_id, document.kind, document.name, document.media_type,
            document.size, document.sha256, document.status, document.expires_on, document.created_at,
        )  # fmt: skip

    async def save(self, document: Document) -> None:
        await self._connection.execute(
            _SQL["save"], document.id, document.status, document.reason, document.reviewed_at, document.deleted_at
        )

    async def find(
        self, account_id: AccountId | None, document_id: DocumentId, *, lock: bool = False
    ) -> Document | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], document_id, account_id)
        return None if row is None else _read(row)

    async def list_for(
        self, account_id: AccountId | None, *, status: DocumentStatus | None, before: datetime | None, limit: int
    ) -> list[Document]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, status, before, limit)
        return [_read(row) for row in rows]

    async def count(self, account_id: AccountId) -> int:
        return int(await self._connection.fetchval(_SQL["count"], account_id))

    async def find_keys(self, document_ids: Sequence[UUID]) -> set[str]:
        rows = await self._connection.fetch(_SQL["find_many"], document_ids)
        return {content_key(AccountId(row["account_id"]), DocumentId(row["id"])) for row in rows}


def _read(row: asyncpg.Record) -> Document:
    return Document(
        id=DocumentId(row["id"]),
        account_id=AccountId(row["account_id"]),
        kind=row["kind"],
        name=row["name"],
        media_type=row["media_type"],
        size=row["size"],
        sha256=row["sha256"],
        status=DocumentStatus(row["status"]),
        created_at=row["created_at"],
        reason=row["reason"],
        expires_on=row["expires_on"],
        reviewed_at=row["reviewed_at"],
        deleted_at=row["deleted_at"],
    )
