"""Messages out of a byte stream, TCP or TLS (RFC 3261 18.3, keep-alives of RFC 5626 3.5).

Content-Length alone frames. Where it is missing, given twice or no plain number, nobody can say where the next
message starts: the framer reports the error and says that the connection must be closed once it is answered.
A message that is malformed in another way leaves the connection usable.
"""

import re
from dataclasses import dataclass

from dialplane.sip.errors import BodyTooLarge, SipParseError, TooLarge
from dialplane.sip.grammar import parse_number
from dialplane.sip.message import Request, Response
from dialplane.sip.parser import DEFAULT, Limits, parse_content_length, parse_head, salvage

_END = b"\r\n\r\n"
_CONTENT_LENGTH = re.compile(r"^(?:content-length|l)[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_FIRST_OCTETS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~")


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A double CRLF came: answer with `PONG`."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that could not be read. Answer `error.partial` with `error.status`, or nothing where it is None."""

    error: SipParseError


PING = b"\r\n\r\n"
PONG = b"\r\n"
Frame = Request | Response | KeepAlive | Malformed


class StreamFramer:
    """One direction of one connection. Work grows with the octets fed, however they are cut up.

    `must_close` turns true with the last frame that can be read; what is fed after that is thrown away.
    """

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self.must_close = False
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._waiting: tuple[Request | Response | Malformed, int] | None = None

    @property
    def is_mid_message(self) -> bool:
        """Octets of an unfinished message are held: a peer that leaves it so is to be cut off (CVE-6)."""
        # Line ends before a message are to be ignored (7.5), also by who waits for the second half of a keep-alive.
        return self._waiting is not None or not self._may_become_keep_alive()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        frames: list[Frame] = []
        self._buffer += data
        while not self.must_close:
            frame = self._next_frame()
            if frame is None:
                return frames
            frames.append(frame)
        self._buffer.clear()
        return frames

    def _next_frame(self) -> Frame | None:
        if self._waiting is None:
            if self._skip_line_ends():
                return KeepAlive()
            refusal = self._read_head()
            if refusal is not None:
                self.must_close = True
                return Malformed(refusal)
        if self._waiting is None:
            return None
        message, length = self._waiting
        if len(self._buffer) < length:
            return None
        if not isinstance(message, Malformed):
            message.body = bytes(self._buffer[:length])
        self._consume(length)
        self._waiting = None
        return message

    def _skip_line_ends(self) -> bool:
        """Drop line ends before a message; True where a keep-alive (two of them) was among them."""
        if self._buffer.startswith(_END):
            self._consume(4)
            return True
        # One line end may be the first half of a keep-alive: it is dropped when something else follows it.
        if self._buffer.startswith(b"\r\n") and not self._may_become_keep_alive():
            self._consume(2)
        return False

    def _read_head(self) -> SipParseError | None:
        """Take a complete head off the buffer and keep what it says in `_waiting`; an error ends the connection."""
        buffer = self._buffer
        if self._may_become_keep_alive():
            return None
        if buffer[0] not in _FIRST_OCTETS:
            return SipParseError("no SIP on the stream")
        end = buffer.find(_END, self._searched)
        if end < 0:
            self._searched = max(0, len(buffer) - 3)
            if len(buffer) > self._limits.message:
                return _with_partial(TooLarge("message too large"), bytes(buffer))
            return None
        head = bytes(buffer[:end])
        self._consume(end + 4)
        return self._begin(head)

    def _begin(self, head: bytes) -> SipParseError | None:
        message: Request | Response | Malformed
        try:
            message = parse_head(head, self._limits)
            length = parse_content_length(message.headers)
        except SipParseError as error:
            message = Malformed(_with_partial(error, head))
            length = _salvage_content_length(head)
        if length is None:
            return (
                message.error
                if isinstance(message, Malformed)
                else _with_partial(SipParseError("Content-Length missing on a stream"), head)
            )
        if length > self._limits.body:
            return _with_partial(BodyTooLarge("body too large"), head)
        self._waiting = (message, length)
        return None

    def _may_become_keep_alive(self) -> bool:
        return _END.startswith(bytes(self._buffer[:4]))

    def _consume(self, count: int) -> None:
        del self._buffer[:count]
        self._searched = 0


def _with_partial(error: SipParseError, head: bytes) -> SipParseError:
    error.partial = salvage(head)
    return error


def _salvage_content_length(head: bytes) -> int | None:
    """The length of the body behind an unreadable head; None unless it is stated exactly once and well."""
    found: list[str] = _CONTENT_LENGTH.findall(head.decode("utf-8", "surrogateescape").replace("\r\n", "\n"))
    try:
        return parse_number(found[0].strip(" \t"), 2**31) if len(found) == 1 else None
    except SipParseError:
        return None
