"""The portal's sessions and mails in Postgres."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.people import read_person
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.identity.people import Person
from dialplane.domain.identity.portal import MailStatus, PortalMail, Session
from dialplane.domain.ids import PersonId, SessionId

_SQL = queries("portal")


class PostgresSessionStore:
    """Fulfils `services.identity.sign_in.SessionStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def insert(self, session: Session) -> None:
        await self._connection.execute(
            _SQL["insert_session"], session.id, session.token_hash, session.person_id, session.is_complete,
            session.address, session.user_agent, session.created_at, session.seen_at, session.ended_at, session.notice,
        )  # fmt: skip

    async def find_signed_in(self, token_hash: bytes) -> tuple[Session, Person] | None:
        row = await self._connection.fetchrow(_SQL["find_signed_in"], token_hash)
        if row is None:
            return None
        session = Session(
            id=row["session_id"],
            token_hash=token_hash,
            person_id=row["id"],
            is_complete=row["is_complete"],
            address=row["address"],
            user_agent=row["user_agent"],
            created_at=row["began_at"],
            seen_at=row["seen_at"],
            notice=row["notice"],
        )
        return session, read_person(row, self._seal)

    async def touch(self, session_id: SessionId, now: datetime) -> None:
        await self._connection.execute(_SQL["touch"], session_id, now)

    async def set_token(self, session_id: SessionId, token_hash: bytes) -> None:
        await self._connection.execute(_SQL["set_token"], session_id, token_hash)

    async def set_notice(self, session_id: SessionId, notice: dict[str, str] | None) -> None:
        await self._connection.execute(_SQL["set_notice"], session_id, notice)

    async def end(self, session_id: SessionId, person_id: PersonId, now: datetime) -> bool:
        return await self._connection.fetchval(_SQL["end"], session_id, person_id, now) is not None

    async def end_all(self, person_id: PersonId, now: datetime, *, but: SessionId | None = None) -> None:
        await self._connection.execute(_SQL["end_all"], person_id, now, but)

    async def list_for(self, person_id: PersonId, *, limit: int) -> Sequence[Session]:
        rows = await self._connection.fetch(_SQL["list_sessions"], person_id, limit)
        return [Session(**row) for row in rows]

    async def forget(self, *, before: datetime) -> None:
        await self._connection.execute(_SQL["forget_sessions"], before)


class PostgresPortalMailStore:
    """Fulfils `services.identity.portal_mail.PortalMailStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def save(self, mail: PortalMail) -> None:
        await self._connection.execute(_SQL["save_mail"], replace(mail, content=self._seal.close(mail.content)))

    async def lease_due(self, now: datetime, *, until: datetime, limit: int) -> Sequence[PortalMail]:
        return [self._mail(row) for row in await self._connection.fetch(_SQL["lease_mails"], now, until, limit)]

    async def list_recent(self, *, limit: int) -> Sequence[PortalMail]:
        return [self._mail(row) for row in await self._connection.fetch(_SQL["list_mails"], limit)]

    async def forget(self, *, before: datetime) -> None:
        await self._connection.execute(_SQL["forget_mails"], before)

    def _mail(self, row: asyncpg.Record) -> PortalMail:
        fields = {**row, "status": MailStatus(row["status"]), "content": self._seal.open(row["content"])}
        return PortalMail(**fields)
