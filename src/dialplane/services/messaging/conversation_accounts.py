"""Accounts at other networks as a resource: made, read, changed and deleted by their owner.

No network but the PSTN's is carried yet: what is kept here is for whoever adds one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dialplane.domain.errors import LimitExceeded, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.conversation_accounts import MOST_ACCOUNTS, ConversationAccount
from dialplane.services.eventing.events import publish
from dialplane.services.programs.flows import find_flow
from dialplane.services.shapes.conversation_accounts import conversation_account_shape
from dialplane.services.transaction import Database, Transaction


class ConversationAccountStore(Protocol):
    """Port. Deleted ones are not found."""

    async def save(self, account: ConversationAccount) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find(self, account_id: AccountId, wanted: UUID) -> ConversationAccount | None: ...

    async def list_for(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> Sequence[ConversationAccount]: ...

    async def count(self, account_id: AccountId) -> int: ...


async def create_conversation_account(database: Database, account: ConversationAccount) -> ConversationAccount:
    """Raises NotFound (FLOW_NOT_FOUND), LimitExceeded."""
    async with database.transaction() as tx:
        if await tx.conversation_accounts.count(account.account_id) >= MOST_ACCOUNTS:
            raise LimitExceeded(f"There are {MOST_ACCOUNTS} of them at most", reason="RESOURCE_LIMIT_EXCEEDED")
        await _save(tx, account, "account_created", account.created_at)
    return account


async def list_conversation_accounts(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[ConversationAccount]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.conversation_accounts.list_for(account_id, before=before, limit=limit)


async def get_conversation_account(database: Database, account_id: AccountId, wanted: UUID) -> ConversationAccount:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await _load(tx, account_id, wanted)


async def update_conversation_account(
    database: Database, account_id: AccountId, wanted: UUID, fields: Mapping[str, Any], now: datetime
) -> ConversationAccount:
    """Change the given fields. Raises NotFound (of the flow too)."""
    async with database.transaction() as tx:
        changed = replace(await _load(tx, account_id, wanted), **fields, updated_at=now)
        await _save(tx, changed, "account_updated", now)
    return changed


async def delete_conversation_account(
    database: Database, account_id: AccountId, wanted: UUID, now: datetime
) -> ConversationAccount:
    """Raises NotFound."""
    async with database.transaction() as tx:
        found = await _load(tx, account_id, wanted)
        deleted = replace(found, secret="", token="", app_secret="", updated_at=now, deleted_at=now)
        await _save(tx, deleted, "account_deleted", now)
    return deleted


async def _load(tx: Transaction, account_id: AccountId, wanted: UUID) -> ConversationAccount:
    found = await tx.conversation_accounts.find(account_id, wanted)
    if found is None:
        raise NotFound("There is no such conversation account", reason="CONVERSATION_ACCOUNT_NOT_FOUND")
    return found


async def _save(tx: Transaction, account: ConversationAccount, kind: str, now: datetime) -> None:
    if account.message_flow_id is not None and account.deleted_at is None:
        await find_flow(tx, account.account_id, account.message_flow_id)
    await tx.conversation_accounts.save(account)
    await publish(tx, Event(account.account_id, kind, account.id, conversation_account_shape(account), now))
