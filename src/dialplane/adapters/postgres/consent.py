"""Consent in Postgres: settings, the record that is only ever added to, and who gets no messages."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.outbound_limits import NO_LIMITS, OutboundLimits
from dialplane.domain.ids import AccountId, MessageId, NumberId
from dialplane.domain.messaging.consent import DEFAULTS, ConsentRecord, ConsentSettings, Wish
from dialplane.services.messaging.consent import Ear, Scope
from dialplane.services.messaging.screening import Obstacles, Reach

_SQL = queries("consent")


def _settings(value: object) -> ConsentSettings:
    return DEFAULTS if value is None else msgspec.convert(value, ConsentSettings)


def _limits(row: asyncpg.Record) -> OutboundLimits:
    names = ("messages_per_hour", "country_messages_per_hour")
    held = {name: row[name] for name in names if row[name] is not None}
    return OutboundLimits(**held) if held else NO_LIMITS


def _record(row: asyncpg.Record) -> ConsentRecord:
    fields = dict(row)
    fields["wish"] = Wish(fields["wish"])
    fields["message_id"] = MessageId(fields["message_id"]) if fields["message_id"] else None
    return ConsentRecord(**fields)


class PostgresConsentStore:
    """Fulfils `services.messaging.consent.ConsentStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def screen(self, asked: Sequence[Reach], *, since: datetime) -> list[Obstacles]:
        rows = await self._connection.fetch(_SQL["screen"], asked, since)
        return [
            Obstacles(
                settings=_settings(row["settings"]),
                is_paused=row["is_paused"],
                limits=_limits(row),
                pool_id=row["pool_id"],
                number_rate=row["number_rate"] or 0,
                destination_rate=row["destination_rate"] or 0,
                opted_out=frozenset(row["opted_out"]),
                known=frozenset(row["known"]),
                neighbours=frozenset(row["neighbours"]),
            )
            for row in rows
        ]

    async def completion(self, account_id: AccountId, *, since: datetime) -> tuple[int, int]:
        row = await self._connection.fetchrow(_SQL["completion"], account_id, since)
        assert row is not None  # an aggregate
        return row["total"], row["delivered"]

    async def find_for(self, asked: Sequence[tuple[AccountId, NumberId, str]]) -> list[Ear]:
        columns = [list(column) for column in zip(*asked, strict=True)] or [[], [], []]
        rows = await self._connection.fetch(_SQL["find_for"], *columns)
        settings = {row["account_id"]: _settings(row["settings"]) for row in rows if row["settings"] is not None}
        usual = _settings(None)
        return [Ear(settings.get(row["account_id"], usual), row["pool_id"], row["is_out"]) for row in rows]

    async def find_settings(self, account_id: AccountId) -> ConsentSettings:
        return _settings(await self._connection.fetchval(_SQL["find_settings"], account_id))

    async def save_settings(self, account_id: AccountId, settings: ConsentSettings, now: datetime) -> None:
        await self._connection.execute(_SQL["save_settings"], account_id, settings, now)

    async def add(self, record: ConsentRecord) -> None:
        await self._connection.execute(
            _SQL["add"],
            record.id,
            record.account_id,
            record.peer,
            record.pool_id,
            record.wish,
            record.source,
            record.own,
            record.text,
            record.created_at,
            record.message_id,
        )

    async def opt_out(self, scope: Scope, now: datetime) -> bool:
        made = await self._connection.fetchval(_SQL["opt_out"], scope.account_id, scope.peer, scope.scope, now)
        return made is not None

    async def opt_in(self, scope: Scope) -> None:
        await self._connection.execute(_SQL["opt_in"], scope.account_id, scope.peer, scope.scope)

    async def list_records(
        self, account_id: AccountId, peer: str, *, before: datetime | None, limit: int
    ) -> list[ConsentRecord]:
        rows = await self._connection.fetch(_SQL["list_records"], account_id, peer, before, limit)
        return [_record(row) for row in rows]

    async def heard_from(self, account_id: AccountId, peers: Sequence[str]) -> set[str]:
        rows = await self._connection.fetch(_SQL["heard_from"], account_id, peers)
        return {row["peer_target"] for row in rows}

    async def count_help(self, account_id: AccountId, peer: str, *, since: datetime) -> int:
        count: int = await self._connection.fetchval(_SQL["count_help"], account_id, peer, since)
        return count
