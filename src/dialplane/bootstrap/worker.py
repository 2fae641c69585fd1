"""The worker process: webhooks, messages, renewals, reconciliation."""

import asyncio
from collections.abc import Iterable, Mapping

from prometheus_client.metrics_core import Metric

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.adapters.postgres.link import PostgresLink
from dialplane.bootstrap.carriers import carriers, message_carrier
from dialplane.bootstrap.helpers import assistants, media_links, post
from dialplane.bootstrap.monitor import Monitor, monitored
from dialplane.bootstrap.presence import present
from dialplane.bootstrap.process import Stop, announce, background, run_loop, settle_memory
from dialplane.bootstrap.role_metrics import worker_metrics
from dialplane.bootstrap.speech import google, recognizer
from dialplane.bootstrap.store import open_store
from dialplane.config.settings import Settings
from dialplane.domain.operating.nodes import Role
from dialplane.services.messaging.media import MediaPlaces
from dialplane.worker.deps import WorkerDeps
from dialplane.worker.main import serve
from dialplane.worker.repeat import FAILURES


def run(settings: Settings) -> None:
    """Work until told to stop; what is under way ends first."""
    run_loop(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = Stop()
    store = await open_store(settings, "worker")
    database = store.database
    try:
        async with GuardedClient(allow=settings.egress_allow) as client, background() as tasks:
            cloud = google(settings)
            registry = carriers(database, client, sandbox=settings.sandbox)
            documents = FolderObjects(settings.documents)
            ears = recognizer(settings, cloud)
            deps = WorkerDeps(
                database=database,
                link=PostgresLink(store.dsn),
                webhooks=client,
                web=client,
                message_carrier=message_carrier(database, client),
                carriers=registry,
                port_carriers=registry,
                documents=documents,
                contents=documents,
                recordings=FolderObjects(settings.recordings),
                media=FolderObjects(settings.media),
                media_places=MediaPlaces(media_links(database.seal), settings.where_clients_are),
                files=client,
                sounds=RecordedSounds(settings.recordings),
                recognizer=ears,
                public_url=settings.where_clients_are,
                assistants=assistants(settings),
                post=post(settings),
                signalling_kept=settings.signalling_kept,
                node_lease_s=settings.node_lease.total_seconds(),
                kept=settings.kept,
                archive=FolderObjects(settings.archive) if settings.archive else None,
            )
            async with present(database, Role.WORKER), monitored(_monitor(deps), settings.metrics) as metrics:
                working = tasks.create_task(serve(deps, stop.asked))
                hurrying = tasks.create_task(stop.now.wait())
                settle_memory()
                announce("worker", metrics=metrics)
                await asyncio.wait((working, hurrying), return_when=asyncio.FIRST_COMPLETED)
            await ears.close()
            if cloud is not None:
                await cloud.close()
    finally:
        await database.close()


def _monitor(deps: WorkerDeps) -> Monitor:
    async def gather() -> Iterable[Metric]:
        return worker_metrics(deps.figures, FAILURES)

    def dependencies() -> Mapping[str, str]:
        return {"database": "ok" if deps.link.number is not None else "the worker's own line to it is down"}

    return Monitor("worker", gather, dependencies)
