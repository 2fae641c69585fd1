"""What has reached a number last, in Postgres."""

from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.numbering.numbers import Number
from dialplane.services.numbering.doctor.arrival_checks import LastCall

_SQL = queries("arrivals")


class PostgresArrivalStore:
    """Fulfils `services.numbering.doctor.arrival_checks.ArrivalStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def last_call(self, number: Number) -> LastCall | None:
        row = await self._connection.fetchrow(_SQL["last_call"], number.account_id, number.id)
        if row is None:
            return None
        return LastCall(row["created_at"], row["status"], row["cause_text"] or row["hangup_reason"])

    async def last_message(self, number: Number) -> datetime | None:
        found: datetime | None = await self._connection.fetchval(_SQL["last_message"], number.account_id, number.id)
        return found

    async def last_refusal(self, number: Number) -> tuple[datetime, str] | None:
        spellings = [number.number, number.number.removeprefix("+"), f"00{number.number.removeprefix('+')}"]
        row = await self._connection.fetchrow(_SQL["last_refusal"], spellings)
        return None if row is None else (row["created_at"], row["reason"])
