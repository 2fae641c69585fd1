"""Accounts' systems that bind by SMPP: made, read and changed by their owner, and let in."""

import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import AlreadyExists, LimitExceeded, NotFound
from dialplane.domain.ids import AccountId, SmppAccountId, new_id
from dialplane.domain.messaging.smpp_accounts import (
    MOST_ACCOUNTS,
    PASSWORD_LENGTH,
    LongMessages,
    SmppAccount,
    check_smpp_account,
)
from dialplane.services.identity.authentication import PasswordHasher
from dialplane.services.messaging.smpp_store import SmppSession
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database, Transaction

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class SmppAccountChange:
    """What its owner asks for, unchecked; None leaves a field as it is."""

    name: str | None = None
    detail: str | None = None
    rate: int | None = None
    window: int | None = None
    max_sessions: int | None = None
    inbound: bool | None = None
    long_messages: LongMessages | None = None

    def applied_to(self, account: SmppAccount) -> SmppAccount:
        """Raises Invalid naming the field."""
        given = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) is not None}
        changed = replace(account, **given)
        check_smpp_account(changed)
        return changed


@dataclass(frozen=True, slots=True)
class IssuedSmppAccount:
    """A system with the one and only showing of its password."""

    account: SmppAccount
    password: str = field(repr=False)


async def create_smpp_account(
    database: Database,
    hasher: PasswordHasher,
    account_id: AccountId,
    system_id: str | None,
    change: SmppAccountChange,
    now: datetime,
) -> IssuedSmppAccount:
    """Without a `system_id` one is drawn. Raises Invalid, AlreadyExists, LimitExceeded."""
    password = _password()
    made = change.applied_to(
        SmppAccount(
            SmppAccountId(new_id(now)),
            account_id,
            system_id or "dp" + "".join(secrets.choice(string.digits) for _ in range(10)),
            await hasher.hash(password),
            now,
        )
    )
    async with database.transaction() as tx:
        await load_account(tx, account_id, for_update=True)  # two creations at once count one after the other
        if await tx.smpp.count_accounts(account_id) >= MOST_ACCOUNTS:
            raise LimitExceeded(
                f"An account has {MOST_ACCOUNTS} SMPP accounts at most", reason="RESOURCE_LIMIT_EXCEEDED"
            )
        if not await tx.smpp.insert_account(made):
            raise AlreadyExists(f"The system_id {made.system_id} is taken", field="system_id")
    return IssuedSmppAccount(made, password)


async def list_smpp_accounts(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[SmppAccount]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.smpp.list_accounts(account_id, before=before, limit=limit)


async def get_smpp_account(
    database: Database, account_id: AccountId, smpp_account_id: SmppAccountId
) -> tuple[SmppAccount, Sequence[SmppSession]]:
    """With its live sessions. Raises NotFound for another account's too."""
    async with database.reading() as tx:
        found = await _get(tx, account_id, smpp_account_id)
        return found, await tx.smpp.list_sessions(found.id)


async def update_smpp_account(
    database: Database, account_id: AccountId, smpp_account_id: SmppAccountId, change: SmppAccountChange, now: datetime
) -> SmppAccount:
    """For sessions that are bound from now on. Raises NotFound, Invalid."""
    async with database.transaction() as tx:
        found = await _get(tx, account_id, smpp_account_id, lock=True)
        changed = replace(change.applied_to(found), updated_at=now)
        await tx.smpp.update_account(changed)
    return changed


async def renew_password(
    database: Database, hasher: PasswordHasher, account_id: AccountId, smpp_account_id: SmppAccountId, now: datetime
) -> IssuedSmppAccount:
    """The old one binds nobody any more; sessions go on. Raises NotFound."""
    password = _password()
    password_hash = await hasher.hash(password)
    async with database.transaction() as tx:
        found = await _get(tx, account_id, smpp_account_id, lock=True)
        changed = replace(found, password_hash=password_hash, updated_at=now)
        await tx.smpp.update_account(changed)
    return IssuedSmppAccount(changed, password)


async def delete_smpp_account(
    database: Database, account_id: AccountId, smpp_account_id: SmppAccountId, now: datetime
) -> SmppAccount:
    """Its sessions are ended within seconds, and nothing more is taken by them at once. Raises NotFound."""
    async with database.transaction() as tx:
        deleted = replace(await _get(tx, account_id, smpp_account_id, lock=True), updated_at=now, deleted_at=now)
        await tx.smpp.update_account(deleted)
    return deleted


async def let_in(
    database: Database, hasher: PasswordHasher, system_id: str, password: str, session: SmppSession
) -> SmppAccount | None:
    """The system that the name and the password are of, and its `session` opened as one of its own; None where they
    are nobody's: that takes as long.

    Raises LimitExceeded where it has as many sessions as it may.
    """
    async with database.reading() as tx:
        found = await tx.smpp.find_system(system_id)
    if not await hasher.verify(found.password_hash if found else None, password) or found is None:
        return None
    async with database.transaction() as tx:
        if not await tx.smpp.open_session(replace(session, owner_id=found.id), most=found.max_sessions):
            raise LimitExceeded(f"{system_id} has {found.max_sessions} sessions already")
    return found


async def open_session(database: Database, session: SmppSession) -> None:
    """Of ours with a carrier."""
    async with database.transaction() as tx:
        await tx.smpp.open_session(session)


async def close_session(database: Database, session_id: UUID, *, in_order: bool) -> None:
    """`in_order`: the system has had every answer, so that nothing of it comes again."""
    async with database.transaction() as tx:
        await tx.smpp.close_session(session_id, in_order=in_order)


async def find_systems(
    database: Database, smpp_account_ids: Sequence[SmppAccountId]
) -> Mapping[SmppAccountId, SmppAccount]:
    """Those of them that may still be bound."""
    async with database.reading() as tx:
        found = [await tx.smpp.get_system(each) for each in smpp_account_ids]
    return {each.id: each for each in found if each is not None}


def _password() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(PASSWORD_LENGTH))


async def _get(
    tx: Transaction, account_id: AccountId, smpp_account_id: SmppAccountId, *, lock: bool = False
) -> SmppAccount:
    found = await tx.smpp.find_account(account_id, smpp_account_id, lock=lock)
    if found is None:
        raise NotFound("There is no such SMPP account", reason="SMPP_ACCOUNT_NOT_FOUND")
    return found
