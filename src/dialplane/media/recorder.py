"""The recorder: a process beside the media process that keeps the files of all its recordings.

A disk may take seconds for a write: a full journal, a slow neighbour. The one thread that sends everybody's audio must
not stand in line there, and a second thread beside it would take the interpreter from it. So the files are here, the
media process hands over mu-law, and what they say to each other is below: a message for each packet of the socket.
"""

import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys

import msgspec
from setproctitle import setproctitle

from dialplane.media.recorded_file import RecordedFile
from dialplane.media.recording import RecordingWish

_PR_SET_PDEATHSIG = 1
_NICENESS = -5
"""Before whoever can wait, since what is handed over must not pile up; behind the media process."""
_LARGEST = 1 << 16
"""Far more than a block of both directions."""


class _Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    tape: int


class Begin(_Message, frozen=True):
    """→ `Begun`, and in time `Kept`"""

    wish: RecordingWish


class Block(_Message, frozen=True):
    heard: bytes
    sent: bytes


class Finish(_Message, frozen=True):
    """→ `Kept`"""


class Begun(_Message, frozen=True):
    """`failure` says why there is no file; empty where there is, and then `Kept` follows."""

    failure: str


class FellSilent(_Message, frozen=True):
    """There was as much silence as ends the recording. `Finish` is waited for."""


class Kept(_Message, frozen=True):
    """The file is closed and holds so much. `failure` says why it is less than was handed over."""

    duration_ms: int
    failure: str


Order = Begin | Block | Finish
Report = Begun | FellSilent | Kept

encode = msgspec.msgpack.Encoder(enc_hook=str).encode
decode_report = msgspec.msgpack.Decoder(Report).decode
_decode_order = msgspec.msgpack.Decoder(Order, dec_hook=lambda kind, value: kind(value)).decode
"""Paths are text on the way."""


def serve(orders: socket.socket, parent: int) -> None:
    """Keep files until the other end of the socket is closed. To be called in a process of its own, just forked."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the media process is told, and closes what is open
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    descriptor = orders.fileno()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whoever reads it waits for the media process's word
    os.closerange(sys.stderr.fileno() + 1, descriptor)  # what was forked with us is none of ours
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
    setproctitle("dialplane recorder")
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    gc.freeze()
    if os.getppid() == parent:
        recorder = _Recorder(orders)
        while data := orders.recv(_LARGEST):
            recorder.carry_out(_decode_order(data))


class _Recorder:
    def __init__(self, reports: socket.socket) -> None:
        self._reports = reports
        self._files: dict[int, RecordedFile] = {}

    def carry_out(self, order: Order) -> None:
        try:
            self._carry_out(order)
        except OSError as error:
            self._fail(order, error.strerror or str(error))

    def _carry_out(self, order: Order) -> None:
        if isinstance(order, Begin):
            self._files[order.tape] = RecordedFile(order.wish)
            self._report(Begun(order.tape, ""))
            return
        file = self._files.get(order.tape)
        if file is None:  # it failed, and that has been told
            return
        if isinstance(order, Block):
            was_silent = file.is_silent
            file.write(order.heard, order.sent)
            if file.is_silent and not was_silent:
                self._report(FellSilent(order.tape))
            return
        file.finish()
        del self._files[order.tape]
        self._report(Kept(order.tape, file.duration_ms, ""))

    def _fail(self, order: Order, failure: str) -> None:
        file = self._files.pop(order.tape, None)
        if file is None:
            self._report(Begun(order.tape, failure))
            return
        if not isinstance(order, Finish):
            with contextlib.suppress(OSError):
                file.finish()
        self._report(Kept(order.tape, file.duration_ms, failure))

    def _report(self, report: Report) -> None:
        with contextlib.suppress(ConnectionError):  # the media process is gone: the next read ends us
            self._reports.send(encode(report))
