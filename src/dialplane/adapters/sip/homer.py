"""Sends every SIP message to a Homer as it crosses the wire. What is lost on the way is lost: no call waits for it."""

import socket
import time
import zlib

import structlog

from dialplane.domain.calling.signalling import blank
from dialplane.sip.call_id import call_id_of
from dialplane.sip.hep import encode
from dialplane.sip.pcap import Captured, Endpoint
from dialplane.sip.transaction_peer import Source

log = structlog.get_logger()


class HomerTap:
    """Fulfils the user agent's `Tap`. Safe to close twice."""

    def __init__(self, host: str, port: int, *, node: str, near: tuple[str, int]) -> None:
        """`near` is our own address. Raises OSError where the host's name cannot be resolved."""
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._target = target
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        self._node = node
        self._agent = zlib.crc32(node.encode())
        self._near = Endpoint(*near)
        self._has_failed = False

    def received(self, data: bytes, peer: Source) -> None:
        self._send(data, peer, Endpoint(peer.host, peer.port), self._near)

    def sent(self, data: bytes, peer: Source) -> None:
        self._send(data, peer, self._near, Endpoint(peer.host, peer.port))

    def close(self) -> None:
        self._socket.close()

    def _send(self, data: bytes, peer: Source, source: Endpoint, target: Endpoint) -> None:
        message = Captured(time.time(), peer.transport, source, target, blank(data))
        packet = encode(message, call_id=call_id_of(data), agent=self._agent, node=self._node)
        try:
            self._socket.sendto(packet, self._target)
        except OSError as fault:  # a full buffer, or nobody there: said once
            if not self._has_failed:
                log.warning("homer_not_reached", fault=str(fault))
            self._has_failed = True
        else:
            self._has_failed = False
