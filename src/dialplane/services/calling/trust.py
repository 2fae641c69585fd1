"""STIR/SHAKEN as the operator sets it up: the certificate that signs, the roots that are believed, what each trunk
does; and how well the platform knows who calls."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.trust import USUAL, SigningCertificate, TrunkTrust, Trust
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import AccountId, TrunkId
from dialplane.domain.numbering.numbers import Number, NumberStatus
from dialplane.domain.tenancy.accounts import Account, IdentityStatus
from dialplane.services.transaction import Database, Transaction
from dialplane.stir.certificates import load_chain, rights_of
from dialplane.stir.errors import StirError
from dialplane.stir.passport import Attestation

MAX_URL, MAX_PEM, MAX_ANCHORS = 2048, 65_536, 1_048_576


class TrustStore(Protocol):
    """Port: what is trusted and what signs."""

    async def read(self) -> Trust:
        """Everything, with the trunks that are not deleted."""
        ...

    async def put_signing(self, signing: SigningCertificate | None, now: datetime) -> None: ...

    async def put_anchors(self, anchors: str, now: datetime) -> None: ...

    async def put_trunk(self, trunk_id: TrunkId, trust: TrunkTrust, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class SigningDraft:
    """A certificate with its key as somebody gives it, unchecked."""

    url: str
    certificate: str
    private_key: str = field(repr=False)


async def read_trust(database: Database) -> Trust:
    async with database.reading() as tx:
        return await tx.trust.read()


@dataclass(frozen=True, slots=True)
class TrustChange:
    """What is written; None leaves a thing as it is."""

    signing: SigningDraft | None = None
    signs_no_more: bool = False
    anchors: str | None = None
    """PEM; "" is that nobody is believed."""


async def change_trust(database: Database, change: TrustChange, now: datetime) -> Trust:
    """Every node follows within a second. Raises Invalid naming the field."""
    signing = None if change.signing is None else check_signing(change.signing)
    if change.anchors:
        _check_anchors(change.anchors)
    async with database.transaction() as tx:
        if signing is not None or change.signs_no_more:
            await tx.trust.put_signing(signing, now)
        if change.anchors is not None:
            await tx.trust.put_anchors(change.anchors, now)
        return await tx.trust.read()


def _check_anchors(anchors: str) -> None:
    if len(anchors) > MAX_ANCHORS:
        raise Invalid(f"trust_anchors has at most {MAX_ANCHORS} characters", field="trust_anchors")
    try:
        x509.load_pem_x509_certificates(anchors.encode())
    except ValueError:
        raise Invalid("trust_anchors are certificates in PEM", field="trust_anchors") from None


async def get_trunk_trust(database: Database, trunk_id: TrunkId) -> TrunkTrust:
    """Raises NotFound."""
    async with database.reading() as tx:
        await _check_trunk(tx, trunk_id)
        known = (await tx.trust.read()).trunks
    return next((each.trust for each in known if each.trunk_id == trunk_id), USUAL)


async def set_trunk_trust(database: Database, trunk_id: TrunkId, trust: TrunkTrust, now: datetime) -> TrunkTrust:
    """It holds for the next call, on every node within a second. Raises NotFound."""
    async with database.transaction() as tx:
        await _check_trunk(tx, trunk_id)
        await tx.trust.put_trunk(trunk_id, trust, now)
    return trust


async def _check_trunk(tx: Transaction, trunk_id: TrunkId) -> None:
    if all(trunk.id != trunk_id for trunk in await tx.trunks.list_live()):
        raise NotFound("There is no such trunk", reason="TRUNK_NOT_FOUND")


def check_signing(draft: SigningDraft) -> SigningCertificate:
    """Raises Invalid naming the field."""
    if not draft.url.startswith("https://") or len(draft.url) > MAX_URL or not draft.url.isprintable():
        raise Invalid("certificate_url is an https address", field="certificate_url")
    if len(draft.certificate) > MAX_PEM:
        raise Invalid(f"certificate has at most {MAX_PEM} characters", field="certificate")
    try:
        signer = load_chain(draft.certificate.encode())[0]
        rights_of(signer)
    except StirError as fault:
        raise Invalid(f"certificate: {fault}", field="certificate") from None
    if read_key(draft.private_key).public_key() != signer.public_key():
        raise Invalid("private_key is not the certificate's", field="private_key")
    return SigningCertificate(draft.url, draft.certificate, draft.private_key)


def read_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """Raises Invalid (private_key) where it is no key that ES256 can use."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Invalid("private_key is a key in PEM without a password", field="private_key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Invalid("private_key is not on the curve P-256", field="private_key")
    return key


async def attest(database: Database, call: Call) -> Attestation:
    """How well the platform knows the caller of an outgoing call (STIR-2)."""
    async with database.reading() as tx:
        numbers = await tx.numbers.find_live([call.source.target])
        accounts = await tx.accounts.find_many({call.account_id})
    return attestation(call.account_id, numbers[0] if numbers else None, accounts.get(call.account_id))


def attestation(account_id: AccountId, number: Number | None, account: Account | None) -> Attestation:
    """A for the account's own number, B for a customer whose identity is known, C for whatever only passes through.

    A number that the customer proved by a call to be its own at another carrier stays B: its owner is known there.
    """
    if number is not None and number.account_id == account_id and number.status is NumberStatus.ACTIVE:
        return Attestation.FULL
    if account is not None and account.identity_status is IdentityStatus.VERIFIED:
        return Attestation.PARTIAL
    return Attestation.GATEWAY
