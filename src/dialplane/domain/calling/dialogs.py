"""What is kept of an answered call's dialog, so that another node can still end it for the party (AV-2)."""

from typing import Literal

from dialplane.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class KeptDialog:
    """A dialog (RFC 3261 section 12) as it stood when the call was answered, seen from our side."""

    call_id: str
    """The Call-ID."""
    local: str
    """Our party with our tag: the From of our requests."""
    remote: str
    target: str
    """The party's Contact."""
    routes: tuple[str, ...]
    cseq: int
    """The number of our last request."""
    host: str
    """Where messages went: the party itself, or the edge before it."""
    port: int
    transport: Literal["udp", "tcp", "tls", "ws"]
