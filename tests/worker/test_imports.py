"""An import whose worker is killed in the middle is ended by the next one, each number once."""

import asyncio
import sys

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.supply.imports import ImportId, ImportState, StockImport
from dialplane.services.supply.imports import ImportWish, get_import, preview_import, start_import

NUMBERS = 4_000


async def _start(dsn: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.worker.process", dsn)


async def _wait_until(database: PostgresDatabase, import_id: ImportId, *, added: int) -> StockImport:
    async with asyncio.timeout(60):
        while (found := await get_import(database, import_id)).counts.added < added:
            await asyncio.sleep(0.02)  # between looks at the other process's work
    return found


async def test_import_survives_the_death_of_its_worker(database: PostgresDatabase, dsn: str) -> None:
    read = await preview_import(database, b"number,count\n+12022000000,%d\n" % NUMBERS, ImportWish(), utc_now())
    await start_import(database, read.id, utc_now())

    first = await _start(dsn)
    try:
        await _wait_until(database, read.id, added=1)
    finally:
        first.kill()
        await first.wait()
    left = await get_import(database, read.id)
    second = await _start(dsn)
    try:
        ended = await _wait_until(database, read.id, added=NUMBERS)
    finally:
        second.kill()
        await second.wait()

    assert left.counts.added % 1_000 == 0
    assert (ended.state, ended.counts.new) == (ImportState.APPLIED, 0)
    assert await database.pool.fetchval("select count(*) from inventory_items") == NUMBERS
