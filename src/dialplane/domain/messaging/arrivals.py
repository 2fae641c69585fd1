"""Messages as carriers and SIP peers bring them, and the refusal of one."""

from dataclasses import dataclass

from dialplane.domain.calling.routing import Origin, Refused
from dialplane.domain.ids import OrganizationId


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message as a carrier or a SIP peer brings it."""

    source: str
    destination: str
    text: str
    medias: tuple[str, ...] = ()
    carrier: str = "sandbox"
    carrier_id: str = ""
    """The bringer's own id: the second one of an id is the first one's message. Empty: it has none."""
    origin: Origin = Origin.PSTN
    domain: str | None = None
    """Host of the request URI, lower case; None: a carrier brings it, which knows none."""
    organization_id: OrganizationId | None = None
    """Of the sender, where it is an extension of ours."""
    parts: int = 0
    """Segments as the bringer counted them, which knows their alphabet (a national table packs more into one); 0: it
    has not counted."""
    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of the SIP MESSAGE."""


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """Why it was not let in: `refused` for machines, `reason` for a person."""

    refused: Refused
    reason: str
