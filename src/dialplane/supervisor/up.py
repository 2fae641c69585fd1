"""`dialplane up`: everything on one machine. Starts the store and the processes, says so, and ends them in order."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import structlog

from dialplane.adapters.postgres.migrate import migrate
from dialplane.bootstrap.process import Stop, run_loop
from dialplane.bootstrap.programs import FIRST_START, ROLES
from dialplane.config.environment import to_environment
from dialplane.config.settings import Settings
from dialplane.config.values import Endpoint
from dialplane.supervisor import database, folder
from dialplane.supervisor.child import Child, rotate
from dialplane.supervisor.errors import BusyError, StartError
from dialplane.supervisor.nursery import Nursery, bury_orphans
from dialplane.supervisor.ports import TCP, UDP, Ports

ORDER_OF_STOPPING = (("api", "voice", "smpp"), ("sandbox-carrier",), ("worker",), ("media",))
"""First who takes new work and must see running calls to their end, last who serves those before."""

log = structlog.get_logger()


def run(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; the process's exit status. A second signal ends everything at once."""
    settings = replace(settings, data=settings.data.absolute())
    try:
        with folder.locked(settings.data), folder.socket_folder(settings) as settings, Ports() as ports:
            folder.prepare(settings)
            folder.make_master_key(settings)
            _log_to_folder(settings)
            (settings.data / "ready.json").unlink(missing_ok=True)
            settings = _with_real_ports(settings, ports)
            run_loop(_Platform(settings, _places_of_metrics(settings, ports)).run())
    except StartError as fault:
        say(str(fault))
        return fault.exit_status
    except BaseExceptionGroup as faults:  # from the task groups, where the cause stands inside
        start_error = _first(faults)
        if start_error is None:
            raise
        say(str(start_error))
        return start_error.exit_status
    return 0


def say(text: str) -> None:
    """One line for the person at the terminal."""
    print(f"dialplane: {text}", file=sys.stderr, flush=True)


class _Platform:
    """The running whole."""

    def __init__(self, settings: Settings, metrics: Mapping[str, Endpoint]) -> None:
        """`metrics`: where each role shows its own, where it does."""
        self._settings = settings
        self._metrics = metrics
        self._postgres = database.choose(settings, say)
        self._nursery = Nursery(settings.logs)
        self._children: dict[str, Child] = {}

    async def run(self) -> None:
        """Until told to stop, or until the start or a watcher fails: then the failure comes out, after the stop."""
        stop = Stop()
        serving = asyncio.create_task(self._start_and_keep())
        asked = asyncio.create_task(stop.asked.wait())
        hurrying = asyncio.create_task(self._hurry_when(stop))
        await asyncio.wait((serving, asked), return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            say("stopping; once more to end at once")
        serving.cancel()
        await asyncio.wait((serving,))
        (self._settings.data / "ready.json").unlink(missing_ok=True)
        await self._stop_in_order()
        asked.cancel()
        hurrying.cancel()
        if not serving.cancelled():
            serving.result()
        say("stopped")

    async def _start_and_keep(self) -> None:
        """Start everything, then watch it. Ends by cancelling, or with StartError where the first start fails."""
        await self._nursery.open()
        dsn = await self._postgres.start()
        applied = await migrate(dsn)
        if applied:
            log.info("migrated", applied=applied)
        settings = replace(self._settings, database_url=dsn)
        environment = to_environment(settings)
        credentials = await self._provision(environment)
        for role in _roles(settings):
            own = {"DIALPLANE_METRICS": str(self._metrics[role])} if role in self._metrics else {}
            self._children[role] = self._child(role, environment | own)
        async with asyncio.TaskGroup() as starts:
            for child in self._children.values():
                starts.create_task(child.start())
        self._announce(credentials)
        async with asyncio.TaskGroup() as watch:
            watch.create_task(self._postgres.keep())
            watch.create_task(bury_orphans())
            for child in self._children.values():
                watch.create_task(child.keep())

    async def _provision(self, environment: Mapping[str, str]) -> dict[str, object]:
        """What the first start makes, and every later one finds. Raises StartError."""
        program = self._child(FIRST_START, environment)
        try:
            made = await program.start()
        finally:
            await program.end()
        if "refused" in made:
            raise StartError(str(made["refused"]))
        return cast("dict[str, object]", made["credentials"])

    def _child(self, role: str, environment: Mapping[str, str]) -> Child:
        return Child(role, nursery=self._nursery, environment=environment, logs=self._settings.logs, say=say)

    def _announce(self, credentials: dict[str, object]) -> None:
        ready: dict[str, object] = {
            "event": "ready",
            "http": f"http://{self._settings.http}",
            "sip": f"sip:{self._settings.sip}",
            "metrics": {role: f"http://{place}/metrics" for role, place in self._metrics.items()},
            "smpp": f"smpp://{self._settings.smpp}",
            **({} if (bound := self._settings.smpp_tls) is None else {"smpp_tls": f"smpps://{bound}"}),
            **({} if (tls := self._settings.sip_tls) is None else {"sip_tls": f"sip:{tls};transport=tls"}),
            **credentials,
        }
        folder.write_targets(self._settings.data / "metrics.json", self._metrics)
        folder.write_private(self._settings.data / "ready.json", ready)
        print(json.dumps(ready), flush=True)
        if self._settings.sip_tls is not None:
            say(f"SIP over TLS at {self._settings.sip_tls}")
        say(f"ready: {ready['http']} and {ready['sip']}; credentials in {self._settings.data / 'ready.json'}")

    async def _stop_in_order(self) -> None:
        for group in ORDER_OF_STOPPING:
            async with asyncio.TaskGroup() as stops:
                for role in group:
                    if role in self._children:
                        stops.create_task(self._children[role].stop())
        await self._postgres.stop()
        await self._nursery.close()

    async def _hurry_when(self, stop: Stop) -> None:
        await stop.now.wait()
        say("ending at once")
        async with asyncio.TaskGroup() as ends:
            for child in self._children.values():
                ends.create_task(child.end())


def _roles(settings: Settings) -> Sequence[str]:
    return ROLES if settings.sandbox else [role for role in ROLES if role != "sandbox-carrier"]


def _with_real_ports(settings: Settings, ports: Ports) -> Settings:
    """Every port decided now: a process that is started again must come back where it was."""
    return replace(
        settings,
        http=ports.settle(settings.http, TCP, what="HTTP"),
        smpp=ports.settle(settings.smpp, TCP, what="SMPP"),
        smpp_tls=ports.settle(settings.smpp_tls, TCP, what="SMPP over TLS") if settings.smpp_tls else None,
        sip=ports.settle(settings.sip, UDP, TCP, what="SIP"),
        sip_tls=_tls_endpoint(settings, ports),
        carrier_sip=ports.settle(_carrier_endpoint(settings), UDP, TCP, what="simulated carrier's SIP"),
    )


def _places_of_metrics(settings: Settings, ports: Ports) -> dict[str, Endpoint]:
    """The API's are on its own address; media's are told by the voice node beside it."""
    first = settings.metrics
    second = replace(first, port=first.port + 1 if first.port else 0)
    return {
        "api": settings.http,
        "voice": ports.settle(first, TCP, what="voice node's metrics"),
        "worker": ports.settle(second, TCP, what="worker's metrics"),
    }


def _carrier_endpoint(settings: Settings) -> Endpoint:
    """Where the simulated carrier listens: in the family of SIP's address, as one socket sends to no other."""
    carrier = settings.carrier_sip
    is_usual = carrier.host == Settings().carrier_sip.host
    return Endpoint("::1", carrier.port) if is_usual and ":" in settings.sip.host else carrier


def _tls_endpoint(settings: Settings, ports: Ports) -> Endpoint | None:
    """Where SIP is served over TLS: where somebody said so, else beside SIP's port, or in the sandbox anywhere."""
    if settings.sip_tls is not None:
        return ports.settle(settings.sip_tls, TCP, what="SIP over TLS")
    if settings.sip.port and (settings.tls_certificate is not None or settings.sandbox):
        beside = Endpoint(settings.sip.host, settings.sip.port + 1)
        try:
            return ports.settle(beside, TCP, what="SIP over TLS")
        except BusyError:
            if not settings.sandbox:
                raise
    return ports.settle(Endpoint(settings.sip.host, 0), TCP, what="SIP over TLS") if settings.sandbox else None


def _log_to_folder(settings: Settings) -> None:
    path = settings.logs / "supervisor.log"
    rotate(path)
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", buffering=1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.WriteLoggerFactory(file=file),
    )


def _first(faults: BaseExceptionGroup[BaseException]) -> StartError | None:
    """The first start error inside, where there is nothing but start errors."""
    starts, others = faults.split(StartError)
    found: BaseException | None = starts
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, StartError) and others is None else None
