"""A worker as a process of its own, for tests that kill it: `python -m tests.worker.process DSN`."""

import asyncio
import sys

from dialplane.adapters.postgres.database import connect
from tests.sealing import SEAL
from tests.worker.working import working


async def _work(dsn: str) -> None:
    database = await connect(dsn, SEAL)
    async with working(database, dsn):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1]))
