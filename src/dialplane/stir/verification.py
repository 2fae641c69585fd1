"""What a call's Identity header fields come to (RFC 8224 section 6.2)."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509

from dialplane.stir.certificates import check_chain, load_chain
from dialplane.stir.errors import Fault, StirError
from dialplane.stir.identity import Identity
from dialplane.stir.passport import Attestation

FRESH_S = 60
"""How old a PASSporT may be, and how far ahead its signer's clock (RFC 8224 section 6.2.2, step 4)."""
MAX_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`fault` is None where the caller ID is the signer's word."""

    attestation: Attestation | None = None
    """As it is claimed, true or not; None where it could not be read."""
    fault: Fault | None = None
    reason: str = ""
    origin_id: str = ""

    @property
    def is_valid(self) -> bool:
        return self.fault is None

    @property
    def verstat(self) -> str:
        """In Twilio's words for StirVerstat; `No-TN-Validation` where the call brought nothing to look at."""
        if self.fault is Fault.NO_IDENTITY:
            return "No-TN-Validation"
        word = "Passed" if self.is_valid else "Failed"
        return f"TN-Validation-{word}" + (f"-{self.attestation.value}" if self.attestation else "")

    @property
    def reason_field(self) -> str:
        """The value of the Reason header of an answer (RFC 9410); empty where nothing is wrong."""
        return "" if self.fault is None else f'STIR;cause={self.fault.status};text="{self.fault.phrase}"'


NO_IDENTITY = Verdict(fault=Fault.NO_IDENTITY, reason="the call brought no Identity header")


@dataclass(frozen=True, slots=True)
class Claim:
    """What the INVITE says of itself: every form, as digits, that its caller and its callee may stand for."""

    callers: Collection[str]
    called: Collection[str]


class Replays:
    """Tokens of the last minute, so that none counts twice (STIR-6). The oldest go where there are too many."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def is_replay(self, token: str, now: datetime) -> bool:
        """Whether it came before within `FRESH_S`; from now on it has."""
        moment, mark = now.timestamp(), sha256(token.encode()).digest()
        # A signer's clock may be ahead, so that a token is fresh for as long again.
        while self._seen and next(iter(self._seen.values())) < moment - 2 * FRESH_S:
            self._seen.popitem(last=False)
        if mark in self._seen:
            return True
        if len(self._seen) >= MAX_REMEMBERED:
            self._seen.popitem(last=False)
        self._seen[mark] = moment
        return False


def check_claim(identity: Identity, claim: Claim, now: datetime) -> None:
    """What needs no certificate, so that nothing is fetched for what cannot count anyway. Raises StirError."""
    passport = identity.signed.passport
    if abs(now.timestamp() - passport.issued_at) > FRESH_S:
        raise StirError(Fault.STALE, "the PASSporT is not of this minute")
    if passport.caller not in claim.callers:
        raise StirError(Fault.INVALID, "the PASSporT is for another caller")
    if not set(passport.called) & set(claim.called):
        raise StirError(Fault.INVALID, "the PASSporT is for a call to somebody else")


def check_signer(identity: Identity, file: bytes, anchors: Sequence[x509.Certificate], now: datetime) -> Verdict:
    """The verdict on an identity whose claim holds, by the certificate file of its `info`. Raises StirError."""
    passport = identity.signed.passport
    key, rights = check_chain(load_chain(file), anchors, now)
    identity.signed.check_signature(key)
    if not rights.cover(passport.caller):
        raise StirError(Fault.UNSUPPORTED_CREDENTIAL, "the certificate is not for the caller's number")
    return Verdict(passport.attestation, origin_id=passport.origin_id)


def failed(fault: StirError, identity: Identity | None) -> Verdict:
    return Verdict(identity.signed.passport.attestation if identity else None, fault.fault, str(fault))


def best_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Of several Identity header fields one that counts is enough; else the first one's fault is told."""
    return next((each for each in verdicts if each.is_valid), verdicts[0] if verdicts else NO_IDENTITY)
