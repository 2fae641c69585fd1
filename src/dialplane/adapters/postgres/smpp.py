"""SMPP for accounts' systems, in Postgres."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.link import SMPP_LOCK
from dialplane.domain.ids import AccountId, MessageId, SmppAccountId
from dialplane.domain.messaging.smpp_accounts import LongMessages, SmppAccount
from dialplane.services.messaging.smpp_store import Delivery, SmppSession, Taken

_SQL = queries("smpp")


def _account(row: asyncpg.Record) -> SmppAccount:
    return SmppAccount(**(dict(row) | {"long_messages": LongMessages(row["long_messages"])}))


def _found(row: asyncpg.Record | None) -> SmppAccount | None:
    return None if row is None else _account(row)


def _delivery(row: asyncpg.Record) -> Delivery:
    body: Mapping[str, object] = row["body"]
    facts = {name: row[name] for name in ("id", "smpp_account_id", "attempts", "created_at")}
    return msgspec.convert({**body, **facts}, Delivery, strict=False)


_BODY = ("source", "destination", "user_data", "data_coding", "esm_class", "tlvs")


class PostgresSmppStore:
    """Fulfils `services.messaging.smpp_store.SmppStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert_account(self, account: SmppAccount) -> bool:
        made = await self._connection.fetchval(
            _SQL["insert_account"],
            account.id,
            account.account_id,
            account.system_id,
            *_changing(account),
            account.created_at,
        )
        return made is not None

    async def update_account(self, account: SmppAccount) -> None:
        await self._connection.execute(
            _SQL["update_account"], account.id, *_changing(account), account.updated_at, account.deleted_at
        )

    async def find_account(
        self, account_id: AccountId, smpp_account_id: SmppAccountId, *, lock: bool = False
    ) -> SmppAccount | None:
        query = _SQL["lock_account" if lock else "find_account"]
        return _found(await self._connection.fetchrow(query, account_id, smpp_account_id))

    async def find_system(self, system_id: str) -> SmppAccount | None:
        return _found(await self._connection.fetchrow(_SQL["find_system"], system_id))

    async def get_system(self, smpp_account_id: SmppAccountId) -> SmppAccount | None:
        return _found(await self._connection.fetchrow(_SQL["get_system"], smpp_account_id))

    async def list_accounts(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[SmppAccount]:
        rows = await self._connection.fetch(_SQL["list_accounts"], account_id, before, limit)
        return [_account(row) for row in rows]

    async def count_accounts(self, account_id: AccountId) -> int:
        found: int = await self._connection.fetchval(_SQL["count_accounts"], account_id)
        return found

    async def receivers(self, account_id: AccountId) -> list[SmppAccount]:
        return [_account(row) for row in await self._connection.fetch(_SQL["receivers"], account_id)]

    async def open_session(self, session: SmppSession, *, most: int | None = None) -> bool:
        if most is not None:
            await self._connection.execute(_SQL["lock_owner"], session.owner_id)
            if len(await self.list_sessions(session.owner_id)) >= most:
                return False
        await self._connection.execute(_SQL["open_session"], *asdict(session).values())
        return True

    async def close_session(self, session_id: UUID, *, in_order: bool) -> None:
        await self._connection.execute(_SQL["close_session"], session_id)
        if in_order:
            await self._connection.execute(_SQL["forget_answers"], session_id)

    async def list_sessions(self, owner_id: UUID) -> list[SmppSession]:
        rows = await self._connection.fetch(_SQL["live_sessions"], owner_id, SMPP_LOCK)
        return [SmppSession(**row) for row in rows]

    async def free_dead(self) -> None:
        await self._connection.execute(_SQL["free_dead"], SMPP_LOCK)

    async def claim_resent(self, taken: Taken, *, since: datetime) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(
            _SQL["claim_resent"],
            taken.owner_id,
            taken.fingerprint,
            taken.session_id,
            taken.sequence,
            taken.reference,
            since,
            SMPP_LOCK,
        )
        return found

    async def add_taken(self, taken: Taken) -> None:
        await self._connection.execute(_SQL["add_taken"], *asdict(taken).values())

    async def lock_parts(self, owner_id: UUID, part_of: str) -> None:
        await self._connection.execute(_SQL["lock_parts"], owner_id, part_of)

    async def parts(self, owner_id: UUID, part_of: str, *, since: datetime) -> list[Taken]:
        await self._connection.execute(_SQL["drop_old_parts"], owner_id, part_of, since)
        return [Taken(**row) for row in await self._connection.fetch(_SQL["parts"], owner_id, part_of)]

    async def join_parts(self, owner_id: UUID, part_of: str, message_id: MessageId) -> None:
        await self._connection.execute(_SQL["join_parts"], owner_id, part_of, message_id)

    async def find_taken(self, owner_id: UUID, taken_id: UUID) -> Taken | None:
        row = await self._connection.fetchrow(_SQL["find_taken"], owner_id, taken_id)
        return None if row is None else Taken(**row)

    async def waiting_between(self, owner_id: UUID, source: str, destination: str) -> list[MessageId]:
        rows = await self._connection.fetch(_SQL["waiting_between"], owner_id, source, destination)
        return [row["id"] for row in rows]

    async def turn_into(self, taken_id: UUID, message_id: MessageId | None, *, wanted: int) -> None:
        await self._connection.execute(_SQL["turn_into"], taken_id, message_id, wanted)

    async def drop_parts(self, owner_id: UUID, part_of: str) -> None:
        await self._connection.execute(_SQL["drop_parts"], owner_id, part_of)

    async def note_answered(self, ids: Sequence[UUID]) -> None:
        await self._connection.execute(_SQL["note_answered"], ids)

    async def taken_of(self, message_id: MessageId) -> list[Taken]:
        return [Taken(**row) for row in await self._connection.fetch(_SQL["taken_of"], message_id)]

    async def settle_receipts(self, message_id: MessageId) -> None:
        await self._connection.execute(_SQL["settle_receipts"], message_id)

    async def add_deliveries(self, deliveries: Sequence[Delivery], *, due_at: datetime) -> None:
        await self._connection.execute(
            _SQL["add_deliveries"],
            [each.id for each in deliveries],
            [each.smpp_account_id for each in deliveries],
            [{name: getattr(each, name) for name in _BODY} for each in deliveries],
            [due_at] * len(deliveries),
            [each.created_at for each in deliveries],
        )

    async def claim_deliveries(
        self, smpp_account_id: SmppAccountId, node: int, *, now: datetime, limit: int
    ) -> list[Delivery]:
        rows = await self._connection.fetch(_SQL["claim_deliveries"], smpp_account_id, node, now, limit)
        return sorted(map(_delivery, rows), key=lambda each: each.id)

    async def drop_deliveries(self, ids: Sequence[UUID]) -> None:
        await self._connection.execute(_SQL["drop_deliveries"], ids)

    async def return_deliveries(self, ids: Sequence[UUID], *, due_at: datetime) -> None:
        await self._connection.execute(_SQL["return_deliveries"], ids, due_at)

    async def forget(self, *, parts_before: datetime, taken_before: datetime, deliveries_before: datetime) -> None:
        await self._connection.execute(_SQL["forget"], parts_before, taken_before, deliveries_before)


def _changing(account: SmppAccount) -> tuple[object, ...]:
    """What may change, in the order of both writes."""
    return (
        account.password_hash,
        account.name,
        account.detail,
        account.rate,
        account.window,
        account.max_sessions,
        account.inbound,
        account.long_messages.value,
    )
