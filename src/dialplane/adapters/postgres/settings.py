"""Settings of the installation in Postgres."""

from dialplane.adapters.postgres.connection import Connection, queries


class PostgresSettingStore:
    """Fulfils `services.settings.SettingStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sql = queries("settings")

    async def find(self, name: str) -> object | None:
        value: object | None = await self._connection.fetchval(self._sql["find_setting"], name)
        return value

    async def put(self, name: str, value: object) -> None:
        await self._connection.execute(self._sql["put_setting"], name, value)

    async def put_if_absent(self, name: str, value: object) -> object:
        stands: object = await self._connection.fetchval(self._sql["put_setting_if_absent"], name, value)
        return stands

    async def delete(self, name: str) -> None:
        await self._connection.execute(self._sql["delete_setting"], name)

    async def wake_workers(self) -> None:
        await self._connection.execute(self._sql["wake_workers"])
