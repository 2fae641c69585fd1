"""Brings a database to this version's schema, and seals what secrets it holds readable."""

import asyncio

import structlog

from dialplane.adapters.postgres.grants import NoSuchRoleError, grant_to
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.postgres.sealed_columns import open_seal, seal_readable
from dialplane.bootstrap.store import usable_store
from dialplane.config.settings import Settings
from dialplane.config.values import SettingError

log = structlog.get_logger()


def run(settings: Settings, *, app_role: str = "") -> None:
    """`app_role`: who the processes are on the database, where that is not its owner. Raises SettingError."""
    asyncio.run(_migrate(settings, app_role))


async def _migrate(settings: Settings, app_role: str) -> None:
    with usable_store(settings) as dsn:
        applied = await migrate(dsn)
        sealed = await seal_readable(dsn, await open_seal(dsn, settings.find_master_key()))
        if app_role:
            try:
                await grant_to(dsn, app_role)
            except NoSuchRoleError as fault:
                raise SettingError(str(fault)) from fault
    log.info("migrated", applied=applied, secrets_sealed=sealed)
