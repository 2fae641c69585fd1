"""The SMPP process as a process of its own, for tests that kill it: `python -m tests.binds.process DSN PORT`."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import uvloop

from dialplane.adapters.postgres.database import connect
from tests.binds.node import smpp_process
from tests.sealing import SEAL


async def _serve(dsn: str, port: int) -> None:
    database = await connect(dsn, SEAL)
    async with smpp_process(database, dsn, port):
        print("ready", flush=True)
        await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def killable(dsn: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Serves when the block begins; killed with SIGKILL at its end, if not before."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.binds.process", dsn, str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        while await process.stdout.readline() != b"ready\n":
            assert process.returncode is None
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], int(sys.argv[2])))  # as the role does
