"""What passed between an account and somebody, in Postgres."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from dialplane.adapters.postgres.calls import LOOKED_THROUGH
from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.contacts import Interaction

_SQL = queries("interactions")


class PostgresInteractionStore:
    """Fulfils `services.messaging.contacts.InteractionStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list_with(
        self, account_id: AccountId, targets: Sequence[str], *, before: datetime | None, limit: int
    ) -> list[Interaction]:
        rows = await self._connection.fetch(_SQL["list_with"], account_id, list(targets), before, limit, LOOKED_THROUGH)
        return [msgspec.convert(dict(row), Interaction, strict=False) for row in rows]
