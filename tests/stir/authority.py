"""A certification authority for telephone numbers, and whom it certifies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dialplane.stir.certificates import TN_AUTH_LIST

SPC_1234 = bytes.fromhex("3008a006160431323334")
"""The service provider code 1234 as a TNAuthList."""
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def certify(
        self,
        rights: bytes | None = SPC_1234,
        *,
        is_authority: bool = False,
        until: datetime = END,
        is_critical: bool = False,
        curve: ec.EllipticCurve | None = None,
        extras: Sequence[x509.ExtensionType] = (),
    ) -> "Holder":
        key = ec.generate_private_key(curve or ec.SECP256R1())
        names = (_name("an authority" if is_authority else "SHAKEN 1234"), self.certificate.subject)
        builder = _builder(*names, key, is_authority=is_authority, until=until)
        if rights is not None:
            builder = builder.add_extension(x509.UnrecognizedExtension(TN_AUTH_LIST, rights), critical=is_critical)
        for extra in extras:
            builder = builder.add_extension(extra, critical=True)
        return Holder(builder.sign(self.key, hashes.SHA256()), key)


def authority(name: str = "the root") -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(name), _name(name), key, is_authority=True, until=END)
    return Holder(builder.sign(key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_authority: bool, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(BEGIN, until - timedelta(days=1)))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
