"""Direct hashes that open a conversation, in Postgres."""

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.services.identity.visits import DirectLink

_SQL = queries("direct_links")


class PostgresDirectLinkStore:
    """Fulfils `services.identity.visits.DirectLinkStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, direct_hash: str) -> DirectLink | None:
        row = await self._connection.fetchrow(_SQL["find"], direct_hash)
        if row is None:
            return None
        status = AccountStatus(row["account_status"])
        return DirectLink(row["resource_type"], row["resource_id"], AccountId(row["account_id"]), status)
