"""What the worker needs of the outside, made by bootstrap."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.ids import utc_now
from dialplane.domain.operating.retention import Kept
from dialplane.services.left_files import KeptFiles
from dialplane.services.messaging.emails import OUTBOX, Post
from dialplane.services.messaging.media import FileSource, MediaPlaces
from dialplane.services.messaging.message_sending import MessageCarrier
from dialplane.services.numbering.carrier_ports import PortCarriers
from dialplane.services.objects import ObjectStore
from dialplane.services.programs.assistants import BUILT_IN, Assistants
from dialplane.services.programs.outside import Web
from dialplane.services.recording.recognition import Recognizer
from dialplane.services.recording.recordings import Sounds
from dialplane.services.supply.carriers import Carriers
from dialplane.services.transaction import Database
from dialplane.worker.figures import WorkerFigures
from dialplane.worker.ports import Link, WebhookSender


class MediaFiles(ObjectStore, KeptFiles, Protocol):
    """Contents of media by key, which can be listed and removed."""


@dataclass(frozen=True, slots=True)
class WorkerDeps:
    """What `bootstrap` hands over. `web` and `webhooks` are the guarded client, entered and closed by the caller."""

    database: Database
    link: Link
    webhooks: WebhookSender
    web: Web
    message_carrier: MessageCarrier
    carriers: Carriers
    port_carriers: PortCarriers
    documents: KeptFiles
    contents: ObjectStore
    """What is kept in `documents`."""
    recordings: KeptFiles
    sounds: Sounds
    recognizer: Recognizer
    media: MediaFiles
    media_places: MediaPlaces
    files: FileSource
    public_url: str = ""
    assistants: Assistants = BUILT_IN
    post: Post = OUTBOX
    signalling_kept: timedelta = timedelta(days=7)
    node_lease_s: float = 65.0
    """How long voice nodes serve their calls without a word from the store."""
    kept: Kept = field(default_factory=dict)
    archive: ObjectStore | None = None
    """Where what is forgotten is kept for whoever looks for it later; None: nowhere."""
    clock: Callable[[], datetime] = utc_now
    figures: WorkerFigures = field(default_factory=WorkerFigures)
