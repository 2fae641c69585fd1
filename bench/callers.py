"""Many callers in a process of their own: they send audio and digits, and judge what they hear as it arrives.

Arrivals are the kernel's time stamps, so that the callers' own slowness is nobody's lateness.
"""

import gc
import json
import os
import socket
import struct
import time
from contextlib import suppress
from dataclasses import asdict

from dialplane.rtp.arrivals import LATE_S, Arrival, Punctuality, judge_stream
from dialplane.rtp.events import event_payloads
from dialplane.rtp.packet import HEADER, HEADER_OCTETS
from media_peers import HOST

_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_SLICES = 20
_SLICE_S = 0.02 / _SLICES
_FURTHEST_BEHIND_S = 0.1
_MOST_HEARD = 2_000
"""Packets between two looks at what is to be sent; the kernel has stamped the others, they lose nothing by waiting."""
_EVENT_TYPE = 101
_NANOSECONDS = struct.Struct("!Q")
_TIMESPEC = struct.Struct("qq")


class Callers:
    """Orders go over a socket pair; the child answers each in JSON."""

    def __init__(self, *, stamps: bool = False, press_every_s: float = 0.0) -> None:
        """`stamps`: what is sent bears its time, so that packets which are passed on show how long that took.

        `press_every_s`: each caller presses a key so often, 0 for never.
        """
        parent, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = parent
        self._pid = os.fork()
        if self._pid == 0:
            parent.close()
            _Crowd(child, stamps=stamps, press_every_s=press_every_s).serve()
            os._exit(0)
        child.close()
        self.pid = self._pid
        self.port = int(json.loads(parent.recv(64)))

    def send_to(self, ports: list[int]) -> None:
        self._control.send(b"p" + struct.pack(f"!{len(ports)}H", *ports))

    def listen(self) -> None:
        """Begin to judge."""
        self._control.send(b"l")

    def judge(self) -> tuple[Punctuality, int, int]:
        """Since `listen`: how what was heard arrived, from how many streams, and how many keys were pressed.

        Nothing is sent any more.
        """
        self._control.send(b"j")
        found = json.loads(self._control.recv(4_096))
        return Punctuality(**found["punctuality"]), found["streams"], found["pressed"]

    def close(self) -> None:
        self._control.close()
        os.waitpid(self._pid, 0)


class _Crowd:
    """The child's side: one socket for all callers, a packet of each every 20 ms, spread over them."""

    def __init__(self, control: socket.socket, *, stamps: bool, press_every_s: float) -> None:
        self._control = control
        self._stamps = stamps
        self._press_turns = int(press_every_s * 50)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with suppress(OSError):  # only root may go beyond the system's limit
            self._rtp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 32 << 20)
        self._rtp.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._rtp.bind((HOST, 0))
        self._rtp.setblocking(False)
        self._targets: list[tuple[str, int]] = []
        self._packet = bytearray(HEADER_OCTETS + 160)
        self._packet[HEADER_OCTETS:] = b"\x55\xd5\x40\xc0" * 40
        self._event = list(event_payloads("5", duration_ms=60))
        self._heard: list[tuple[int, int, int, int, int]] = []
        self._listens = False
        self._pressed = 0
        self._slice = 0
        self._begin = 0.0

    def serve(self) -> None:
        gc.disable()
        self._control.send(json.dumps(self._rtp.getsockname()[1]).encode())
        self._control.setblocking(False)
        while True:
            with suppress(BlockingIOError):
                order = self._control.recv(1 << 17)
                if not order:
                    return
                self._obey(order)
            self._speak_when_due()
            self._hear()
            time.sleep(0.0005)

    def _obey(self, order: bytes) -> None:
        match order[:1]:
            case b"p":
                ports = struct.unpack(f"!{len(order) // 2}H", order[1:])
                self._targets = [(HOST, port) for port in ports]
                self._begin, self._slice = time.monotonic(), 0
            case b"l":
                self._heard.clear()
                self._pressed = 0
                self._listens = True
            case _:
                self._listens = False
                self._targets = []
                streams = _by_stream(self._heard)
                total = sum((_judge(stream, stamps=self._stamps) for stream in streams), Punctuality())
                answer = {"punctuality": asdict(total), "streams": len(streams), "pressed": self._pressed}
                self._control.setblocking(True)
                self._control.send(json.dumps(answer).encode())
                self._control.setblocking(False)

    def _speak_when_due(self) -> None:
        """What is due, and no more than a few slices at once. Where the machine lets us fall behind, time is lost."""
        behind = time.monotonic() - self._begin - self._slice * _SLICE_S
        if behind > _FURTHEST_BEHIND_S:
            self._begin += behind
        for _ in range(min(len(self._targets), _SLICES, int(behind / _SLICE_S) + 1 if behind >= 0 else 0)):
            self._speak()

    def _speak(self) -> None:
        turn, part = divmod(self._slice, _SLICES)
        for index in range(part, len(self._targets), _SLICES):
            since_press = (turn + index * 7) % self._press_turns if self._press_turns else len(self._event)
            if since_press < len(self._event):
                self._press(index, turn, since_press)
                continue
            HEADER.pack_into(self._packet, 0, 0x80, 0, turn & 0xFFFF, turn * 160 & 0xFFFF_FFFF, 1_000 + index)
            if self._stamps:
                _NANOSECONDS.pack_into(self._packet, HEADER_OCTETS, time.time_ns())
            with suppress(OSError):
                self._rtp.sendto(self._packet, self._targets[index])
        self._slice += 1

    def _press(self, index: int, turn: int, part: int) -> None:
        """One of the packets of a key's event, in place of audio."""
        timestamp = (turn - part) * 160 & 0xFFFF_FFFF
        kind = _EVENT_TYPE | (0x80 if part == 0 else 0)
        header = HEADER.pack(0x80, kind, turn & 0xFFFF, timestamp, 1_000 + index)
        with suppress(OSError):
            self._rtp.sendto(header + self._event[part], self._targets[index])
        if self._listens and part == 0:
            self._pressed += 1

    def _hear(self) -> None:
        heard, unpack = self._heard, HEADER.unpack_from
        try:
            for _ in range(_MOST_HEARD):
                data, notes, _, _ = self._rtp.recvmsg(2_048, 64)
                if self._listens:
                    _, _, sequence_number, timestamp, ssrc = unpack(data)
                    seconds, nanoseconds = _TIMESPEC.unpack(notes[0][2])
                    sent = _NANOSECONDS.unpack_from(data, HEADER_OCTETS)[0]
                    heard.append((ssrc, sequence_number, timestamp, sent, seconds * 1_000_000_000 + nanoseconds))
        except BlockingIOError:
            return


def _by_stream(heard: list[tuple[int, int, int, int, int]]) -> list[list[tuple[int, int, int, int, int]]]:
    streams: dict[int, list[tuple[int, int, int, int, int]]] = {}
    for packet in heard:
        streams.setdefault(packet[0], []).append(packet)
    return list(streams.values())


def _judge(stream: list[tuple[int, int, int, int, int]], *, stamps: bool) -> Punctuality:
    """By the stream's own clock; with stamps, by the time that each packet was on its way."""
    begin = stream[0][4]
    found = judge_stream(Arrival(number, timestamp, (at - begin) / 1e9) for _, number, timestamp, _, at in stream)
    if not stamps:
        return found
    delays = [(at - sent) / 1e9 for _, _, _, sent, at in stream]
    return Punctuality(found.packets, found.lost, sum(delay > LATE_S for delay in delays), max(delays))
