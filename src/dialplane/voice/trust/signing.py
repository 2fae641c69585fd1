"""Identity header fields of outgoing calls, for trunks that ask for them (STIR-1)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric import ec

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.trust import SigningCertificate, Trust
from dialplane.domain.ids import TrunkId
from dialplane.services.calling.trust import attest, read_key
from dialplane.services.calling.ways import Way
from dialplane.services.transaction import Database
from dialplane.stir.identity import write_identity
from dialplane.stir.passport import Attestation, Passport, sign

_ORIGINS = UUID("6f1d2f5e-3c54-5f0b-9d43-0c1d5b9f2a77")
"""Accounts are told apart by origid, and not named by it: it is worked out of their id (RFC 8588 section 5)."""


class Signing:
    """Signs where the operator has a certificate and the trunk wants it; else costs nothing."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._trust = Trust()
        self._key: tuple[SigningCertificate, ec.EllipticCurvePrivateKey] | None = None
        self._trunks: frozenset[TrunkId] = frozenset()

    def set_trust(self, trust: Trust) -> None:
        """As it is now; the node's heartbeat tells it again and again."""
        if trust == self._trust:
            return
        if trust.signing != self._trust.signing:
            self._key = (trust.signing, read_key(trust.signing.private_key)) if trust.signing else None
        self._trust = trust
        self._trunks = frozenset(each.trunk_id for each in trust.trunks if each.trust.signs)

    def wants(self, way: Way) -> bool:
        return self._key is not None and way.trunk is not None and way.trunk.id in self._trunks

    async def identity_for(self, call: Call, ways: Sequence[Way]) -> str:
        """What stands in Identity where the call goes a way that wants it; "" where none does, or where there is no
        number on one of the two sides."""
        if not self._trunks or not any(self.wants(way) for way in ways):
            return ""
        if not _is_number(call.source.target) or not _is_number(call.destination.target):
            return ""
        return self.sign(call, await attest(self._database, call))

    def sign(self, call: Call, attestation: Attestation) -> str:
        if self._key is None:
            return ""
        certificate, key = self._key
        passport = Passport(
            certificate.url,
            attestation,
            call.source.target.removeprefix("+"),
            (call.destination.target.removeprefix("+"),),
            int(self._now().timestamp()),
            str(uuid5(_ORIGINS, str(call.account_id))),
        )
        return write_identity(sign(passport, key), certificate.url)


def _is_number(text: str) -> bool:
    return text.startswith("+") and text[1:].isdigit() and text.isascii()
