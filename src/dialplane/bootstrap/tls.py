"""What SIP and SMPP over TLS show and believe (RFC 3261 section 26, RFC 5922): contexts from files, or a certificate of
the sandbox's own."""

import ssl
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dialplane.config.settings import Settings
from dialplane.config.values import Endpoint, SettingError
from dialplane.domain.ids import utc_now
from dialplane.voice.useragent.transport import TlsEnds

_LIFE = timedelta(days=3650)
"""Of a certificate that nobody but the sandbox's own phones is told of."""


def tls_ends(listen: Endpoint, certificate: Path, key: Path, authorities: Path | None) -> TlsEnds:
    """Of SIP. Raises SettingError where a file cannot be read or does not fit."""
    shown = (certificate, key)
    trusting = client_context(None, shown)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    return TlsEnds(listen.host, listen.port, server_context(shown), client_context(authorities, shown), trusting)


def server_context(shown: tuple[Path, Path]) -> ssl.SSLContext:
    """TLS 1.2 and later, with this certificate and its key. Raises SettingError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return _showing(context, shown)


def client_context(authorities: Path | None, shown: tuple[Path, Path] | None) -> ssl.SSLContext:
    """Likewise. `authorities` is a file of certificates that are believed beside the system's; `shown` goes to peers
    that ask who we are. Raises SettingError."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if authorities is not None:
            context.load_verify_locations(authorities)
    except (OSError, ssl.SSLError) as fault:
        raise SettingError(f"The authorities in {authorities} cannot be used: {fault}") from fault
    return context if shown is None else _showing(context, shown)


def _showing(context: ssl.SSLContext, shown: tuple[Path, Path]) -> ssl.SSLContext:
    try:
        context.load_cert_chain(*shown)
    except (OSError, ssl.SSLError) as fault:
        raise SettingError(
            f"The certificate for SIP and SMPP over TLS ({shown[0]}, {shown[1]}) cannot be used: {fault}"
        ) from fault
    return context


def own_certificate(settings: Settings, host: str) -> tuple[Path, Path] | None:
    """The certificate and key that are set, in the sandbox else one of its own for `host`."""
    if settings.tls_certificate is not None and settings.tls_key is not None:
        return settings.tls_certificate, settings.tls_key
    return find_or_make(settings.tls, settings.advertised_host or host) if settings.sandbox else None


def find_or_make(folder: Path, host: str) -> tuple[Path, Path]:
    """The sandbox's certificate for `host` and its key, made where it is not there yet."""
    certificate, key = folder / "sip.crt", folder / "sip.key"
    if certificate.exists() and key.exists():
        return certificate, key
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made, secret = _make(host)
    key.touch(mode=0o600)
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    return certificate, key


def _make(host: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    now, key = utc_now(), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    return certificate, key


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
