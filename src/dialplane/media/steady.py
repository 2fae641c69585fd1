"""Streams that go on unchanged: legs with nothing to do but send the next frame, every 20 ms.

That is what most legs do most of the time, so it is done for all of them in one loop. Their packets lie side by side
in one array, whose sequence numbers and timestamps are moved on by one addition for all; what is left for each is to
copy 160 octets and to send. Measured for 200 legs: 1.4 us a packet in place of 2.4, of which 1.2 are the kernel's.
"""

import os
from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np

from dialplane.rtp.packet import FRAME_SAMPLES, HEADER_OCTETS

_PACKET_OCTETS = HEADER_OCTETS + FRAME_SAMPLES
_AUDIO = slice(HEADER_OCTETS, _PACKET_OCTETS)
_ROWS = 256
_HEADER = np.dtype(
    {
        "names": ["sequence_number", "timestamp"],
        "formats": [">u2", ">u4"],
        "offsets": [2, 4],
        "itemsize": _PACKET_OCTETS,
    }
)

T = TypeVar("T")


class _Block:
    """The packets of up to 256 streams. The headers of rows that are not in use count too, which harms nobody."""

    def __init__(self) -> None:
        octets = bytearray(_ROWS * _PACKET_OCTETS)
        view = memoryview(octets)
        self.packets = [view[start : start + _PACKET_OCTETS] for start in range(0, len(octets), _PACKET_OCTETS)]
        headers = np.frombuffer(octets, _HEADER)
        self.sequence_numbers = headers["sequence_number"]
        self.timestamps = headers["timestamp"]
        self.free = list(range(_ROWS))


class SteadyStream:
    """One stream, while it goes on unchanged."""

    __slots__ = ("_block", "_row", "_streams", "_turns", "unsent")

    def __init__(self, streams: "SteadyStreams[T]", block: _Block, row: int) -> None:
        self._streams = streams
        self._block = block
        self._row = row
        self._turns = streams.turns
        self.unsent = 0
        """Packets that the socket did not take."""

    @property
    def sequence_number(self) -> int:
        """Of the last packet."""
        return int(self._block.sequence_numbers[self._row])

    @property
    def timestamp(self) -> int:
        return int(self._block.timestamps[self._row])

    @property
    def sent_at(self) -> float:
        return self._streams.last_turn_at

    def take_sent(self) -> int:
        """Packets sent since the call before."""
        turns, unsent = self._streams.turns, self.unsent
        sent = turns - self._turns - unsent
        self._turns, self.unsent = turns, 0
        return sent

    def step_back(self) -> None:
        """Undo this turn's step: there was no frame to send."""
        self._block.sequence_numbers[self._row] = self.sequence_number - 1 & 0xFFFF
        self._block.timestamps[self._row] = self.timestamp - FRAME_SAMPLES & 0xFFFF_FFFF
        self.unsent += 1

    def leave(self) -> None:
        self._block.free.append(self._row)


class SteadyStreams(Generic[T]):
    """All of them. Times are seconds on the caller's monotonic clock."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._members: dict[T, tuple[Iterator[bytes | memoryview], memoryview, int, SteadyStream, T]] = {}
        self.turns = 0
        self.last_turn_at = 0.0

    def __len__(self) -> int:
        return len(self._members)

    def join(
        self, member: T, packet: bytes | bytearray, frames: Iterator[bytes | memoryview], descriptor: int
    ) -> SteadyStream:
        """Go on after `packet`, which has been sent, with `frames` of 160 octets each, on a connected socket."""
        block = next((block for block in self._blocks if block.free), None)
        if block is None:
            block = _Block()
            self._blocks.append(block)
        row = block.free.pop()
        ours = block.packets[row]
        ours[:] = packet
        ours[1] &= 0x7F  # the marker was the first packet's
        stream = SteadyStream(self, block, row)
        self._members[member] = (frames, ours, descriptor, stream, member)
        return stream

    def leave(self, member: T) -> None:
        """The stream's figures are final; safe to call where it is no member."""
        entry = self._members.pop(member, None)
        if entry is not None:
            entry[3].leave()

    def take_turn(self, now: float) -> list[T]:
        """Send the next frame of each. The answer: whose frames are at an end, to be asked to leave."""
        self.turns += 1
        self.last_turn_at = now
        for block in self._blocks:
            block.sequence_numbers += 1
            block.timestamps += FRAME_SAMPLES
        ended = []
        audio, write = _AUDIO, os.write
        # After 20 ms of rest no member is in the processor's caches, so that touching an object costs more than what is
        # done with it: nothing is touched but the frames, the packet and the descriptor's number.
        for entry in self._members.values():
            try:
                entry[1][audio] = next(entry[0])
                write(entry[2], entry[1])
            except OSError:  # unreachable for the moment, or the queue is full: the network drops packets too
                entry[3].unsent += 1
            except StopIteration:
                entry[3].step_back()
                ended.append(entry[4])
        return ended
