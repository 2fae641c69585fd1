"""Brings a database to this version's schema, and seals what secrets it holds readable."""

import asyncio

import structlog

from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.postgres.sealed_columns import open_seal, seal_readable
from dialplane.bootstrap.store import usable_store
from dialplane.config.settings import Settings

log = structlog.get_logger()


def run(settings: Settings) -> None:
    asyncio.run(_migrate(settings))


async def _migrate(settings: Settings) -> None:
    with usable_store(settings) as dsn:
        applied = await migrate(dsn)
        sealed = await seal_readable(dsn, await open_seal(dsn, settings.find_master_key()))
    log.info("migrated", applied=applied, secrets_sealed=sealed)
