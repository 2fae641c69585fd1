"""Certificate files of signed caller IDs, through the guarded client (STIR-5)."""

import ssl

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.domain.errors import Invalid
from dialplane.services.calling.certificates import FETCH_S, CertificateFile

MAX_FILE = 10_240
USUAL_AGE_S = 300.0
"""Where the server does not say how long its file may be kept."""


class FetchedCertificates:
    """Fulfils `services.calling.certificates.CertificateFiles`."""

    def __init__(self, client: GuardedClient, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: whose servers are believed; None: those of the system's list."""
        self._client = client
        self._tls = tls

    async def fetch(self, url: str) -> CertificateFile:
        if not url.lower().startswith("https://"):
            raise Invalid("the address is not an https address", field="url")
        body, cache_control = await self._client.get_cached(url, limit=MAX_FILE, timeout_s=FETCH_S, tls=self._tls)
        return CertificateFile(body, _max_age(cache_control))


def _max_age(cache_control: str) -> float:
    """Of a Cache-Control header field, in seconds (RFC 9111 section 5.2.2)."""
    directives = [each.strip().lower().partition("=") for each in cache_control.split(",")]
    names = {name for name, _, _ in directives}
    if names & {"no-store", "no-cache"}:
        return 0.0
    for name, _, value in directives:
        if name == "max-age" and value.strip('"').isascii() and value.strip('"').isdigit() and len(value) < 12:
            return float(value.strip('"'))
    return USUAL_AGE_S
