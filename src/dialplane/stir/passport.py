"""PASSporT: the signed statement who calls whom (RFC 8225), as SHAKEN extends it (RFC 8588)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from dialplane.stir.errors import Fault, StirError

MAX_TOKEN = 4096
MAX_DESTINATIONS = 32
ALGORITHM, EXTENSION, TYPE = "ES256", "shaken", "passport"
_HALF = 32
"""Octets of r and of s in a signature with P-256 (RFC 7518 section 3.4)."""
_BASE64 = re.compile(r"[A-Za-z0-9_-]*")
_DIGITS = re.compile(r"[0-9*#]{1,32}")


class Attestation(StrEnum):
    """How well the signer knows who calls (ATIS-1000074): caller and number; the caller; neither."""

    FULL = "A"
    PARTIAL = "B"
    GATEWAY = "C"


@dataclass(frozen=True, slots=True)
class Passport:
    """A SHAKEN PASSporT. Numbers are digits only: E.164 without its `+`."""

    x5u: str
    attestation: Attestation
    caller: str
    called: tuple[str, ...]
    issued_at: int
    """Seconds since 1970."""
    origin_id: str
    """Opaque; by it the signer finds the caller again (RFC 8588 section 5)."""


@dataclass(frozen=True, slots=True)
class SignedPassport:
    """One that came with a call: read, not yet believed."""

    passport: Passport
    signed: bytes
    signature: bytes

    def check_signature(self, key: ec.EllipticCurvePublicKey) -> None:
        """Raises StirError (438) where `key` did not sign it."""
        halves = (self.signature[:_HALF], self.signature[_HALF:])
        pair = encode_dss_signature(*(int.from_bytes(half, "big") for half in halves))
        try:
            key.verify(pair, self.signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise StirError(Fault.INVALID, "the signature is not the certificate's") from None


def sign(passport: Passport, key: ec.EllipticCurvePrivateKey) -> str:
    """The token in full form; `key` is on the curve P-256."""
    header = {"alg": ALGORITHM, "ppt": EXTENSION, "typ": TYPE, "x5u": passport.x5u}
    claims = {
        "attest": passport.attestation.value,
        "dest": {"tn": list(passport.called)},
        "iat": passport.issued_at,
        "orig": {"tn": passport.caller},
        "origid": passport.origin_id,
    }
    signed = signing_input(header, claims)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_encode(r.to_bytes(_HALF, 'big') + s.to_bytes(_HALF, 'big'))}"


def signing_input(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    """Header and claims as they are signed: keys in order, no blanks (RFC 8225 section 9)."""
    return f"{_encode(_canonical(header))}.{_encode(_canonical(claims))}"


def _canonical(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def parse(token: str) -> SignedPassport:
    """Read a token in full form. Raises StirError (438) for whatever SHAKEN does not allow (STIR-4)."""
    if len(token) > MAX_TOKEN or token.count(".") != 2:
        raise _invalid("it is no token in full form")
    signed, _, last = token.rpartition(".")
    header, claims = (_object(part) for part in signed.split("."))
    if header.get("alg") != ALGORITHM:
        raise _invalid("its algorithm is not ES256")
    if header.get("typ") != TYPE or header.get("ppt") != EXTENSION:
        raise _invalid("it is not of the kind shaken")
    if "crit" in header:
        raise _invalid("it asks for extensions that are unknown here")
    signature = _decode(last)
    if len(signature) != 2 * _HALF:
        raise _invalid("its signature has not the length of ES256")
    return SignedPassport(_passport(header, claims), signed.encode(), signature)


def _passport(header: Mapping[str, object], claims: Mapping[str, object]) -> Passport:
    x5u, issued_at, origin_id = header.get("x5u"), claims.get("iat"), claims.get("origid")
    if not isinstance(x5u, str) or not x5u:
        raise _invalid("it names no certificate")
    if type(issued_at) is not int or issued_at < 0:
        raise _invalid("iat is no time")
    if not isinstance(origin_id, str) or not 0 < len(origin_id) <= 128:
        raise _invalid("it has no origid")
    try:
        attestation = Attestation(str(claims.get("attest")))
    except ValueError:
        raise _invalid("its attestation is not A, B or C") from None
    caller, called = _numbers(claims.get("orig")), _numbers(claims.get("dest"))
    if len(caller) != 1:
        raise _invalid("orig is not one number")
    return Passport(x5u, attestation, caller[0], called, issued_at, origin_id)


def _numbers(claim: object) -> tuple[str, ...]:
    """The numbers of `{"tn": "…"}` or `{"tn": ["…", …]}`. Raises StirError."""
    found = claim.get("tn") if isinstance(claim, dict) else None
    listed = cast("list[object]", found) if isinstance(found, list) else [found]
    if not 0 < len(listed) <= MAX_DESTINATIONS:
        raise _invalid("it names no numbers, or too many")
    numbers = tuple(each for each in listed if isinstance(each, str) and _DIGITS.fullmatch(each))
    if len(numbers) != len(listed):
        raise _invalid("a number in it is not of digits only")
    return numbers


def _object(part: str) -> dict[str, object]:
    try:
        value = json.loads(_decode(part))
    except (ValueError, RecursionError):
        raise _invalid("it is no JSON") from None
    if not isinstance(value, dict):
        raise _invalid("it is no JSON object")
    return value


def _decode(part: str) -> bytes:
    """Base64url without padding; other spellings, which Python's decoder passes over, are refused."""
    if not _BASE64.fullmatch(part):
        raise _invalid("it is not base64url")
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise _invalid("it is not base64url") from None


def _invalid(why: str) -> StirError:
    return StirError(Fault.INVALID, f"the PASSporT does not count: {why}")
