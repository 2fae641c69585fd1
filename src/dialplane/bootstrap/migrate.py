"""Brings a database to this version's schema."""

import asyncio

import structlog

from dialplane.adapters.postgres.migrate import migrate
from dialplane.config import Settings

log = structlog.get_logger()


def run(settings: Settings) -> None:
    applied = asyncio.run(migrate(settings.require_database()))
    log.info("migrated", applied=applied)
