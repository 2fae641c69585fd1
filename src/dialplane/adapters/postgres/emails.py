"""E-mails and contact cases in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.cases import ContactCase
from dialplane.domain.messaging.emails import Email, EmailStatus

_SQL = queries("emails")


def _email(row: asyncpg.Record) -> Email:
    fields = dict(row)
    fields["status"] = EmailStatus(fields["status"])
    fields["destinations"] = tuple(Address(**each) for each in fields["destinations"])
    fields["attachments"] = tuple(UUID(each) for each in fields["attachments"])
    return Email(**fields)


class PostgresEmailStore:
    """Fulfils `services.messaging.emails.EmailStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, email: Email) -> None:
        await self._connection.execute(_SQL["save"], [email])

    async def find(self, account_id: AccountId, email_id: UUID) -> Email | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, email_id)
        return None if row is None else _email(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Email]:
        return [_email(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, before, limit)]

    async def claim_due(self, now: datetime, *, limit: int) -> list[Email]:
        return [_email(row) for row in await self._connection.fetch(_SQL["claim_due"], now, limit)]


class PostgresCaseStore:
    """Fulfils `services.messaging.cases.CaseStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, case: ContactCase) -> None:
        await self._connection.execute(_SQL["save_case"], [case])

    async def find(self, account_id: AccountId, case_id: UUID, *, lock: bool = False) -> ContactCase | None:
        row = await self._connection.fetchrow(_SQL["lock_case" if lock else "find_case"], account_id, case_id)
        return None if row is None else ContactCase(**row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[ContactCase]:
        rows = await self._connection.fetch(_SQL["list_cases"], account_id, before, limit)
        return [ContactCase(**row) for row in rows]
