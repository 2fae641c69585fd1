"""Certificates that may sign for telephone numbers (RFC 8226), and the chain up to whom the operator trusts.

Their profile is not the web's: no host name, no purpose, and an extension of their own that may be critical. So the
path is walked here; signatures and fields are read by `cryptography`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID

from dialplane.stir.errors import Fault, StirError

MAX_CHAIN = 6
TN_AUTH_LIST = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.26")
_KNOWN_CRITICAL = frozenset({TN_AUTH_LIST, ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES, ExtensionOID.CRL_DISTRIBUTION_POINTS})  # fmt: skip
_SEQUENCE, _IA5_STRING, _INTEGER = 0x30, 0x16, 0x02
_CODE, _RANGE, _ONE = 0xA0, 0xA1, 0xA2
_NUMBER = re.compile(r"[0-9]{1,15}")
E = TypeVar("E", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class NumberRights:
    """What a TNAuthList lets its holder sign for. A service provider's code stands for whatever numbers it has."""

    codes: tuple[str, ...] = ()
    ranges: tuple[tuple[int, int, int], ...] = ()
    """First number, last number, digits."""

    def cover(self, number: str) -> bool:
        if self.codes:
            return True
        return any(len(number) == digits and first <= int(number) <= last for first, last, digits in self.ranges)


def load_chain(content: bytes) -> list[x509.Certificate]:
    """The certificates of a file: PEM, the signer's own first, or one in DER. Raises StirError (437)."""
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)[:MAX_CHAIN]
        return [x509.load_der_x509_certificate(content)]
    except ValueError:
        raise _unsupported("what stands at the address is no certificate") from None


def check_chain(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], now: datetime
) -> tuple[ec.EllipticCurvePublicKey, NumberRights]:
    """Key and rights of the signer, the first of `chain`, where somebody of `anchors` vouches for it.

    Raises StirError (437).
    """
    signer = chain[0]
    _check_usable(signer, now)
    _climb(signer, chain[1:], anchors, now)
    key = signer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _unsupported("its key is not on the curve of ES256")
    usage = _extension(signer, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        raise _unsupported("its key is not for signatures")
    return key, rights_of(signer)


def _climb(
    signer: x509.Certificate, between: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], now: datetime
) -> None:
    """From issuer to issuer until one of `anchors`; each certificate is used once, so the way has an end."""
    current, left, below = signer, list(between), 0
    while True:
        if current in anchors:
            return
        anchor = next((each for each in anchors if _has_issued(each, current, below)), None)
        if anchor is not None:
            _check_usable(anchor, now)
            return
        issuer = next((each for each in left if _has_issued(each, current, below)), None)
        if issuer is None:
            raise _unsupported("nobody whom the operator trusts stands behind it")
        _check_usable(issuer, now)
        left.remove(issuer)
        current, below = issuer, below + 1


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate, below: int) -> bool:
    """Whether `issuer` may and did; `below` counts the issuers between it and the signer."""
    constraints, usage = _extension(issuer, x509.BasicConstraints), _extension(issuer, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        return False
    if constraints.path_length is not None and below > constraints.path_length:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _check_usable(certificate: x509.Certificate, now: datetime) -> None:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise _unsupported("it, or one above it, is not valid at this time")
    for extension in _extensions(certificate):
        if extension.critical and extension.oid not in _KNOWN_CRITICAL:
            raise _unsupported("it holds a critical extension that is unknown here")


def _extensions(certificate: x509.Certificate) -> x509.Extensions:
    try:
        return certificate.extensions
    except ValueError:
        raise _unsupported("its extensions are malformed") from None


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return _extensions(certificate).get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def rights_of(certificate: x509.Certificate) -> NumberRights:
    """Of its TNAuthList (RFC 8226 section 9). Raises StirError (437) where it has none or it is malformed."""
    try:
        extension = _extensions(certificate).get_extension_for_oid(TN_AUTH_LIST)
    except x509.ExtensionNotFound:
        raise _unsupported("it is not for telephone numbers: it has no TNAuthList") from None
    assert isinstance(extension.value, x509.UnrecognizedExtension)
    try:
        return _read_rights(extension.value.value)
    except (ValueError, IndexError):
        raise _unsupported("its TNAuthList is malformed") from None


def _read_rights(octets: bytes) -> NumberRights:
    codes: list[str] = []
    ranges: list[tuple[int, int, int]] = []
    ((tag, entries),) = _elements(octets)
    if tag != _SEQUENCE or not entries:
        raise ValueError("no list")
    for kind, content in _elements(entries):
        ((inner, value),) = _elements(content)
        if kind == _CODE and inner == _IA5_STRING:
            codes.append(value.decode("ascii"))
        elif kind == _ONE and inner == _IA5_STRING:
            ranges.append(_range(value, 1))
        elif kind == _RANGE and inner == _SEQUENCE:
            (first, start), (second, count), *_ = _elements(value)
            if (first, second) != (_IA5_STRING, _INTEGER):
                raise ValueError("no range")
            ranges.append(_range(start, int.from_bytes(count, "big", signed=True)))
        else:
            raise ValueError("no entry")
    return NumberRights(tuple(codes), tuple(ranges))


def _range(start: bytes, count: int) -> tuple[int, int, int]:
    text = start.decode("ascii")
    if not _NUMBER.fullmatch(text) or count < 1:
        raise ValueError("no number")
    return int(text), int(text) + count - 1, len(text)


def _elements(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of DER elements that stand one after the other. Raises ValueError, IndexError."""
    position = 0
    while position < len(octets):
        tag, length = octets[position], octets[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 3:
                raise ValueError("a length of this form is none here")
            length = int.from_bytes(octets[position : position + size], "big")
            position += size
        if position + length > len(octets):
            raise ValueError("an element is cut off")
        yield tag, octets[position : position + length]
        position += length


def _unsupported(why: str) -> StirError:
    return StirError(Fault.UNSUPPORTED_CREDENTIAL, f"the certificate does not count: {why}")
