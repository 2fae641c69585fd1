"""What the portal needs beyond the other faces: how this installation is set up, and its own ports."""

from dataclasses import dataclass, field

from dialplane.services.calling.trunk_health import Prober
from dialplane.services.charging.payments import PaymentGateway
from dialplane.services.identity.passkeys import WebAuthn
from dialplane.services.identity.portal_mail import Letters
from dialplane.services.tenancy.projects import ProjectTerms


@dataclass(frozen=True, slots=True)
class PortalPorts:
    """Made once by bootstrap."""

    base: str
    """Where browsers reach the server, without a slash at the end: links are made of it, never of a request."""
    secret: bytes = field(repr=False)
    """Signs the forms' tokens and times."""
    webauthn: WebAuthn
    prober: Prober
    """Asks trunks whether they are there."""
    payments: PaymentGateway | None = None
    """None: no payment service; the operator gives credit."""
    terms: ProjectTerms = field(default_factory=ProjectTerms)
    is_sandbox: bool = False
    """Shows mails at `/dev/mail`."""
    shortest_form_s: float = 2.0
    """Who fills the sign-up in faster than this is no person."""

    @property
    def letters(self) -> Letters:
        return Letters(f"{self.base}/portal")
