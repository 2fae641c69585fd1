"""The pool of port pairs: RTP on an even port, RTCP on the next (RFC 3550 section 11)."""

import socket
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from dialplane.rtp.source import Address


class NoPortError(Exception):
    """Every pair of the range is in use."""


class PacketSocket(Protocol):
    """What a leg needs of a socket: a real one's, or the edge's of a WebRTC leg. Everything may raise OSError."""

    def fileno(self) -> int: ...

    def recv_into(self, buffer: bytearray, /) -> int: ...

    def recvfrom_into(self, buffer: bytearray, /) -> tuple[int, Address]: ...

    def recvfrom(self, size: int, /) -> tuple[bytes, Address]: ...

    def sendto(self, packet: bytes | bytearray | memoryview, target: Address, /) -> int: ...

    def connect(self, target: Address, /) -> None: ...


class Ends(Protocol):
    """The two ways of a leg to its party."""

    @property
    def rtp(self) -> PacketSocket: ...

    @property
    def rtcp(self) -> PacketSocket: ...


@dataclass(frozen=True, slots=True)
class PortPair:
    port: int
    rtp: socket.socket
    rtcp: socket.socket


class PortPool:
    """Pairs of a range, the longest unused first, so that late packets of an ended call meet nobody."""

    def __init__(self, host: str, first_port: int, last_port: int) -> None:
        self.host = host
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        even = first_port + first_port % 2
        self._free = deque(range(even, last_port, 2))

    @property
    def free(self) -> int:
        return len(self._free)

    def take(self) -> PortPair:
        """Raises NoPortError. Ports that another program holds are stepped over and tried again later."""
        for _ in range(len(self._free)):
            port = self._free.popleft()
            try:
                pair = self._bind(port)
            except OSError as error:  # no descriptor left: the next port would fare no better
                self._free.appendleft(port)
                raise NoPortError(str(error)) from error
            if pair is not None:
                return pair
            self._free.append(port)
        raise NoPortError(f"no free pair of ports on {self.host}")

    def give_back(self, pair: PortPair) -> None:
        pair.rtp.close()
        pair.rtcp.close()
        self._free.append(pair.port)

    def _bind(self, port: int) -> PortPair | None:
        """None where the port is taken. Raises OSError where no socket can be made."""
        rtp = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            rtcp = socket.socket(self._family, socket.SOCK_DGRAM)
        except OSError:
            rtp.close()
            raise
        try:
            rtp.bind((self.host, port))
            rtcp.bind((self.host, port + 1))
        except OSError:
            rtp.close()
            rtcp.close()
            return None
        rtp.setblocking(False)
        rtcp.setblocking(False)
        return PortPair(port, rtp, rtcp)
