"""The port to the world's certificates of those who sign caller IDs."""

from dataclasses import dataclass
from typing import Protocol

from dialplane.domain.errors import Unavailable

FETCH_S = 2.0
"""A call waits no longer than this for all of its certificates (STIR-5)."""


@dataclass(frozen=True, slots=True)
class CertificateFile:
    content: bytes
    max_age_s: float
    """How long its server lets it be kept."""


class CertificateFiles(Protocol):
    """Port."""

    async def fetch(self, url: str) -> CertificateFile:
        """An https address is asked once, without redirects, for at most 10 KiB. Raises Invalid, Unavailable."""
        ...


class NoCertificates:
    """Fulfils `CertificateFiles` where nothing is fetched."""

    async def fetch(self, url: str) -> CertificateFile:
        raise Unavailable(f"no certificates are fetched here: {url}")
