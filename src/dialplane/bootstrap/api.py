"""The API process: the faces on uvicorn."""

import asyncio
import contextlib
import socket
from collections.abc import Coroutine, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import uvicorn
from litestar.types import ASGIApp
from prometheus_client import REGISTRY

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.objects.scanned import ScannedObjects
from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.adapters.postgres.budget import named
from dialplane.adapters.postgres.database import PostgresDatabase, add_replicas
from dialplane.adapters.postgres.hints import EVENT_CHANNEL, PostgresHints
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.bootstrap.carriers import carriers
from dialplane.bootstrap.helpers import abilities, assistants, media_links, post
from dialplane.bootstrap.http import PatientHttp
from dialplane.bootstrap.monitor import LoopLag
from dialplane.bootstrap.portal import portal
from dialplane.bootstrap.presence import present
from dialplane.bootstrap.process import Stop, announce, background, run_loop, settle_memory
from dialplane.bootstrap.speech import google, recognizer
from dialplane.bootstrap.store import Store, open_store
from dialplane.bootstrap.tracing import find_tracing
from dialplane.config.settings import Settings
from dialplane.config.values import Endpoint
from dialplane.domain.ids import utc_now
from dialplane.domain.operating.nodes import Role
from dialplane.faces.app import create_app
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.eventing.event_feed import EventFeed
from dialplane.services.objects import ObjectStore
from dialplane.services.programs.api_runs import ApiRuns
from dialplane.services.programs.outside import RunOutside
from dialplane.services.recording.recording_links import RecordingLinks
from dialplane.voice.streaming.gate_client import NodeGates

_GRACE_S = 10
"""How long requests that are being answered may take after the order to stop."""
_SILENCE_S = 10
"""API-11: how long a client may take for the head of a request, pause in its body, or keep the connection idle."""
_LARGEST_MESSAGE = 64 << 10
"""Of a websocket: a hundred topics, or a frame of audio."""
_BACKLOG = 1024


class Server(uvicorn.Server):
    """Leaves signals to us: uvicorn's own handling ends an orderly stop with the signal's exit status."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle_memory()
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            announce("api", http=f"http://{Endpoint(host, port)}")


def run(settings: Settings) -> None:
    """Serve until told to stop. Raises OSError where the port is taken."""
    run_loop(_serve(settings, _listen(settings.http)))


def _listen(endpoint: Endpoint) -> socket.socket:
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((endpoint.host, endpoint.port))
    listener.listen(_BACKLOG)
    return listener


async def _serve(settings: Settings, listener: socket.socket) -> None:
    stop = Stop()
    store = await open_store(settings, "api")
    database = store.database
    tracing = find_tracing(settings, "api")
    try:
        async with GuardedClient(allow=settings.egress_allow) as client, background() as tasks:
            await _read_from_replicas(settings, database, tasks)
            ports = await _dependencies(settings, store, client, tasks)
            app = create_app(ports)
            server = Server(server_config(tracing.around(app) if tracing else app, settings.proxies))
            tasks.create_task(_heed(stop, server))
            async with present(database, Role.API):
                await server.serve(sockets=[listener])
    finally:
        await database.close()
        if tracing is not None:
            await asyncio.to_thread(tracing.close)


def server_config(app: ASGIApp, proxies: Sequence[IPv4Network | IPv6Network] = ()) -> uvicorn.Config:
    """The faces on uvicorn as every installation runs them, behind these proxies, if any."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=PatientHttp,
        access_log=False,  # its lines hold the query string, where a dialect puts tokens (API-5)
        log_config=None,
        server_header=False,
        # Said in any case: left to itself uvicorn believes whatever comes from 127.0.0.1 (API-10).
        proxy_headers=bool(proxies),
        forwarded_allow_ips=",".join(str(network) for network in proxies),
        ws="websockets-sansio",
        ws_max_size=_LARGEST_MESSAGE,
        ws_ping_interval=_SILENCE_S,
        ws_ping_timeout=_SILENCE_S,
        ws_per_message_deflate=False,  # a window for each of many quiet clients costs more than it saves
        timeout_keep_alive=_SILENCE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _documents(settings: Settings) -> ObjectStore:
    kept = FolderObjects(settings.documents)
    return ScannedObjects(kept, settings.document_scanner) if settings.document_scanner else kept


async def _heed(stop: Stop, server: uvicorn.Server) -> None:
    """The first order lets running requests end, the second does not."""
    await stop.asked.wait()
    server.should_exit = True
    await stop.now.wait()
    server.force_exit = True


async def _read_from_replicas(settings: Settings, database: PostgresDatabase, tasks: asyncio.TaskGroup) -> None:
    if settings.replica_url:
        replicas = await add_replicas(
            database,
            [named(url, "api-replica", settings.connections.replica) for url in settings.replica_url],
            bound_s=settings.replica_lag.total_seconds(),
            max_size=settings.connections.replica,
        )
        tasks.create_task(replicas.watch())


async def _dependencies(
    settings: Settings, store: Store, client: GuardedClient, tasks: asyncio.TaskGroup
) -> Dependencies:
    database = store.database

    def spawn(work: Coroutine[Any, Any, object]) -> None:
        tasks.create_task(work)

    registry = carriers(database, client, sandbox=settings.sandbox)
    lag = LoopLag()
    REGISTRY.register(lag)
    tasks.create_task(lag.watch())
    outside = RunOutside(
        database, client, utc_now, spawn, assistants(settings), post(settings), settings.where_clients_are
    )
    events = EventFeed(database, PostgresHints(store.dsn, EVENT_CHANNEL))
    tasks.create_task(events.run())
    return Dependencies(
        database=database,
        signer=JwtSigner(database.seal.secret_for("sign-in tokens")),
        hasher=Argon2Hasher(),
        carriers=registry,
        inboxes=registry,
        port_carriers=registry,
        trunk_carriers=registry,
        runs=ApiRuns(database, outside, tasks, utc_now),
        objects=_documents(settings),
        events=events,
        gates=NodeGates(),
        sounds=RecordedSounds(settings.recordings),
        links=RecordingLinks(database.seal.secret_for("addresses of recordings").encode()),
        media=FolderObjects(settings.media),
        media_links=media_links(database.seal),
        check_recognition=recognizer(settings, google(settings)).check,
        web=client,
        assistants=assistants(settings),
        rate_limits=RateLimits(
            api_by_address=Rate(settings.address_rate.per_second, settings.address_rate.burst),
            api_by_account=Rate(settings.account_rate.per_second, settings.account_rate.burst),
        ),
        abilities=abilities(settings),
        post=post(settings),
        developer=settings.developer_permissions,
        portal=portal(settings, database.seal),
        sip_origins=frozenset(origin.lower() for origin in settings.sip_origins),
    )
