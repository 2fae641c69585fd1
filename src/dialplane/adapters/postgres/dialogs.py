"""Dialogs of answered calls, while they go on, in Postgres."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from dialplane.adapters.postgres.connection import Connection, id_array, queries
from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.domain.ids import CallId

_SQL = queries("dialogs")


class PostgresDialogStore:
    """Fulfils `services.calling.goodbyes.DialogStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def keep(self, dialogs: Mapping[CallId, KeptDialog], *, over: Collection[CallId]) -> None:
        if dialogs:
            kept = [{"call_id": call_id, "dialog": dialog} for call_id, dialog in dialogs.items()]
            await self._connection.execute(_SQL["keep"], kept)
        if over:
            await self._connection.execute(_SQL["forget"], id_array(over))

    async def take(self, calls: Collection[CallId]) -> Sequence[KeptDialog]:
        rows = await self._connection.fetch(_SQL["take"], id_array(calls))
        return [msgspec.convert(row["dialog"], KeptDialog) for row in rows]
