"""idempotency in Postgres (owner fills in)."""

from dialplane.adapters.postgres.connection import Connection


class PostgresIdempotencyStore:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
