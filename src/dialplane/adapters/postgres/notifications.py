"""Notifications in Postgres."""

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, NotificationId
from dialplane.domain.programs.notifications import Notification, NotificationQuery

_SQL = queries("notifications")


class PostgresNotificationStore:
    """Fulfils `services.programs.notifications.NotificationStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, notification: Notification) -> None:
        await self._connection.execute(_SQL["add"], [notification])

    async def find(self, account_id: AccountId, notification_id: NotificationId) -> Notification | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, notification_id)
        return None if row is None else Notification(**dict(row))

    async def query(self, account_id: AccountId, query: NotificationQuery) -> tuple[list[Notification], int]:
        given = (
            account_id, query.call_id, query.since, query.until, query.error_code, query.request_url, query.message,
            query.log,
        )  # fmt: skip
        rows = await self._connection.fetch(_SQL["query"], *given, query.after, query.offset, query.limit)
        total = await self._connection.fetchval(_SQL["count"], *given)
        return [Notification(**dict(row)) for row in rows], int(total)
