"""The certificate of this process: made at its start, told by its fingerprint, never written down (RFC 8827 6.5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from dialplane.domain.ids import utc_now

LIFE = timedelta(days=365)
"""Nobody looks at it: the fingerprint counts. A process hardly lives so long."""
SRTP_PROFILES = b"SRTP_AES128_CM_SHA1_80"
"""The one that every WebRTC end has (RFC 8827 section 6.5)."""
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"
"""With forward secrecy, as the same section asks for."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A key, who holds it, and the context in which handshakes use both."""

    context: SSL.Context
    fingerprint: str
    """`sha-256 0A:1B:…`"""


@cache
def own_certificate() -> Certificate:
    """The one of this process, made when first asked for."""
    return make_certificate(utc_now())


def make_certificate(now: datetime) -> Certificate:
    """A new one, of an elliptic key: a handshake with it takes a tenth of one with RSA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "WebRTC")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
        .sign(key, SHA256())
    )
    context = SSL.Context(SSL.DTLS_METHOD)
    # Both ends are self-signed; whom we speak to is checked by the fingerprint of the description.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _accept_any)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_cipher_list(_CIPHERS)
    context.set_tlsext_use_srtp(SRTP_PROFILES)
    return Certificate(context, fingerprint_of(certificate, "sha-256"))


def fingerprint_of(certificate: x509.Certificate, hash_name: str) -> str:
    """As a description has it (RFC 8122 section 5). Raises KeyError where the hash is none that we take."""
    return f"{hash_name} {certificate.fingerprint(_HASHES[hash_name]()).hex(':').upper()}"


def _accept_any(*_: object) -> bool:
    return True


_HASHES: dict[str, Callable[[], HashAlgorithm]] = {"sha-256": SHA256, "sha-384": SHA384, "sha-512": SHA512}
