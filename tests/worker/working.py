"""A whole worker on a test's database, as a process runs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.carriers.sandbox_messages import SandboxMessageCarrier
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.link import PostgresLink
from dialplane.adapters.speech.recognizer import SpeechRecognizer
from dialplane.domain.networks import parse_networks
from dialplane.services.messaging.media import MediaLinks, MediaPlaces
from dialplane.services.messaging.message_sending import MessageCarrier
from dialplane.worker.deps import WorkerDeps
from dialplane.worker.main import serve

NOWHERE = Path("/nonexistent")
LINKS = MediaLinks(b"secret of the tests")
PUBLIC_URL = "https://platform.example"


@asynccontextmanager
async def working(
    database: PostgresDatabase, dsn: str, data: Path = NOWHERE, *, carrier: MessageCarrier | None = None
) -> AsyncIterator[None]:
    """`data`: the folder in which documents and recordings lie. `carrier`: of messages, if not the simulated one."""
    stop = asyncio.Event()
    async with GuardedClient(allow=parse_networks(["127.0.0.0/8"])) as client, asyncio.TaskGroup() as group:
        carrier = carrier or SandboxMessageCarrier(database)
        recordings = data / "recordings"
        documents = FolderObjects(data / "documents")
        folders = documents, documents, FolderObjects(recordings), RecordedSounds(recordings)
        recognizer, media = SpeechRecognizer(), FolderObjects(data / "media")
        places = MediaPlaces(LINKS, PUBLIC_URL)
        none = CarrierRegistry({})
        deps = WorkerDeps(
            database,
            PostgresLink(dsn),
            client,
            client,
            carrier,
            none,
            none,
            *folders,
            recognizer,
            media,
            places,
            client,
        )
        group.create_task(serve(deps, stop))
        try:
            yield
        finally:
            stop.set()
