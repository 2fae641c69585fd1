"""One connection of the user agent, of TCP or of TLS over it."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Literal, Protocol, cast

from dialplane.sip.framing import PONG, Frame, KeepAlive, StreamFramer
from dialplane.sip.message import Request
from dialplane.sip.transaction_peer import Source

WRITE_LIMIT = 1 << 20
"""Octets waiting for a peer that does not read; above that the connection is cut, for memory is everybody's."""
LINGER_S = 2.0
"""How long what a refused peer still sends is thrown away before its connection is closed; it hears by then what there
is to be said of what it asked before."""
QUIET_S = 3_700.0
"""How long a connection that brought whole messages may be quiet: the longest registration, and a bit."""


class StreamOwner(Protocol):
    """Who gets what a connection brings."""

    def may_read(self, source: Source) -> bool:
        """False: what `source` sends is thrown away unread."""
        ...

    def on_frame(self, frame: Frame, source: Source) -> None: ...


class Connection(asyncio.Protocol):
    """Frames in, octets out; a deadline that the owner watches by `sweep`.

    `opened` decides whether it may stay; `closed` is called once for each that stayed.
    """

    def __init__(
        self,
        owner: StreamOwner,
        *,
        idle_s: float,
        opened: Callable[["Connection"], bool],
        closed: Callable[["Connection"], None],
        wire: Literal["tcp", "tls"] = "tcp",
    ) -> None:
        self._owner = owner
        self._idle_s = idle_s
        self._opened = opened
        self._closed = closed
        self._framer = StreamFramer()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._is_kept = False
        self._is_asked = False
        """It has brought a request, which may be answered yet."""
        self._is_deaf = False
        """Nothing that it brings is read any more."""
        self._is_over = False
        """Nothing is sent any more."""
        self._wire = wire
        self.peer = Source("", 0, wire)
        self.deadline = inf
        """On the event loop's clock: past it the connection is to be closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        address = transport.get_extra_info("peername")
        if address is None:  # gone already
            self._transport.abort()
            return
        self.peer = Source(address[0], address[1], self._wire)
        self.deadline = self._loop.time() + self._idle_s
        self._is_kept = self._opened(self)
        if not self._is_kept:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._is_kept or self._is_deaf:
            return
        if not self._owner.may_read(self.peer):
            self.close()  # without these octets nobody could say where the next message begins
            return
        was_mid_message = self._framer.is_mid_message
        frames = self._framer.feed(data)
        self._set_deadline(
            had_message=any(not isinstance(frame, KeepAlive) for frame in frames), was_mid_message=was_mid_message
        )
        self._is_asked = self._is_asked or any(isinstance(frame, Request) for frame in frames)
        for frame in frames:
            if isinstance(frame, KeepAlive):
                self.send(PONG)
            else:
                self._owner.on_frame(frame, self.peer)
        if self._framer.must_close:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_kept:
            self._is_kept = False
            self._closed(self)

    def send(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self._is_over:
            return
        transport.write(data)
        if transport.get_write_buffer_size() > WRITE_LIMIT:
            transport.abort()

    def close(self) -> None:
        """Send what is waiting, then close."""
        if self._transport is not None:
            self._transport.close()

    def _finish(self) -> None:
        """No more from the peer. To close at once, with octets of it still unread, would reset the connection, and it
        would never see what was answered; nor would it what is still to be answered of good requests before."""
        if self._transport is not None and not self._transport.is_closing():
            self._is_deaf = True
            self.deadline = self._loop.time() + LINGER_S
            if self._is_asked:
                return
            self._is_over = True
            if not self._transport.can_write_eof():  # TLS: its end is a message of its own, sent by closing
                self._transport.close()
                return
            self._transport.write_eof()

    def _set_deadline(self, *, had_message: bool, was_mid_message: bool) -> None:
        """A whole message buys time; the beginning of one starts its own, which further octets do not extend."""
        now = self._loop.time()
        if had_message:
            self.deadline = now + QUIET_S
        if self._framer.is_mid_message and (had_message or not was_mid_message):
            self.deadline = min(self.deadline, now + self._idle_s)
