"""What the SMPP process needs of the outside, made by bootstrap."""

import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from dialplane.domain.ids import utc_now
from dialplane.services.identity.authentication import PasswordHasher
from dialplane.services.transaction import Database


class Link(Protocol):
    """The process's own line to the store: hints of what waits, and the number by which it is known to be alive."""

    number: int | None
    """None while the line is down: then nothing is taken, and no carrier is bound to."""

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        """Stay connected until cancelled. `on_hint` gets the word of each hint, and "" after each connecting."""
        ...


@dataclass(frozen=True, slots=True)
class TlsServer:
    """Where systems bind over TLS, and what they are shown."""

    host: str
    port: int
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class BindsDeps:
    database: Database
    link: Link
    hasher: PasswordHasher
    resolve: Callable[[str], Awaitable[Sequence[str]]]
    """The addresses of a carrier's host that may be connected to. Raises OSError where there is none (SSRF-2)."""
    host: str
    port: int
    on_ready: Callable[[int], None]
    """Gets the port that is served."""
    tls: TlsServer | None = None
    tls_client: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    """What carriers over TLS are believed by."""
    clock: Callable[[], datetime] = utc_now
