"""One SMPP session on one TCP connection: the protocol core, a timer, and the answers that somebody waits for."""

import asyncio
import fcntl
import struct
import termios
from collections.abc import Callable
from typing import Protocol, cast

from dialplane.smpp.commands import Command
from dialplane.smpp.pdu import Body, Pdu
from dialplane.smpp.session import ENQUIRE_S, Answered, Asked, Ended, Event, Session, Side

MOST_UNSENT = 65_536
"""Octets that a peer which does not read may leave with us before nothing more is read from it."""
CLOSE_S = 3.0
"""How long the last words may take to leave."""


class SessionLostError(ConnectionError):
    """The session ended before the answer came: whether the peer has the request is not known."""


class Owner(Protocol):
    """Who a session works for."""

    def asked(self, pdu: Pdu) -> None:
        """The peer asks; to be answered by `Connection.answer`."""
        ...

    def lost(self, reason: str, *, in_order: bool) -> None:
        """The session is over. Called once."""
        ...


class Connection(asyncio.Protocol):
    """Fed by the event loop. `owner` is made when the connection is there."""

    def __init__(self, side: Side, own: "Callable[[Connection], Owner]", *, enquire_s: float = ENQUIRE_S) -> None:
        self._loop = asyncio.get_running_loop()
        self.session = Session(side, self._loop.time(), enquire_s=enquire_s)
        self._own = own
        self._owner: Owner | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answers: dict[int, asyncio.Future[Pdu]] = {}
        self._is_held = False
        self._is_reading = True
        self._reason, self._in_order = "the connection was lost", False
        self.peer = ""
        self.is_stuffed = False
        """The peer does not read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._transport.set_write_buffer_limits(high=MOST_UNSENT)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if name else ""
        self._owner = self._own(self)
        self._flush([])

    def data_received(self, data: bytes) -> None:
        self._flush(self.session.receive(data, self._loop.time()))

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self.is_stuffed = True
        self._hold_or_read()

    def resume_writing(self) -> None:
        self.is_stuffed = False
        self._hold_or_read()

    def connection_lost(self, exc: Exception | None) -> None:
        self.session.is_over = True
        if self._timer is not None:
            self._timer.cancel()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(SessionLostError(self._reason))
        self._answers.clear()
        if self._owner is not None:
            self._owner.lost(self._reason, in_order=self._in_order)

    def ask(self, command: Command, body: Body = None) -> "asyncio.Future[Pdu]":
        """The answer of the peer; SessionLostError where none comes."""
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        if self.session.is_over or self._transport is None:
            answer.set_exception(SessionLostError(self._reason))
            return answer
        self._answers[self.session.request(command, body, self._loop.time())] = answer
        self._flush([])
        return answer

    def answer(self, asked: Pdu, status: int, body: Body = None) -> None:
        self._flush(self.session.answer(asked, status, body))

    def unbind(self) -> None:
        """End in order."""
        self._flush(self.session.unbind(self._loop.time()))

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def hold(self, *, held: bool) -> None:
        """Whether nothing more is read from the peer for now."""
        self._is_held = held
        self._hold_or_read()

    @property
    def has_sent_all(self) -> bool:
        """Whether the peer's host has acknowledged every octet that was written (tcp(7), SIOCOUTQ)."""
        if self._transport is None or self._transport.is_closing() or self._transport.get_write_buffer_size():
            return False
        descriptor = self._transport.get_extra_info("socket").fileno()
        if descriptor < 0:
            return False
        unsent: tuple[int] = struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)))
        return unsent[0] == 0

    def _hold_or_read(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        wants = not (self._is_held or self.is_stuffed)
        if wants is not self._is_reading:
            self._is_reading = wants
            if wants:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _flush(self, events: list[Event]) -> None:
        """Send what there is to send, then tell of what happened."""
        assert self._transport is not None
        if self.session.output and not self._transport.is_closing():
            self._transport.write(self.session.take_output())
        for event in events:
            self._tell(event)
        if self.session.is_over:
            self._close()
        else:
            self._set_timer()

    def _tell(self, event: Event) -> None:
        match event:
            case Asked(pdu):
                if self._owner is not None:
                    self._owner.asked(pdu)
            case Answered(sequence, pdu):
                answer = self._answers.pop(sequence, None)
                if answer is not None and not answer.done():
                    answer.set_result(pdu)
            case Ended(reason, in_order):
                self._reason, self._in_order = reason, in_order

    def _close(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            self._loop.call_later(CLOSE_S, self._transport.abort)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = self.session.next_deadline()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._flush(self.session.expire(self._loop.time()))
