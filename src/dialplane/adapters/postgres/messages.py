"""messages in Postgres (owner fills in)."""

from dialplane.adapters.postgres.connection import Connection


class PostgresMessageStore:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
