"""One client of the media process: its socket, what it still has to be sent, and the legs and rooms it owns."""

import socket

from dialplane.media.frames import FrameReader, Message, ProtocolError, encode
from dialplane.media.leg import Leg
from dialplane.media.ports import PortPair
from dialplane.media.protocol import Order, TapAudio, decode_order
from dialplane.media.room import Room

_MOST_UNSENT = 8 << 20
_MOST_UNSENT_WITH_AUDIO = 2 << 20
"""A client that has so much still to read gets no copies of audio until it has caught up; its reports do not wait."""
_MOST_READ = 1 << 10
"""Octets of orders between two looks at the clock: some sixty legs are opened by them, which takes 5 ms. A thousand
that are asked for at once do not keep the others' audio waiting."""


class ClientGoneError(Exception):
    """The client closed its socket, does not speak the protocol, or does not read what it is sent."""


class Connection:
    """Never blocks: what the socket does not take is kept and sent when it is ready again."""

    def __init__(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        self.socket = accepted
        self.legs: dict[int, tuple[Leg, PortPair]] = {}
        self.rooms: dict[int, Room] = {}
        self._reader = FrameReader()
        self._unsent = bytearray()

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def report(self, message: Message) -> None:
        """Keep for the next `flush`."""
        self._unsent += encode(message)

    def report_audio(self, audio: TapAudio) -> None:
        """Keep for the next `flush`, or drop where the client does not keep up."""
        if len(self._unsent) < _MOST_UNSENT_WITH_AUDIO:
            self._unsent += encode(audio)

    def read(self) -> list[Order]:
        """The orders that have come in. Raises ClientGoneError."""
        try:
            data = self.socket.recv(_MOST_READ)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ClientGoneError("reading failed") from error
        if not data:
            raise ClientGoneError("closed")
        try:
            return [decode_order(body) for body in self._reader.feed(data)]
        except (ProtocolError, ValueError) as error:  # msgspec's errors are ValueErrors
            raise ClientGoneError(f"sent nonsense: {error}") from error

    def flush(self) -> None:
        """Send what is kept, as far as the socket takes it. Raises ClientGoneError."""
        if not self._unsent:
            return
        try:
            sent = self.socket.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise ClientGoneError("writing failed") from error
        del self._unsent[:sent]
        if len(self._unsent) > _MOST_UNSENT:
            raise ClientGoneError("does not read")
