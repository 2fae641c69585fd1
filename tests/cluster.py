"""Starts the tests' Postgres cluster and makes the template database: `python -m tests.cluster FOLDER`."""

import asyncio
import sys
from pathlib import Path

import asyncpg

from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.migrate import migrate

TEMPLATE = "dialplane_template"

FAST_AND_LOOSE = {"fsync": "off", "full_page_writes": "off", "max_connections": "300"}
"""The tests' cluster need not survive a power cut; the tests about crashes start clusters of their own."""


async def make_cluster(folder: Path) -> None:
    server = EmbeddedPostgres(folder, settings=FAST_AND_LOOSE)
    await server.start(outlive_parent=True)
    connection = await asyncpg.connect(server.dsn())
    await connection.execute(f"create database {TEMPLATE}")
    await connection.close()
    await migrate(server.dsn(TEMPLATE))


if __name__ == "__main__":
    asyncio.run(make_cluster(Path(sys.argv[1])))
