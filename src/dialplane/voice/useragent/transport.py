"""The sockets of the user agent: UDP and TCP on one port (RFC 3261 section 18), TLS on another, and websockets that
others bring.

Octets in, octets out: who they belong to is the user agent's business. UDP is read by `recvfrom` in batches, which
costs less than asyncio's datagram transports. Where datagrams come close together they are looked for at intervals, as
a network card does under load: at 200 calls a second being woken by each one would cost more than reading it. TCP
connections are used again in both directions; those that bring no whole message in time are closed (CVE-6).
"""

import asyncio
import fcntl
import socket
import ssl
import struct
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

import structlog

from dialplane.sip.transaction_peer import Source
from dialplane.voice.pulses import next_pulse
from dialplane.voice.useragent.binding import bind_one, bind_pair, patiently
from dialplane.voice.useragent.events import Tap
from dialplane.voice.useragent.transport_stream import Connection, StreamOwner

log = structlog.get_logger()

DATAGRAM_SIZE = 65_536
BATCH = 64
"""Datagrams read before timers and connections get their turn."""
APART_S = 0.01
"""Datagrams that are further apart are read as they come."""
DENSE = range(3, 48)
"""Datagrams of an interval, of one pulse, after which the next one is of two: the first of a look costs five times what
the next ones do. What more would be read at once keeps the others waiting."""
BURST = 16
"""Datagrams that leave together. One by one, each would wake its receiver anew; the answers to a batch of calls, all at
once, are more than an ordinary socket holds (128 KiB: some sixty), and what it drops is sent again."""
BACKLOG = 512
CONNECT_TIMEOUT_S = 5.0
HIGHEST_PORT = 65_535
MOST_NAMES = 4_096
"""Of peers over TLS: the addresses of the operator's trunks."""
_SIOCGSTAMP = 0x8906
"""Linux: when the datagram that was read last arrived. Others refuse it."""
_STAMP = struct.Struct("@ll")


@dataclass(frozen=True, slots=True)
class TlsEnds:
    """Where TLS is listened for, and what we show and believe."""

    host: str
    port: int
    """0: any free one."""
    server: ssl.SSLContext
    client: ssl.SSLContext
    """Believes certificates of known authorities for the peer's name."""
    trusting: ssl.SSLContext
    """Believes any, for peers of which the operator said so."""


class Receiver(StreamOwner, Protocol):
    """Who gets what arrives."""

    def on_datagram(self, data: bytes, source: Source) -> None: ...

    def on_unreachable(self, peer: Source) -> None:
        """A connection to `peer` could not be made; what was sent to it is lost."""
        ...


class Transport:
    """One UDP socket and one TCP listener with the same address and port, and the TCP connections."""

    def __init__(
        self,
        receiver: Receiver,
        counters: Counter[str],
        *,
        idle_s: float,
        per_address: int,
        tap: Tap | None = None,
        tls: TlsEnds | None = None,
    ) -> None:
        self._tls = tls
        self._tls_server: asyncio.Server | None = None
        self._names: dict[Source, str] = {}
        """Who a TLS peer must prove to be, where that is not its address."""
        self.tls_port = 0
        """Where TLS is listened for, 0 where it is not."""
        self._receiver = receiver
        self._tap = tap
        self._counters = counters
        self._idle_s = idle_s
        self._per_address = per_address
        self._buffer = bytearray(DATAGRAM_SIZE)
        self._udp: socket.socket | None = None
        self._look_again: asyncio.TimerHandle | asyncio.Handle | None = None
        self._read_at = 0.0
        self._leaving: list[tuple[bytes, tuple[str, int]]] = []
        self._server: asyncio.Server | None = None
        self._connections: dict[Source, Connection] = {}
        self._per_host: Counter[str] = Counter()
        self._websockets: dict[Source, Callable[[bytes], None]] = {}
        """How to send to each, by its peer."""
        self._connecting: dict[Source, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Open connections."""
        return len(self._connections) + len(self._websockets)

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Bind both sockets; port 0 takes one that is free for both, another is waited for where it is in use.

        Returns host and port. Raises OSError."""
        loop = asyncio.get_running_loop()
        udp, tcp = await patiently(partial(bind_pair, host, port))
        self._udp = udp
        self.waited_s()  # asked for once, the times are kept
        self._server = await loop.create_server(self._accept, sock=tcp, backlog=BACKLOG)
        loop.add_reader(udp.fileno(), self._on_readable)
        bound: tuple[str, int] = udp.getsockname()[:2]
        if self._tls is not None:
            await self._listen_for_tls(self._tls)
        return bound

    async def _listen_for_tls(self, ends: TlsEnds) -> None:
        listener = await patiently(partial(bind_one, socket.SOCK_STREAM, ends.host, ends.port))
        self.tls_port = listener.getsockname()[1]
        self._tls_server = await asyncio.get_running_loop().create_server(
            lambda: Connection(
                self._receiver, idle_s=self._idle_s, opened=self._opened, closed=self._closed, wire="tls"
            ),
            sock=listener,
            backlog=BACKLOG,
            ssl=ends.server,
            ssl_handshake_timeout=CONNECT_TIMEOUT_S,
        )

    def expect_name(self, peer: Source, name: str) -> None:
        """Whoever answers at `peer` over TLS must prove to be `name` (RFC 5922); empty: nobody needs to prove anything.

        Say so before each use: what is forgotten must prove to be its address."""
        if len(self._names) >= MOST_NAMES and peer not in self._names:
            self._names.clear()  # whose DNS moves them about must not fill the memory
        self._names[peer] = name

    async def close(self) -> None:
        """Close every socket. Safe to call twice."""
        if self._udp is not None:
            self._flush()
            asyncio.get_running_loop().remove_reader(self._udp.fileno())
            self._udp.close()
            self._udp = None
        if self._look_again is not None:
            self._look_again.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            for connection in list(self._connections.values()):
                connection.close()
            await self._server.wait_closed()
            self._server = None
        if self._tls_server is not None:
            self._tls_server.close()
            await self._tls_server.wait_closed()
            self._tls_server = None

    def send(self, data: bytes, peer: Source) -> None:
        """Send to `peer`, over a new connection if it is TCP and none is open. Never raises: what cannot leave is
        counted, and retransmission or a time-out takes care of it."""
        if self._tap is not None:
            self._tap.sent(data, peer)
        if peer.transport == "udp":
            self._send_datagram(data, peer)
            return
        if peer.transport == "ws":
            self._send_over_websocket(data, peer)
            return
        connection = self._connections.get(peer)
        if connection is not None:
            connection.send(data)
        elif (waiting := self._connecting.get(peer)) is not None:
            waiting.append(data)
        elif self._udp is not None:
            self._connecting[peer] = [data]
            task = asyncio.get_running_loop().create_task(self._connect(peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def waited_s(self) -> float:
        """How long the datagram that was read last lay in the socket; 0 where the system does not say."""
        seconds: int
        micros: int
        try:
            seconds, micros = _STAMP.unpack(fcntl.ioctl(self._udp or -1, _SIOCGSTAMP, bytes(_STAMP.size)))
        except (OSError, ValueError):
            return 0.0
        return max(0.0, time.time() - seconds - micros / 1e6)

    def is_connected(self, peer: Source) -> bool:
        """Whether a connection with `peer` is open."""
        return peer in self._websockets if peer.transport == "ws" else peer in self._connections

    def add_websocket(self, host: str, port: int, send: Callable[[bytes], None]) -> Source | None:
        """A websocket from this address is open, and `send` puts a message on it; None where the address has enough.

        Behind a proxy many come from one address and no known port, so the port is made up where it is not their own.
        """
        if self._per_host[host] >= self._per_address:
            self._counters["websocket_refused"] += 1
            return None
        peer = Source(host, port, "ws")
        while not peer.port or peer in self._websockets:
            peer = peer._replace(port=peer.port % HIGHEST_PORT + 1)
        self._per_host[host] += 1
        self._websockets[peer] = send
        return peer

    def remove_websocket(self, peer: Source) -> None:
        """It is closed. What waits for an answer of `peer` fails."""
        del self._websockets[peer]
        self._leave(peer.host)
        self._receiver.on_unreachable(peer)

    def sweep(self, now: float) -> None:
        """Close the connections whose time is over. Call it about once a second."""
        for connection in [one for one in self._connections.values() if one.deadline <= now]:
            self._counters["tcp_idle"] += 1
            connection.close()

    def _send_over_websocket(self, data: bytes, peer: Source) -> None:
        send = self._websockets.get(peer)
        if send is not None:
            send(data)
            return
        self._counters["websocket_gone"] += 1
        if self._udp is not None:  # later: whoever sends is in the middle of beginning to wait for the answer
            asyncio.get_running_loop().call_soon(self._receiver.on_unreachable, peer)

    def _send_datagram(self, data: bytes, peer: Source) -> None:
        if not self._leaving:  # what is no whole burst leaves when the turn of the loop is over
            asyncio.get_running_loop().call_soon(self._flush)
        self._leaving.append((data, (peer.host, peer.port)))
        if len(self._leaving) >= BURST:
            self._flush()

    def _flush(self) -> None:
        leaving, self._leaving = self._leaving, []
        if self._udp is None:
            return
        send = self._udp.sendto
        for data, address in leaving:
            try:
                send(data, address)
            except OSError:
                self._counters["udp_send_failed"] += 1

    def _on_readable(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        is_dense = now - self._read_at < APART_S
        self._read_at = now
        if self._read_datagrams() == BATCH or not is_dense or self._udp is None:
            return
        loop.remove_reader(self._udp.fileno())
        self._look_again = loop.call_at(next_pulse(now), self._look)

    def _look(self) -> None:
        """The turn of an interval: on to the next one while there is something, else wait to be woken."""
        self._look_again = None
        count = self._read_datagrams()
        if self._udp is None:
            return
        loop = asyncio.get_running_loop()
        if count == BATCH:
            self._look_again = loop.call_soon(self._look)
        elif count:
            self._look_again = loop.call_at(next_pulse(loop.time(), pulses=2 if count in DENSE else 1), self._look)
        else:
            loop.add_reader(self._udp.fileno(), self._on_readable)

    def _read_datagrams(self) -> int:
        """Read what there is, at most a batch; gives how many there were."""
        udp, buffer = self._udp, self._buffer
        view = memoryview(buffer)
        for count in range(BATCH):
            if udp is None or udp.fileno() < 0:
                return count
            try:
                size, address = udp.recvfrom_into(buffer)
            except (BlockingIOError, InterruptedError):
                return count
            except OSError:
                self._counters["udp_receive_failed"] += 1
                return count
            self._receiver.on_datagram(bytes(view[:size]), Source(address[0], address[1], "udp"))
        return BATCH

    def _accept(self) -> Connection:
        return Connection(self._receiver, idle_s=self._idle_s, opened=self._opened, closed=self._closed)

    def _opened(self, connection: Connection) -> bool:
        """Keep an accepted connection, unless its address has enough of them (CVE-6)."""
        host = connection.peer.host
        if self._per_host[host] >= self._per_address:
            self._counters["tcp_refused"] += 1
            return False
        self._per_host[host] += 1
        self._connections[connection.peer] = connection
        return True

    def _closed(self, connection: Connection) -> None:
        del self._connections[connection.peer]
        self._leave(connection.peer.host)

    def _leave(self, host: str) -> None:
        self._per_host[host] -= 1
        if not self._per_host[host]:
            del self._per_host[host]

    async def _connect(self, peer: Source) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, connection = await loop.create_connection(
                    partial(self._outgoing, peer), peer.host, peer.port, **self._security(peer)
                )
        except (OSError, ssl.CertificateError) as fault:
            log.warning("connect_failed", peer=peer.host, port=peer.port, transport=peer.transport, fault=str(fault))
            self._counters["tcp_connect_failed"] += 1
            del self._connecting[peer]
            self._receiver.on_unreachable(peer)
            return
        for data in self._connecting.pop(peer):
            connection.send(data)

    def _security(self, peer: Source) -> dict[str, Any]:
        """What a connection to `peer` needs beside its address. Raises OSError where TLS is wanted and not set up."""
        if peer.transport != "tls":
            return {}
        if self._tls is None:
            raise ConnectionError("no TLS is set up here")
        name = self._names.get(peer, peer.host)
        context = self._tls.client if name else self._tls.trusting
        return {"ssl": context, "server_hostname": name or peer.host}

    def _outgoing(self, peer: Source) -> Connection:
        wire: Literal["tcp", "tls"] = "tls" if peer.transport == "tls" else "tcp"
        return Connection(
            self._receiver, idle_s=self._idle_s, opened=self._opened_by_us, closed=self._closed, wire=wire
        )

    def _opened_by_us(self, connection: Connection) -> bool:
        self._per_host[connection.peer.host] += 1
        self._connections[connection.peer] = connection
        return True
