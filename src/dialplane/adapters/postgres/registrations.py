"""Extensions as subscribers and their bindings, in Postgres."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.number_settings import read_fetch
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.calling.media import ANY_AUDIO, MediaProfile, SrtpPolicy
from dialplane.domain.ids import AccountId, ExtensionId, OrganizationId
from dialplane.domain.numbering.number_settings import target_of
from dialplane.services.calling.registrations import Binding, Subscriber

_SQL = queries("registrations")


def _subscriber(row: asyncpg.Record, seal: Seal) -> Subscriber:
    password = seal.open(row["password"])
    voice = target_of(read_fetch(row["voice"])) if row["voice"] else None
    is_usual = row["srtp"] == SrtpPolicy.OPTIONAL and not row["codecs"]
    media = ANY_AUDIO if is_usual else MediaProfile(SrtpPolicy(row["srtp"]), tuple(row["codecs"]))
    return Subscriber(row["id"], row["account_id"], row["organization_id"], row["extension"], password, voice, media)


class PostgresRegistrationStore:
    """Fulfils `services.calling.registrations.RegistrationStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def _one(self, row: asyncpg.Record | None) -> Subscriber | None:
        return None if row is None else _subscriber(row, self._seal)

    async def find_subscribers(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Subscriber]:
        users, domains = [user for user, _ in names], [domain for _, domain in names]
        found: dict[tuple[str, str], Subscriber] = {}
        for row in await self._connection.fetch(_SQL["find_subscribers"], users, domains):
            found[row["wanted_user"], row["wanted_domain"]] = _subscriber(row, self._seal)
        return found

    async def find_extension(self, account_id: AccountId, extension_id: ExtensionId) -> Subscriber | None:
        return self._one(await self._connection.fetchrow(_SQL["find_extension"], account_id, extension_id))

    async def find_extension_named(self, account_id: AccountId, extension: str) -> Subscriber | None:
        return self._one(await self._connection.fetchrow(_SQL["find_extension_named"], account_id, extension))

    async def bindings(self, extension_id: ExtensionId, now: datetime) -> list[Binding]:
        return [Binding(**dict(row)) for row in await self._connection.fetch(_SQL["bindings"], extension_id, now)]

    async def lock(self, extension_id: ExtensionId) -> None:
        await self._connection.execute(_SQL["lock"], extension_id)

    async def replace_bindings(self, extension_id: ExtensionId, bindings: Sequence[Binding]) -> None:
        await self._connection.execute(_SQL["remove_bindings"], extension_id)
        await self._connection.execute(_SQL["add_bindings"], extension_id, bindings)

    async def remove_flows(self, node: str, source: tuple[str, int] | None) -> None:
        host, port = source or (None, None)
        await self._connection.execute(_SQL["remove_flows"], node, host, port)

    async def find_caller_at(self, host: str, port: int, now: datetime) -> Subscriber | None:
        return self._one(await self._connection.fetchrow(_SQL["find_caller_at"], host, port, now))

    async def organization_of(self, domain: str) -> OrganizationId | None:
        found: OrganizationId | None = await self._connection.fetchval(_SQL["organization_of"], domain)
        return found
