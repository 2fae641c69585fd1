"""Passkeys and recovery codes in Postgres."""

from collections.abc import Collection, Sequence
from dataclasses import astuple
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.identity.portal import Passkey
from dialplane.domain.ids import PasskeyId, PersonId

_SQL = queries("passkeys")


class PostgresPasskeyStore:
    """Fulfils `services.identity.passkeys.PasskeyStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert(self, passkey: Passkey) -> None:
        try:
            await self._connection.execute(_SQL["insert"], *astuple(passkey))
        except asyncpg.UniqueViolationError as fault:
            raise AlreadyExists("This passkey is known already", field="passkey") from fault

    async def find(self, credential_id: bytes) -> Passkey | None:
        row = await self._connection.fetchrow(_SQL["find"], credential_id)
        return None if row is None else Passkey(**row)

    async def note_use(self, passkey: Passkey) -> None:
        await self._connection.execute(_SQL["note_use"], passkey.id, passkey.sign_count, passkey.last_used_at)

    async def list_for(self, person_id: PersonId) -> Sequence[Passkey]:
        return [Passkey(**row) for row in await self._connection.fetch(_SQL["list_for"], person_id)]

    async def has_any(self, person_id: PersonId) -> bool:
        found: bool = await self._connection.fetchval(_SQL["has_any"], person_id)
        return found

    async def remove(self, person_id: PersonId, passkey_id: PasskeyId) -> bool:
        return await self._connection.fetchval(_SQL["remove"], person_id, passkey_id) is not None

    async def put_challenge(self, token_hash: bytes, challenge: bytes, expires_at: datetime) -> None:
        await self._connection.execute(_SQL["put_challenge"], token_hash, challenge, expires_at)

    async def take_challenge(self, token_hash: bytes, now: datetime) -> bytes | None:
        row = await self._connection.fetchrow(_SQL["take_challenge"], token_hash)
        return row["challenge"] if row is not None and row["expires_at"] > now else None

    async def forget_challenges(self, *, before: datetime) -> None:
        await self._connection.execute(_SQL["forget_challenges"], before)


class PostgresRecoveryCodeStore:
    """Fulfils `services.identity.second_step.RecoveryCodeStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def replace_all(self, person_id: PersonId, hashes: Collection[bytes]) -> None:
        await self._connection.execute(_SQL["remove_codes"], person_id)
        await self._connection.execute(_SQL["add_codes"], person_id, list(hashes))

    async def spend(self, person_id: PersonId, code_hash: bytes, now: datetime) -> bool:
        return await self._connection.fetchval(_SQL["spend_code"], person_id, code_hash, now) is not None

    async def count_left(self, person_id: PersonId) -> int:
        found: int = await self._connection.fetchval(_SQL["count_codes"], person_id)
        return found
