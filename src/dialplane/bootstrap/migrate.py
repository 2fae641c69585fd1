"""Brings a database to this version's schema, and seals what secrets it holds readable."""

import asyncio

import structlog

from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.postgres.sealed_columns import open_seal, seal_readable
from dialplane.config import Settings

log = structlog.get_logger()


def run(settings: Settings) -> None:
    asyncio.run(_migrate(settings.require_database(), settings.find_master_key()))


async def _migrate(dsn: str, master_key: bytes | None) -> None:
    applied = await migrate(dsn)
    sealed = await seal_readable(dsn, await open_seal(dsn, master_key))
    log.info("migrated", applied=applied, secrets_sealed=sealed)
