"""What the HTTP faces need from outside: made once by bootstrap, handed to `create_app`, the same for every request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from prometheus_client import REGISTRY, CollectorRegistry

from dialplane.domain.flows.run import ReferenceType, Run
from dialplane.domain.flows.warnings import Ability
from dialplane.domain.identity.role_permissions import DEVELOPER, RolePermission
from dialplane.domain.ids import AccountId, FlowId, utc_now
from dialplane.domain.programs.summaries import AiSummary
from dialplane.faces.portal_ports import PortalPorts
from dialplane.faces.rate_limits import RateLimits
from dialplane.services.calling.media_streams import Gates
from dialplane.services.eventing.event_feed import EventFeed
from dialplane.services.identity.authentication import PasswordHasher, TokenSigner
from dialplane.services.messaging.emails import OUTBOX, Post
from dialplane.services.messaging.media import MediaLinks
from dialplane.services.numbering.carrier_ports import PortCarriers
from dialplane.services.objects import ObjectStore
from dialplane.services.programs.api_runs import Facts, RunWish
from dialplane.services.programs.assistants import BUILT_IN, Assistants
from dialplane.services.programs.outside import Web
from dialplane.services.recording.recording_links import RecordingLinks
from dialplane.services.recording.recordings import Sounds
from dialplane.services.supply.carrier_news import Inboxes
from dialplane.services.supply.carrier_trunks import TrunkCarriers
from dialplane.services.supply.carriers import Carriers
from dialplane.services.transaction import Database


class Runs(Protocol):
    """Begins runs without a call and drives them in the background."""

    async def start(self, account_id: AccountId, wish: RunWish) -> Run: ...

    async def follow_summary(self, summary: AiSummary) -> None:
        """Begin the flow that follows a summary; nothing where it has none."""
        ...

    async def begin(
        self, account_id: AccountId, flow_id: FlowId, reference: ReferenceType, reference_id: UUID, facts: Facts
    ) -> Run | None:
        """Begin a run of the flow for what it belongs to; None where the flow is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The ports and settings of the HTTP process."""

    database: Database
    signer: TokenSigner
    hasher: PasswordHasher
    carriers: Carriers
    inboxes: Inboxes
    port_carriers: PortCarriers
    trunk_carriers: TrunkCarriers
    runs: Runs
    objects: ObjectStore
    """Where the content of documents is kept."""
    events: EventFeed
    gates: Gates
    sounds: Sounds
    """What the voice nodes of this host, or of a shared disk, have recorded."""
    links: RecordingLinks
    media: ObjectStore
    """Where the media of messages are kept."""
    media_links: MediaLinks
    check_recognition: Callable[[str, str], None]
    """Raises Invalid where a language and provider cannot be recognised."""
    web: Web
    """Asks tenants' servers (SSRF-1)."""
    assistants: Assistants = BUILT_IN
    """Who summarizes."""
    rate_limits: RateLimits = field(default_factory=RateLimits)
    abilities: frozenset[Ability] = frozenset()
    """What this installation is set up for beyond its own stand-ins; flows are told where they want more."""
    post: Post = OUTBOX
    """Where e-mails go."""
    developer: tuple[RolePermission, ...] = DEVELOPER
    """What accounts of the role Developer may do in Restcomm's and Twilio's dialects."""
    portal: PortalPorts | None = None
    """None: this process serves no portal."""
    sip_origins: frozenset[str] = frozenset()
    """Origins of pages that may open a websocket for SIP, in lower case; empty: any."""
    clock: Callable[[], datetime] = utc_now
    """The platform's time; the sandbox moves it."""
    access_log: bool = True
    registry: CollectorRegistry = REGISTRY
    """Where the metrics of this process gather."""
