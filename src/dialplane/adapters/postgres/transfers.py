"""Transfers in Postgres."""

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.transfers import Transfer

_SQL = queries("transfers")


class PostgresTransferStore:
    """Fulfils `services.calling.transfers.TransferStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, transfer: Transfer) -> None:
        await self._connection.execute(_SQL["save"], [transfer])
