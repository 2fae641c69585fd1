"""Applications in Postgres."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import cast

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, ApplicationId, NumberId
from dialplane.domain.numbering.applications import Application, ApplicationKind, AttachedNumber, Method, Script

_SQL = queries("applications")


class PostgresApplicationStore:
    """Fulfils `services.numbering.applications.ApplicationStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, application: Application) -> None:
        await self._connection.execute(_SQL["save"], *_values(application))

    async def find(
        self, account_id: AccountId, application_id: ApplicationId, *, lock: bool = False
    ) -> Application | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, application_id)
        return None if row is None else _application(row)

    async def find_many(self, application_ids: Collection[ApplicationId]) -> dict[ApplicationId, Application]:
        rows = await self._connection.fetch(_SQL["find_many"], list(application_ids))
        return {ApplicationId(row["id"]): _application(row) for row in rows}

    async def query(
        self, account_id: AccountId, *, name: str, offset: int, limit: int
    ) -> tuple[list[Application], int]:
        rows = await self._connection.fetch(_SQL["query"], account_id, name, offset, limit)
        total = await self._connection.fetchval(_SQL["count"], account_id, name)
        return [_application(row) for row in rows], int(total)

    async def count(self, account_id: AccountId) -> int:
        return int(await self._connection.fetchval(_SQL["count"], account_id, ""))

    async def names(self, application_ids: Collection[ApplicationId]) -> dict[ApplicationId, str]:
        rows = await self._connection.fetch(_SQL["names"], list(application_ids))
        return {ApplicationId(row["id"]): row["name"] for row in rows}

    async def numbers_of(self, application_ids: Collection[ApplicationId]) -> list[AttachedNumber]:
        rows = await self._connection.fetch(_SQL["numbers_of"], list(application_ids))
        return [
            AttachedNumber(
                NumberId(row["id"]),
                row["number"],
                row["name"],
                ApplicationId(row["application_id"]),
                for_voice=row["for_voice"],
                for_messages=row["for_messages"],
                for_transfers=row["for_transfers"],
                for_ussd=row["for_ussd"],
            )
            for row in rows
        ]


def _values(application: Application) -> tuple[object, ...]:
    return (
        application.id, application.account_id, application.name, application.kind, application.rcml_url,
        application.api_version, application.caller_id_lookup, application.public_connect, asdict(application.voice),
        asdict(application.sms), asdict(application.ussd), application.status_url, application.status_method,
        application.sms_status_url, application.message_status_url, application.created_at, application.updated_at,
        application.deleted_at,
    )  # fmt: skip


def _application(row: asyncpg.Record) -> Application:
    return Application(
        id=ApplicationId(row["id"]),
        account_id=AccountId(row["account_id"]),
        name=row["name"],
        created_at=row["created_at"],
        kind=ApplicationKind(row["kind"]),
        rcml_url=row["rcml_url"],
        api_version=row["api_version"],
        caller_id_lookup=row["caller_id_lookup"],
        public_connect=row["public_connect"],
        voice=_script(row["voice"]),
        sms=_script(row["sms"]),
        ussd=_script(row["ussd"]),
        status_url=row["status_url"],
        status_method=cast("Method", row["status_method"]),
        sms_status_url=row["sms_status_url"],
        message_status_url=row["message_status_url"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
    )


def _script(column: Mapping[str, str]) -> Script:
    """What `asdict` made of it."""
    return Script(
        column["url"],
        cast("Method", column["method"]),
        column["fallback_url"],
        cast("Method", column["fallback_method"]),
    )
