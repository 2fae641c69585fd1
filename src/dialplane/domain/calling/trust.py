"""Whom the operator believes, by trunk, and by what it signs the caller IDs of its own calls (STIR/SHAKEN)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dialplane.domain.calling.routing import Candidate, Refused, RouteDecision, Verdict, refuse
from dialplane.domain.ids import TrunkId


class Checking(StrEnum):
    """What becomes of a call whose signed caller ID does not hold."""

    OFF = "off"
    """Nobody looks at it."""
    MARK = "mark"
    """The call goes on, marked."""
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class TrunkTrust:
    """How the calls of one trunk are looked at, and its outgoing ones signed. The defaults hold for every trunk."""

    signs: bool = False
    """Its calls get an Identity header."""
    checking: Checking = Checking.MARK
    requires_identity: bool = False
    """A call without one does not hold either."""
    takes_emergency: bool = False
    """Emergency calls go to it, and to no other."""


USUAL = TrunkTrust()


@dataclass(frozen=True, slots=True)
class TrustedTrunk:
    """A trunk of which something else is said than the usual."""

    trunk_id: TrunkId
    trust: TrunkTrust


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    url: str
    """Where the world fetches the certificate: x5u."""
    certificate: str
    """PEM, with the chain above it."""
    private_key: str = field(repr=False)
    """PEM."""


@dataclass(frozen=True, slots=True)
class Trust:
    """All of it, as a voice node needs it."""

    signing: SigningCertificate | None = None
    anchors: str = ""
    """Certificates whose holders may vouch for signers, PEM."""
    trunks: tuple[TrustedTrunk, ...] = ()


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """What the signed caller ID of a call came to."""

    verstat: str
    """In Twilio's words: `TN-Validation-Passed-A`, …"""
    attestation: str = ""
    reason: str = ""
    origin_id: str = ""
    refused: Refused = Refused.NONE
    """Set where the trunk's calls are refused for it."""


REFUSED_FOR: Mapping[int, Refused] = {
    428: Refused.IDENTITY_MISSING,
    403: Refused.IDENTITY_STALE,
    436: Refused.IDENTITY_UNREACHABLE,
    437: Refused.CERTIFICATE_NOT_TRUSTED,
    438: Refused.IDENTITY_INVALID,
}
"""By the SIP status of the fault (RFC 8224 section 6.2.2)."""


def with_identity(decision: RouteDecision, identity: CallerIdentity) -> RouteDecision:
    """The decision on a call whose signed caller ID was looked at."""
    if identity.refused and decision.verdict is Verdict.RUN:
        decision = refuse(decision, identity.refused, identity.reason)
    reason = identity.reason or "the caller's carrier vouches for the number"
    noted = Candidate("identity", identity.verstat, "refused" if identity.refused else "noted", reason)
    return replace(decision, candidates=(*decision.candidates, noted))
