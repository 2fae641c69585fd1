"""settings in Postgres (owner fills in)."""

from dialplane.adapters.postgres.connection import Connection


class PostgresSettingStore:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
