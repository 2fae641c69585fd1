"""The SMPP process: serves accounts' systems and keeps our binds to carriers, until it is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from dialplane.binds.carriers import CarrierBinds
from dialplane.binds.deps import BindsDeps
from dialplane.binds.outlet import Outlets
from dialplane.binds.server import SmppServer
from dialplane.binds.tasks import Tasks
from dialplane.services.messaging.smpp_deliveries import sweep
from dialplane.services.messaging.smpp_handover import expire_submissions

NOTE_S = 0.25
LOOK_S = 2.0
SWEEP_S = 5.0
HANDSHAKE_S = 10.0
STOP_S = 5.0
"""How long peers may take over our unbind (AV-1)."""

log = structlog.get_logger()


async def serve(deps: BindsDeps, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; then unbind from everybody in order, and return."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as owner:
        tasks = Tasks(owner)
        outlets = Outlets(deps, tasks)
        server = SmppServer(deps, tasks, outlets)
        carriers = CarrierBinds(deps, tasks)

        joined = asyncio.Event()

        def hint(word: str) -> None:
            joined.set()
            outlets.hint(word)
            carriers.hint(word)

        link = owner.create_task(deps.link.keep(hint))
        await _first_of(joined, stop)  # nobody can be let in before
        listeners = [await loop.create_server(server.accept, deps.host, deps.port)]
        if (tls := deps.tls) is not None:
            listeners.append(
                await loop.create_server(
                    server.accept, tls.host, tls.port, ssl=tls.context, ssl_handshake_timeout=HANDSHAKE_S
                )
            )
        deps.on_ready(listeners[0].sockets[0].getsockname()[1])
        keeping = [
            link,
            owner.create_task(_every(NOTE_S, server.note_answers)),
            owner.create_task(_every(LOOK_S, server.look_at_systems)),
            owner.create_task(_every(SWEEP_S, lambda: _sweep(deps))),
            owner.create_task(carriers.run()),
        ]
        try:
            await stop.wait()
        finally:
            for listener in listeners:
                listener.close()
        server.unbind()
        await carriers.stop()
        await _until(lambda: not server.sessions)
        await server.settled()
        for session in list(server.sessions):
            session.connection.abort()
        await asyncio.sleep(0)
        await server.settled()
        for task in keeping:
            task.cancel()
        outlets.close()


async def _sweep(deps: BindsDeps) -> None:
    await sweep(deps.database, deps.clock())
    await expire_submissions(deps.database, deps.clock())


async def _every(pause_s: float, step: Callable[[], Awaitable[None]]) -> None:
    """Run the step over and over; one that fails is logged, and the next may succeed."""
    while True:
        try:
            await step()
        except Exception as fault:  # noqa: BLE001  the edge of the duty
            log.warning("smpp_duty_failed", fault=f"{type(fault).__name__}: {fault}")
        await asyncio.sleep(pause_s)


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so, at most `STOP_S`."""
    deadline = asyncio.get_running_loop().time() + STOP_S
    while not is_so() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
