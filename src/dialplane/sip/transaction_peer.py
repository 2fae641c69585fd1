"""Who is at the other end of a message, as transactions, dialogs and the transport name it."""

from typing import Literal, NamedTuple

Wire = Literal["udp", "tcp", "tls", "ws"]
"""`ws`: a websocket (RFC 7118), known by where it came from."""


class Source(NamedTuple):
    """An address and the transport to it. A named tuple, because one is made for every datagram."""

    host: str
    """An address, not a name; IPv6 without brackets."""
    port: int
    transport: Wire

    @property
    def is_reliable(self) -> bool:
        """True: the transport resends by itself, so transactions must not (RFC 3261 17)."""
        return self.transport != "udp"
