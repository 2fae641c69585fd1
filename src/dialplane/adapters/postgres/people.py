"""People, memberships and links in Postgres."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.identity.people import Membership, Person, Role
from dialplane.domain.identity.portal import Link, LinkPurpose, SignUp
from dialplane.domain.ids import AccountId, PersonId
from dialplane.services.identity.people import Member, Project

_SQL = queries("people")


class PostgresPersonStore:
    """Fulfils `services.identity.people.PersonStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def insert(self, person: Person) -> None:
        try:
            await self._connection.execute(_SQL["insert"], self._sealed(person))
        except asyncpg.UniqueViolationError as fault:
            raise AlreadyExists("This address has an account already", field="email") from fault

    async def update(self, person: Person) -> None:
        await self._connection.execute(_SQL["update"], self._sealed(person))

    async def find(self, person_id: PersonId, *, lock: bool = False) -> Person | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], person_id)
        return None if row is None else read_person(row, self._seal)

    async def find_by_email(self, email: str) -> Person | None:
        row = await self._connection.fetchrow(_SQL["find_by_email"], email)
        return None if row is None else read_person(row, self._seal)

    async def list_operators(self) -> Sequence[Person]:
        return [read_person(row, self._seal) for row in await self._connection.fetch(_SQL["list_operators"])]

    async def lock_operators(self) -> Sequence[PersonId]:
        return [row["id"] for row in await self._connection.fetch(_SQL["lock_operators"])]

    async def add_membership(self, membership: Membership) -> None:
        given = membership.person_id, membership.account_id, membership.role.value, membership.created_at
        try:
            await self._connection.execute(_SQL["add_membership"], *given)
        except asyncpg.UniqueViolationError as fault:
            raise AlreadyExists("This person is in the project already", field="email") from fault

    async def find_membership(
        self, person_id: PersonId, account_id: AccountId, *, lock: bool = False
    ) -> Membership | None:
        name = "lock_membership" if lock else "find_membership"
        row = await self._connection.fetchrow(_SQL[name], person_id, account_id)
        return None if row is None else Membership(**{**row, "role": Role(row["role"])})

    async def set_role(self, membership: Membership) -> None:
        given = membership.person_id, membership.account_id, membership.role.value
        await self._connection.execute(_SQL["set_role"], *given)

    async def remove_membership(self, person_id: PersonId, account_id: AccountId) -> None:
        await self._connection.execute(_SQL["remove_membership"], person_id, account_id)

    async def list_projects(self, person_id: PersonId, *, after: str = "", limit: int) -> Sequence[Project]:
        rows = await self._connection.fetch(_SQL["list_projects"], person_id, after, limit)
        return [Project(**{**row, "role": Role(row["role"])}) for row in rows]

    async def list_members(self, account_id: AccountId, *, limit: int) -> Sequence[Member]:
        rows = await self._connection.fetch(_SQL["list_members"], account_id, limit)
        return [Member(**{**row, "role": Role(row["role"])}) for row in rows]

    async def lock_owners(self, account_id: AccountId) -> Sequence[PersonId]:
        return [row["person_id"] for row in await self._connection.fetch(_SQL["lock_owners"], account_id)]

    def _sealed(self, person: Person) -> Person:
        return replace(person, totp_secret=self._seal.close(person.totp_secret))


def read_person(row: asyncpg.Record, seal: Seal) -> Person:
    fields = {name: row[name] for name in Person.__slots__}
    return Person(**{**fields, "totp_secret": seal.open(row["totp_secret"])})


class PostgresLinkStore:
    """Fulfils `services.identity.people.LinkStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, link: Link) -> None:
        fields = {**asdict(link), "token_hash": f"\\x{link.token_hash.hex()}"}
        await self._connection.execute(_SQL["add_link"], fields)

    async def find(self, token_hash: bytes) -> Link | None:
        row = await self._connection.fetchrow(_SQL["find_link"], token_hash)
        return None if row is None else _link(row)

    async def take(self, token_hash: bytes, now: datetime) -> Link | None:
        row = await self._connection.fetchrow(_SQL["take_link"], token_hash, now)
        return None if row is None else _link(row)

    async def list_invitations(self, account_id: AccountId, now: datetime) -> Sequence[Link]:
        return [_link(row) for row in await self._connection.fetch(_SQL["list_invitations"], account_id, now)]

    async def revoke_invitation(self, account_id: AccountId, email: str, now: datetime) -> None:
        await self._connection.execute(_SQL["revoke_invitation"], account_id, email, now)

    async def void(self, person_id: PersonId, now: datetime) -> None:
        await self._connection.execute(_SQL["void_links"], person_id, now)

    async def forget(self, *, before: datetime) -> None:
        await self._connection.execute(_SQL["forget_links"], before)


def _link(row: asyncpg.Record) -> Link:
    fields = dict(row)
    fields["purpose"] = LinkPurpose(fields["purpose"])
    fields["sign_up"] = fields["sign_up"] and SignUp(**fields["sign_up"])
    return Link(**fields)
