"""HTTP/1.1 for webhooks: one request, the head of its answer, and the connection kept for the next one.

It does no more than a webhook needs: no redirects, cookies, proxies or decompression. A client for everything takes
three times as long for each request (decision 0062). Whoever hands a name to it says where the name may lead.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import cast

import httptools

KEPT_S = 15.0
"""So long a connection that nobody uses stays open; receivers close theirs after 5 to 75 seconds."""
MOST_OCTETS = 65_536
"""Of one answer with its headers; what is longer is cut off and the connection closed."""
_HASTE_S = 2.0
"""So long an address is tried where the name has another one behind it."""

Addresses = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a name, as text, each of which may be reached. Raises OSError."""


class NotDeliveredError(Exception):
    """There is no answer; the text says why, without addresses."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where requests go, and so what their connection may be used for again."""

    host: str
    """For resolving and for TLS: in ASCII, without brackets."""
    port: int
    is_tls: bool


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    retry_after: str
    head: bytes
    """The first octets of the body, as they came."""


class Courier:
    """Safe for any number of requests at once; callers bound their own number."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._idle: dict[Receiver, list[_Connection]] = {}
        self._tls: ssl.SSLContext | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def send(self, receiver: Receiver, request: bytes, *, limit: int, timeout_s: float) -> Answer:
        """Send the request (`write_request`); `limit` octets of the answer's body are read.

        Raises NotDeliveredError, and what resolving the name raises.
        """
        connection = None
        try:
            async with asyncio.timeout(timeout_s):
                connection = self._take(receiver) or await self._connect(receiver)
                return await connection.exchange(request, limit)
        except TimeoutError as fault:
            raise NotDeliveredError("no answer in time") from fault
        finally:
            if connection is not None:
                self._keep(receiver, connection)

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        if self._sweep is not None:
            self._sweep.cancel()

    def _take(self, receiver: Receiver) -> "_Connection | None":
        connections = self._idle.get(receiver, [])
        while connections:
            connection = connections.pop()
            if connection.is_fit:
                return connection
        return None

    def _keep(self, receiver: Receiver, connection: "_Connection") -> None:
        if not connection.is_fit:
            connection.close()
            return
        connection.idle_since = monotonic()
        self._idle.setdefault(receiver, []).append(connection)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(KEPT_S, self._close_idle)

    def _close_idle(self) -> None:
        before = monotonic() - KEPT_S
        for receiver, connections in list(self._idle.items()):
            for connection in connections:
                if connection.idle_since <= before:
                    connection.close()
            self._idle[receiver] = [connection for connection in connections if connection.is_fit]
            if not self._idle[receiver]:
                del self._idle[receiver]
        self._sweep = asyncio.get_running_loop().call_later(KEPT_S, self._close_idle) if self._idle else None

    async def _connect(self, receiver: Receiver) -> "_Connection":
        addresses = await self._addresses(receiver.host)
        fault: OSError | None = None
        for n, address in enumerate(addresses, 1):
            try:
                async with asyncio.timeout(_HASTE_S if n < len(addresses) else None):
                    return await self._connect_to(address, receiver)
            except OSError as failed:  # a time-out is one too
                fault = failed
        words = (
            "the TLS handshake failed" if isinstance(fault, ssl.SSLError) else "the connection was refused or failed"
        )
        raise NotDeliveredError(words) from fault

    async def _connect_to(self, address: str, receiver: Receiver) -> "_Connection":
        tls = self._context() if receiver.is_tls else None
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, address, receiver.port, ssl=tls, server_hostname=receiver.host.rstrip(".") if tls else None
        )
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


class _Connection(asyncio.Protocol):
    """One exchange at a time. The methods `on_…` are the parser's."""

    def __init__(self) -> None:
        self.is_fit = False
        """Whether another request may be sent."""
        self.idle_since = 0.0
        self._waiting: asyncio.Future[Answer] | None = None
        self._forget()

    async def exchange(self, request: bytes, limit: int) -> Answer:
        self.is_fit = False
        if self._transport.is_closing():  # the server took the connection and let it go at once
            raise NotDeliveredError("the server closed the connection")
        self._parser = httptools.HttpResponseParser(self)
        self._limit = limit
        self._octets = 0
        self._forget()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def close(self) -> None:
        self.is_fit = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            self.close()  # nobody asked for more
            return
        self._octets += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._answer(is_fit=False)
        except httptools.HttpParserError as fault:
            self._fail(NotDeliveredError(f"the exchange failed ({type(fault).__name__})"))
        if self._octets > MOST_OCTETS:
            self._fail(NotDeliveredError("the answer is too long"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_fit = False
        if self._status and not self._is_framed:
            self._answer(is_fit=False)
        self._fail(NotDeliveredError("the server closed the connection"))

    def on_header(self, name: bytes, value: bytes) -> None:
        match name.lower():
            case b"retry-after":
                self._retry_after = value.decode("latin-1")
            case b"content-length" | b"transfer-encoding":
                self._is_framed = True

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > self._limit:
            self._answer(is_fit=False)

    def on_message_complete(self) -> None:
        if self._status < 200 and self._status != 101:
            self._forget()  # 100 Continue, 103 Early Hints: the answer comes behind it
        else:
            self._answer(is_fit=self._parser.should_keep_alive())

    def _forget(self) -> None:
        self._status = 0
        self._retry_after = ""
        self._is_framed = False
        self._body = bytearray()

    def _answer(self, *, is_fit: bool) -> None:
        is_first = self._waiting is not None and not self._waiting.done()
        self.is_fit = is_fit and is_first  # what comes behind the answer must not be taken for the next one
        if self._waiting is not None and is_first:
            self._waiting.set_result(Answer(self._status, self._retry_after, bytes(self._body[: self._limit])))

    def _fail(self, fault: NotDeliveredError) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(fault)


def write_request(method: str, authority: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request's octets. Raises ValueError where a line would break in two."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {authority}", *(f"{name}: {headers[name]}" for name in headers)]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise ValueError("a header holds the end of a line")
    return f"{head}\r\n\r\n".encode() + body
