"""An API, worker or SMPP process in the registry of nodes: it says that it lives, and what it costs."""

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from dialplane import __version__
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import new_id, utc_now
from dialplane.domain.operating.nodes import SERVER_BEAT_S, Role, Server
from dialplane.services.operating.nodes import beat_server, remove_server
from dialplane.services.transaction import Database


@asynccontextmanager
async def present(database: Database, role: Role) -> AsyncIterator[None]:
    """In the registry from here to the end of the block, as soon as the store is there."""
    now = utc_now()
    server = Server(new_id(now), role, socket.gethostname()[:255], os.getpid(), __version__, now, now)
    beating = asyncio.create_task(_beat(database, server))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        with suppress(Unavailable):
            await remove_server(database, server)


async def _beat(database: Database, server: Server) -> None:
    loop = asyncio.get_running_loop()
    used_s, at = _cpu_s(), loop.time()
    while True:
        with suppress(Unavailable):  # what it is good for cannot be asked now either
            await beat_server(database, replace(server, seen_at=utc_now(), load=_load(0.0)))
            break
        await asyncio.sleep(SERVER_BEAT_S)
    while True:
        await asyncio.sleep(SERVER_BEAT_S)
        now_used_s, now_at = _cpu_s(), loop.time()
        load = _load((now_used_s - used_s) / (now_at - at))
        used_s, at = now_used_s, now_at
        with suppress(Unavailable):
            await beat_server(database, replace(server, seen_at=utc_now(), load=load))


def _load(cpu: float) -> Mapping[str, float]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"cpu": round(cpu, 3), "rss_bytes": pages * resource.getpagesize()}


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
