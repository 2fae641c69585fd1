"""Notifications as a resource: written by programs, listed and read by their owner."""

from datetime import datetime
from typing import Protocol

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, CallId, NotificationId, new_id
from dialplane.domain.programs.commands import WriteNotification
from dialplane.domain.programs.notifications import Notification, NotificationQuery, notification_of
from dialplane.services.transaction import Database, Transaction


class NotificationStore(Protocol):
    """Port."""

    async def add(self, notification: Notification) -> None: ...

    async def find(self, account_id: AccountId, notification_id: NotificationId) -> Notification | None: ...

    async def query(self, account_id: AccountId, query: NotificationQuery) -> tuple[list[Notification], int]:
        """One page, newest first, and how many there are in all."""
        ...


async def write_notification(
    database: Database,
    account_id: AccountId,
    command: WriteNotification,
    *,
    call_id: CallId | None,
    api_version: str,
    now: datetime,
) -> Notification:
    async with database.transaction() as tx:
        return await note(tx, account_id, command, call_id=call_id, api_version=api_version, now=now)


async def note(
    tx: Transaction,
    account_id: AccountId,
    command: WriteNotification,
    *,
    call_id: CallId | None,
    api_version: str,
    now: datetime,
) -> Notification:
    """As `write_notification`, inside the caller's transaction."""
    notification = notification_of(
        command,
        id=NotificationId(new_id(now)),
        account_id=account_id,
        call_id=call_id,
        api_version=api_version,
        now=now,
    )
    await tx.notifications.add(notification)
    return notification


async def get_notification(database: Database, account_id: AccountId, notification_id: NotificationId) -> Notification:
    """Raises NotFound for another account's, too."""
    async with database.reading() as tx:
        found = await tx.notifications.find(account_id, notification_id)
    if found is None:
        raise NotFound("There is no such notification", reason="RESOURCE_NOT_FOUND")
    return found


async def list_notifications(
    database: Database, account_id: AccountId, query: NotificationQuery
) -> tuple[list[Notification], int]:
    """One page, newest first, and how many there are in all. Those of a call: raises NotFound where there is none."""
    async with database.reading() as tx:
        if query.call_id is not None and await tx.calls.find(account_id, query.call_id) is None:
            raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
        return await tx.notifications.query(account_id, query)
