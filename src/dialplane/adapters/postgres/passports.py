"""Signed caller IDs that counted, in Postgres."""

from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries

_SQL = queries("passports")


class PostgresPassportStore:
    """Fulfils `services.calling.passports.PassportStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, mark: bytes, call: bytes, *, now: datetime, forget_before: datetime) -> bytes:
        found: bytes | None = await self._connection.fetchval(_SQL["take"], mark, call, now, forget_before)
        return b"" if found is None else found
