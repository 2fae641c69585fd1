"""What the voice role needs of the outside, made by bootstrap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.traces import Fact
from dialplane.domain.networks import Address
from dialplane.services.calling.certificates import CertificateFiles, NoCertificates
from dialplane.services.calling.places import Names
from dialplane.services.identity.authentication import TokenSigner
from dialplane.services.messaging.emails import OUTBOX, Post
from dialplane.services.programs.assistants import BUILT_IN, Assistants
from dialplane.services.programs.outside import Web
from dialplane.services.recording.recognition import Recognizer
from dialplane.services.transaction import Database
from dialplane.sip.transaction_peer import Source
from dialplane.voice.figures import NodeFigures
from dialplane.voice.ports import Media, Prompts
from dialplane.voice.streaming.sockets import Sockets
from dialplane.voice.useragent.events import Tap
from dialplane.voice.useragent.transport import TlsEnds

DRAIN_S = 3600.0
LEASE_S = 65.0
NO_CERTIFICATES = NoCertificates()


class Hints(Protocol):
    """Port: words from the store that there may be work."""

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        """Stay connected until cancelled. `on_hint` gets each word, and "" after each connecting."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceDeps:
    """Ports and settings of one voice process."""

    database: Database
    media: Media
    prompts: Prompts
    recognizer: Recognizer
    web: Web
    sockets: Sockets
    may_reach: Callable[[Address], bool]
    """Whether a tenant may make us go to an address (SSRF-2)."""
    names: Names
    hints: Hints
    node: str
    host: str
    port: int
    recordings: Path
    nonce_secret: bytes
    signer: TokenSigner
    """Knows the passes of who wants a call's audio."""
    gate_host: str = "127.0.0.1"
    """Where the API asks for it; to be reached by the platform's own processes and nobody else."""
    gate_port: int = 0
    advertised_host: str | None = None
    edges: Sequence[Source] = ()
    """Proxies before this node: what they say of senders is believed, and calls leave through the first."""
    tls: TlsEnds | None = None
    """None: SIP is not spoken over TLS."""
    drain_s: float = DRAIN_S
    lease_s: float = LEASE_S
    """How long calls go on without a word from the store; then they are ended, before another node's worker closes
    and bills them (AV-3, AV-6)."""
    version: str = ""
    calls_per_second: float = 1_000.0
    calls_at_once: int = 2_000
    """Beyond `calls_per_second` for good and so many in a bunch new calls are told to come back (DOS-4)."""
    public_url: str = ""
    document_timeout_s: float | None = None
    certificates: CertificateFiles = NO_CERTIFICATES
    """Of those who sign caller IDs."""
    assistants: Assistants = BUILT_IN
    post: Post = OUTBOX
    keeps_signalling: bool = True
    """Whether calls leave a trace: their SIP messages, keys, and what their programs were answered."""
    on_ready: Callable[[int], None] = lambda port: None
    """Told the SIP port when calls are taken."""
    looker_on: Tap | None = None
    """Is shown every SIP message beside what is kept of it."""
    tell_over: Callable[[Call, Sequence[Fact]], None] | None = None
    """Told of each call that is over, with what its program was answered."""
    observe: Callable[[NodeFigures], None] = lambda figures: None
    """Told, before calls are taken, where the node's figures are read."""
    set_media_lost: Callable[[Callable[[], None]], None] = lambda told: None
    """Lets the media client tell that its process is gone."""
