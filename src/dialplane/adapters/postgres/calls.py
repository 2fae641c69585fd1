"""Calls, refused calls, voice nodes and their mailboxes in Postgres."""

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter

import asyncpg
import msgspec

from dialplane.adapters.postgres.call_search import count_sql, log_end_sql, log_sql, page_sql
from dialplane.adapters.postgres.connection import Connection, id_array, queries
from dialplane.domain.addresses import Address
from dialplane.domain.calling.call_queries import CallLogPage, CallLogQuery, CallQuery
from dialplane.domain.calling.calls import Call, CallExtras, CallStatus, Direction, HangupBy, HangupReason
from dialplane.domain.calling.defence import DefenceReport, NodeDefence
from dialplane.domain.ids import AccountId, CallId
from dialplane.services.calling.calls import NodeCommand, RefusedCall

_SQL = queries("calls")
LOOKED_THROUGH = 50_000
"""Calls of one account, the newest, where they are looked for by party."""
_CHANGING = (
    "id", "status", "flow_id", "run_id", "chained_call_ids", "recording_ids", "sip_call_id", "node", "action",
    "hangup_by", "hangup_reason", "sip_code", "cause", "cause_text", "metadata", "extras", "ringing_at",
    "progressing_at", "ended_at", "updated_at",
)  # fmt: skip
"""What of a call is not as it was when the call began."""
_changes = attrgetter(*_CHANGING)


def _call(row: asyncpg.Record) -> Call:
    fields = dict(row)
    fields["action"] = fields.pop("now_running", None) or fields["action"]
    fields["direction"] = Direction(fields["direction"])
    fields["status"] = CallStatus(fields["status"])
    fields["hangup_by"] = HangupBy(fields["hangup_by"])
    fields["hangup_reason"] = HangupReason(fields["hangup_reason"])
    fields["source"] = Address(**fields["source"])
    fields["destination"] = Address(**fields["destination"])
    fields["chained_call_ids"] = tuple(fields["chained_call_ids"])
    fields["recording_ids"] = tuple(fields["recording_ids"])
    if (extras := fields["extras"]) is not None:
        fields["extras"] = msgspec.convert(extras, CallExtras, strict=False)
    return Call(**fields)


class PostgresCallStore:
    """Fulfils `services.calling.calls.CallStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save_many(self, calls: Sequence[Call]) -> None:
        await self._connection.execute(_SQL["save_many"], calls)

    async def update_many(self, calls: Sequence[Call]) -> set[CallId]:
        changes = [dict(zip(_CHANGING, _changes(call), strict=True)) for call in calls]
        ids = [call.id for call in calls]
        if not ids:
            return set()
        rows = await self._connection.fetch(_SQL["update_many"], id_array(ids), changes, min(ids), max(ids))
        return {row["id"] for row in rows}

    async def refuse_many(self, refused: Sequence[RefusedCall]) -> None:
        await self._connection.execute(_SQL["refuse_many"], refused)

    async def list_refused(self, *, before: datetime | None, limit: int) -> list[RefusedCall]:
        rows = await self._connection.fetch(_SQL["list_refused"], before, limit)
        return [RefusedCall(**row) for row in rows]

    async def find(self, account_id: AccountId, call_id: CallId) -> Call | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, call_id)
        return None if row is None else _call(row)

    async def find_live(self, call_id: CallId) -> Call | None:
        row = await self._connection.fetchrow(_SQL["find_live"], call_id)
        return None if row is None else _call(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Call]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, before, limit)
        return [_call(row) for row in rows]

    async def list_with(
        self, account_id: AccountId, targets: Sequence[str], *, before: datetime | None, limit: int
    ) -> list[Call]:
        rows = await self._connection.fetch(_SQL["list_with"], account_id, list(targets), before, limit, LOOKED_THROUGH)
        return [_call(row) for row in rows]

    async def search(self, query: CallQuery) -> tuple[list[Call], int]:
        sql, arguments = page_sql(query)
        rows = await self._connection.fetch(sql, *arguments)
        sql, arguments = count_sql(query)
        return [_call(row) for row in rows], int(await self._connection.fetchval(sql, *arguments))

    async def log(self, account_id: AccountId, query: CallLogQuery) -> CallLogPage:
        sql, arguments = log_sql(query, account_id)
        calls = tuple(_call(row) for row in await self._connection.fetch(sql, *arguments))
        if len(calls) >= query.limit or not query.is_filtered:
            return CallLogPage(calls)
        sql, arguments = log_end_sql(query, account_id)
        row = await self._connection.fetchrow(sql, *arguments)
        return CallLogPage(calls, None if row is None else (row["created_at"], CallId(row["id"])))

    async def list_live(self, account_id: AccountId, *, limit: int) -> list[Call]:
        return [_call(row) for row in await self._connection.fetch(_SQL["list_live"], account_id, limit)]

    async def delete(self, account_id: AccountId, call_id: CallId, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], account_id, call_id, now)

    async def live_of(self, accounts: Collection[AccountId]) -> list[Call]:
        return [_call(row) for row in await self._connection.fetch(_SQL["live_of"], list(accounts))]

    async def live_on(self, node: str) -> list[Call]:
        return [_call(row) for row in await self._connection.fetch(_SQL["live_on"], node)]

    async def list_defences(self, *, seen_after: datetime) -> list[NodeDefence]:
        return [
            NodeDefence(row["name"], row["seen_at"], msgspec.convert(row["defence"], DefenceReport))
            for row in await self._connection.fetch(_SQL["list_defences"], seen_after)
        ]

    async def last_seen(self, node: str) -> datetime | None:
        seen: datetime | None = await self._connection.fetchval(_SQL["last_seen"], node)
        return seen

    async def pick_node(self, *, seen_after: datetime) -> str | None:
        name: str | None = await self._connection.fetchval(_SQL["pick_node"], seen_after)
        return name

    async def post_commands(self, commands: Sequence[NodeCommand]) -> None:
        await self._connection.execute(_SQL["post_commands"], commands)

    async def take_commands(self, node: str, *, limit: int) -> list[NodeCommand]:
        rows = await self._connection.fetch(_SQL["take_commands"], node, limit)
        return sorted((NodeCommand(**dict(row)) for row in rows), key=lambda command: command.id)
