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

import numpy as np
import numpy.typing as npt

from batches import Inbox, Outbox, Structs, open_socket, view
from dialplane.rtp.arrivals import LATE_S, Arrival, Punctuality, judge_stream
from dialplane.rtp.events import event_payloads
from dialplane.rtp.packet import FRAME_SAMPLES, HEADER_OCTETS
from media_peers import HOST

_SLICES = 20
_SLICE_S = 0.02 / _SLICES
_FURTHEST_BEHIND_S = 0.1
_EVENT_TYPE = 101
_NAMES = ["first", "second", "number", "timestamp", "ssrc", "sent"]
_RTP = np.dtype({"names": _NAMES, "formats": ["u1", "u1", ">u2", ">u4", ">u4", ">u8"], "offsets": [0, 1, 2, 4, 8, 12]})
"""A header, and in its payload's first octets when it was sent, in nanoseconds since 1970."""


class Callers:
    """Orders go over a socket pair; the child answers each in JSON."""

    def __init__(self, *, stamps: bool = False, press_every_s: float = 0.0, priority: int = 0) -> None:
        """`stamps`: what is sent bears its time, so that packets which are passed on show how long that took.

        `press_every_s`: each caller presses a key so often, 0 for never. `priority`: under SCHED_FIFO, 0 for not.
        """
        parent, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = parent
        self._pid = os.fork()
        if self._pid == 0:
            parent.close()
            if priority:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
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

    def judge(self) -> tuple[Punctuality, int, list[int]]:
        """Since `listen`: how what was heard arrived, and from how many streams; and how many keys each caller
        pressed since `send_to`.

        Nothing is sent any more.
        """
        self._control.send(b"j")
        found = json.loads(self._control.recv(1 << 17))
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
        self._rtp = open_socket(HOST)
        self._inbox = Inbox(self._rtp)
        self._event = list(event_payloads("5", duration_ms=60))
        self._heard: list[tuple[Structs, npt.NDArray[np.int64]]] = []
        self._listens = False
        self._speak_to([])

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
                self._speak_to(list(ports))
            case b"l":
                self._heard.clear()
                self._listens = True
            case _:
                self._listens = False
                pressed = self._pressed.tolist()
                self._speak_to([])
                streams = _by_stream(self._heard)
                total = sum((_judge(*stream, stamps=self._stamps) for stream in streams), Punctuality())
                answer = {"punctuality": asdict(total), "streams": len(streams), "pressed": pressed}
                self._control.setblocking(True)
                self._control.send(json.dumps(answer).encode())
                self._control.setblocking(False)

    def _speak_to(self, ports: list[int]) -> None:
        """From now on, a caller each."""
        self._outbox = Outbox(self._rtp, [(HOST, port) for port in ports], HEADER_OCTETS + FRAME_SAMPLES)
        self._outbox.octets[:, HEADER_OCTETS:] = np.frombuffer(b"\x55\xd5\x40\xc0" * 40, np.uint8)
        self._headers = view(self._outbox.octets, _RTP)
        self._headers["first"] = 0x80
        self._headers["ssrc"] = 1_000 + np.arange(len(ports))
        self._pressed = np.zeros(len(ports), np.int64)
        self._begin, self._slice = time.monotonic(), 0

    def _speak_when_due(self) -> None:
        """What is due, and no more than a few slices at once. Where the machine lets us fall behind, time is lost."""
        behind = time.monotonic() - self._begin - self._slice * _SLICE_S
        if behind > _FURTHEST_BEHIND_S:
            self._begin += behind
        slices = int(behind / _SLICE_S) + 1 if behind >= 0 else 0
        for _ in range(min(len(self._headers), _SLICES, slices)):
            self._speak()

    def _speak(self) -> None:
        turn, part = divmod(self._slice, _SLICES)
        count = len(self._headers)
        first, behind = count * part // _SLICES, count * (part + 1) // _SLICES
        headers = self._headers[first:behind]
        headers["second"] = 0
        headers["number"] = turn & 0xFFFF
        headers["timestamp"] = turn * FRAME_SAMPLES & 0xFFFF_FFFF
        if self._stamps:
            headers["sent"] = time.time_ns()
        if self._press_turns:
            self._press(first, behind, turn)
        self._outbox.send(first, behind)
        self._slice += 1

    def _press(self, first: int, behind: int, turn: int) -> None:
        """Replace the audio of those whose keys are down by packets of the key's event."""
        self._outbox.sizes[first:behind] = HEADER_OCTETS + FRAME_SAMPLES
        since = (turn + np.arange(first, behind) * 7) % self._press_turns
        for at in np.flatnonzero(since < len(self._event)):
            part, row = int(since[at]), first + int(at)
            payload = self._event[part]
            header = self._headers[row]
            header["second"] = _EVENT_TYPE | (0x80 if part == 0 else 0)
            header["timestamp"] = (turn - part) * FRAME_SAMPLES & 0xFFFF_FFFF
            self._outbox.octets[row, HEADER_OCTETS : HEADER_OCTETS + len(payload)] = np.frombuffer(payload, np.uint8)
            self._outbox.sizes[row] = HEADER_OCTETS + len(payload)
            # From its first packet on the other side knows of a key; one that is down at the beginning is one too.
            self._pressed[row] += part == 0 or turn == 0

    def _hear(self) -> None:
        while True:
            octets, arrived = self._inbox.read()
            if self._listens and len(arrived):
                self._heard.append((view(octets, _RTP), arrived))
            if len(arrived) < 100:  # the kernel has stamped the others, they lose nothing by waiting
                return


def _by_stream(heard: list[tuple[Structs, npt.NDArray[np.int64]]]) -> list[tuple[Structs, npt.NDArray[np.int64]]]:
    """Each with its arrivals, in their order."""
    if not heard:
        return []
    packets = np.concatenate([batch for batch, _ in heard])
    arrived = np.concatenate([times for _, times in heard])
    order = np.argsort(packets["ssrc"], kind="stable")
    packets, arrived = packets[order], arrived[order]
    cuts = np.flatnonzero(np.diff(packets["ssrc"].astype(np.int64))) + 1
    return list(zip(np.split(packets, cuts), np.split(arrived, cuts), strict=True))


def _judge(packets: Structs, arrived: npt.NDArray[np.int64], *, stamps: bool) -> Punctuality:
    """By the stream's own clock; with stamps, by the time that each packet was on its way."""
    after_s = (arrived - arrived[0]) / 1e9
    found = judge_stream(map(Arrival, packets["number"].tolist(), packets["timestamp"].tolist(), after_s.tolist()))
    if not stamps:
        return found
    delays_s = (arrived - packets["sent"].astype(np.int64)) / 1e9
    return Punctuality(found.packets, found.lost, int((delays_s > LATE_S).sum()), float(delays_s.max()))
