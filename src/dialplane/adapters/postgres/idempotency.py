"""Idempotency keys in Postgres."""

from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId
from dialplane.services.idempotency import KeyRecord

_SQL = queries("idempotency")


class PostgresIdempotencyStore:
    """Fulfils `services.idempotency.IdempotencyStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def begin(self, account_id: AccountId, key: str, fingerprint: bytes, now: datetime) -> bool:
        return bool(await self._connection.fetchval(_SQL["begin"], account_id, key, fingerprint, now))

    async def lock(self, account_id: AccountId, key: str) -> KeyRecord | None:
        row = await self._connection.fetchrow(_SQL["lock"], account_id, key)
        if row is None:
            return None
        return KeyRecord(
            fingerprint=row["fingerprint"],
            is_done=row["is_done"],
            is_abandoned=row["is_abandoned"],
            began_at=row["began_at"],
            status=row["status"] or 0,
            body=row["body"] or b"",
        )

    async def take_over(self, account_id: AccountId, key: str, fingerprint: bytes, now: datetime) -> None:
        await self._connection.execute(_SQL["take_over"], account_id, key, fingerprint, now)

    async def finish(self, account_id: AccountId, key: str, status: int, body: bytes, now: datetime) -> None:
        await self._connection.execute(_SQL["finish"], account_id, key, status, body, now)

    async def abandon(self, account_id: AccountId, key: str) -> None:
        await self._connection.execute(_SQL["abandon"], account_id, key)

    async def forget_before(self, moment: datetime, *, limit: int) -> int:
        done = await self._connection.execute(_SQL["forget_before"], moment, limit)
        return int(done.rpartition(" ")[2])
