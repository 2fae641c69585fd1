"""Who signed for the caller of an incoming call, and what becomes of it by the trunk that brings it (STIR-3)."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from cryptography import x509

from dialplane.domain.calling.routing import user_forms
from dialplane.domain.calling.trust import REFUSED_FOR, USUAL, CallerIdentity, Checking, TrunkTrust, Trust
from dialplane.domain.ids import TrunkId
from dialplane.services.calling.arrivals import SANDBOX_COUNTRY
from dialplane.services.calling.certificates import FETCH_S
from dialplane.services.calling.passports import came_with_another_call
from dialplane.services.transaction import Database
from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Request
from dialplane.sip.uri import SipUri
from dialplane.stir.errors import Fault, StirError
from dialplane.stir.identity import MAX_FIELDS, Identity, is_for_us, parse_identity
from dialplane.stir.verification import (
    NO_IDENTITY,
    Claim,
    Replays,
    Verdict,
    best_of,
    check_claim,
    check_signer,
    failed,
)
from dialplane.voice.trust.certificates import CertificateCache
from dialplane.voice.useragent.agent import IncomingCall

log = structlog.get_logger()


class Verifying:
    """Looks at calls that bring an Identity header field, or come from where one is required; at no others."""

    def __init__(self, database: Database, certificates: CertificateCache, now: Callable[[], datetime]) -> None:
        self._database = database
        self._certificates = certificates
        self._now = now
        self._replays = Replays()
        self._trust = Trust()
        self._anchors: Sequence[x509.Certificate] = ()
        self._is_required = False

    def set_trust(self, trust: Trust) -> None:
        """As it is now; the node's heartbeat tells it again and again."""
        if trust == self._trust:
            return
        if trust.anchors != self._trust.anchors:
            self._anchors = x509.load_pem_x509_certificates(trust.anchors.encode()) if trust.anchors else ()
        self._trust = trust
        self._is_required = any(each.trust.requires_identity for each in trust.trunks)

    def concerns(self, request: Request) -> bool:
        return self._is_required or "Identity" in request.headers

    async def verify(self, call: IncomingCall, trunk: TrunkId | None) -> CallerIdentity | None:
        """What the call's identity came to, within two seconds; the answers to it tell what is wrong.

        None where nobody asked: it brings none and need not, or the calls of the trunk by which it comes are not
        looked at.
        """
        request, trust = call.request, self._trust_of(trunk)
        if trust.checking is Checking.OFF:
            return None
        fields = [field for field in request.headers.get_all("Identity") if is_for_us(field)]
        is_absent = "Identity" not in request.headers
        if is_absent and not trust.requires_identity:
            return None
        verdict = await self._judge(request, fields, is_absent=is_absent)
        if verdict.fault is not None:
            log.info("identity_does_not_hold", sip_call_id=request.call_id, status=verdict.fault.status)
            call.tell_always("Reason", verdict.reason_field)
        return _identity(verdict, trust)

    async def _judge(self, request: Request, fields: Sequence[str], *, is_absent: bool) -> Verdict:
        if is_absent:
            return NO_IDENTITY
        if not fields:
            return Verdict(fault=Fault.INVALID, reason="no Identity header of the call is of the kind shaken")
        claim = Claim(_callers(request), _called(request))
        try:
            async with asyncio.timeout(FETCH_S):
                return best_of([await self._look_at(field, claim, request) for field in fields[:MAX_FIELDS]])
        except TimeoutError:
            return Verdict(fault=Fault.BAD_INFO, reason="the certificates could not be had in time")

    async def _look_at(self, field: str, claim: Claim, request: Request) -> Verdict:
        identity: Identity | None = None
        try:
            identity = parse_identity(field)
            check_claim(identity, claim, self._now())
            file = await self._certificates.get(identity.info)
            verdict = check_signer(identity, file, self._anchors, self._now())
            if self._replays.is_replay(identity.text, self._now()) or await came_with_another_call(
                self._database, identity.text, request.call_id, self._now()
            ):
                raise StirError(Fault.INVALID, "the same PASSporT came with another call already")
        except StirError as fault:
            return failed(fault, identity)
        return verdict

    def _trust_of(self, trunk: TrunkId | None) -> TrunkTrust:
        return next((each.trust for each in self._trust.trunks if each.trunk_id == trunk), USUAL)


def _identity(verdict: Verdict, trust: TrunkTrust) -> CallerIdentity:
    is_refused = verdict.fault is not None and trust.checking is Checking.REJECT
    fault = verdict.fault if is_refused else None
    identity = CallerIdentity(
        verdict.verstat, verdict.attestation.value if verdict.attestation else "", verdict.reason, verdict.origin_id
    )
    if fault is None:
        return identity
    return CallerIdentity(
        identity.verstat, identity.attestation, identity.reason, identity.origin_id, REFUSED_FOR[fault.status]
    )


def _callers(request: Request) -> frozenset[str]:
    """Who the call says that it is from: From, or the network's word where there is one (RFC 8224 section 4.1)."""
    stated = [request.from_.uri]
    asserted = request.headers.get("P-Asserted-Identity")
    if asserted:
        stated.append(asserted.partition("<")[2].partition(">")[0] or asserted.strip())
    return frozenset(number for uri in stated for number in _numbers(uri))


def _called(request: Request) -> frozenset[str]:
    return frozenset((*_numbers(request.to.uri), *_numbers(request.uri)))


def _numbers(uri: str) -> set[str]:
    """Every number that a URI may stand for, as digits (RFC 8224 section 8.3)."""
    try:
        user = uri[4:].partition(";")[0] if uri[:4].lower() == "tel:" else SipUri.parse(uri).user or ""
    except SipParseError:
        return set()
    tried = user_forms(user, SANDBOX_COUNTRY)
    return {form.removeprefix("+") for form in tried if form.removeprefix("+").isdigit()}
