"""The media process's end of the recorder: hands over what is recorded, and never waits for it."""

import contextlib
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable

import structlog

from dialplane.audio.wav import duration_ms_of
from dialplane.media import recorder
from dialplane.media.recorder import Begin, Begun, Block, Finish, Kept, Order, Report
from dialplane.media.recording import RecordingWish

_MOST_UNSENT = 64 << 20
"""What waits for a slow disk: eight seconds of 500 recorded calls, an hour of one."""
_LONGEST_FINISH_S = 30.0
"""After so long the end of a recording is told without the disk's word."""
_STOP_S = 3.0
_QUEUE_OCTETS = 4 << 20
_SO_SNDBUFFORCE = 32

log = structlog.get_logger()


class Tapes:
    """All running recordings' way to the recorder, which is started anew where it died.

    Times are seconds on the monotonic clock.
    """

    def __init__(self) -> None:
        """Forks: to be made before the process has much in memory."""
        self._tapes: dict[int, HandedTape] = {}
        self._last = 0
        self._unsent: deque[bytes] = deque()
        self._unsent_octets = 0
        self._pid = 0
        self._socket: socket.socket | None = None
        self._start()

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def open(self, wish: RecordingWish, tell: Callable[[Report, float], None]) -> "HandedTape":
        """`tell` is called with `Begun`, and where that is no failure in time with `Kept`, with the time of each."""
        if self._socket is None:
            self._start()
        self._last += 1
        tape = self._tapes[self._last] = HandedTape(self, self._last, wish, tell)
        self._add(Begin(self._last, wish))
        return tape

    def hand_over(self, tape: "HandedTape", order: Block | Finish) -> None:
        """Keep for the next `flush`, as far as the tape goes on and there is room for it."""
        if tape.number not in self._tapes:
            return
        if isinstance(order, Block) and self._unsent_octets > _MOST_UNSENT:
            self._tell(Kept(tape.number, duration_ms_of(tape.wish.path), "the disk is too slow"), time.monotonic())
            self._add(Finish(tape.number))
            return
        self._add(order)

    def flush(self) -> None:
        """Send what is kept, as far as the recorder takes it."""
        try:
            while self._unsent and self._socket is not None:
                self._socket.send(self._unsent[0])
                self._unsent_octets -= len(self._unsent.popleft())
        except BlockingIOError:
            return
        except OSError:  # it is gone: reading says so
            return

    def attend(self, now: float) -> None:
        """Hear what the recorder has to say. To be called some ten times a second."""
        self.flush()
        if self._socket is None:
            return
        try:
            while data := self._socket.recv(1 << 12):
                self._tell(recorder.decode_report(data), now)
        except BlockingIOError:
            self._give_up(now)
            return
        except OSError:
            pass
        self._lose(now)

    def close(self) -> None:
        """Let the recorder finish what was handed over, and end it. What it says about it is told."""
        deadline = time.monotonic() + _STOP_S
        while self._tapes and self._socket is not None and time.monotonic() < deadline:
            self.attend(time.monotonic())
            time.sleep(0.005)
        if self._socket is not None:
            self._end()

    def _add(self, order: Order) -> None:
        data = recorder.encode(order)
        self._unsent.append(data)
        self._unsent_octets += len(data)

    def _tell(self, report: Report, now: float) -> None:
        tape = self._tapes.get(report.tape)
        if tape is None:
            return
        if isinstance(report, Kept) or (isinstance(report, Begun) and report.failure):
            del self._tapes[report.tape]
        if isinstance(report, Begun):
            tape.is_begun = True
        tape.tell(report, now)

    def _give_up(self, now: float) -> None:
        for tape in list(self._tapes.values()):
            if tape.finished_at and now - tape.finished_at > _LONGEST_FINISH_S:
                self._tell(Kept(tape.number, duration_ms_of(tape.wish.path), "the disk does not answer"), now)

    # --- the process -----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                recorder.serve(its, parent)
            except Exception:
                log.exception("recorder_failed")
            finally:
                os._exit(0)
        its.close()
        ours.setblocking(False)
        with contextlib.suppress(PermissionError):
            ours.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _QUEUE_OCTETS)
        self._pid, self._socket = pid, ours

    def _lose(self, now: float) -> None:
        """The recorder died: what it was keeping has ended with what is in the files."""
        self._end()
        log.error("recorder_lost", recordings=len(self._tapes))
        self._unsent.clear()
        self._unsent_octets = 0
        for tape in list(self._tapes.values()):
            failure = "the recorder died"
            kept = Kept(tape.number, duration_ms_of(tape.wish.path), failure)
            self._tell(kept if tape.is_begun else Begun(tape.number, failure), now)

    def _end(self) -> None:
        assert self._socket is not None
        self._socket.close()
        self._socket = None
        deadline = time.monotonic() + _STOP_S
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                return
            time.sleep(0.005)


class HandedTape:
    """A recording's way to its file; fulfils `recording.Tape`."""

    def __init__(self, tapes: Tapes, number: int, wish: RecordingWish, tell: Callable[[Report, float], None]) -> None:
        self.number = number
        self.wish = wish
        self.tell = tell
        self.is_begun = False
        self.finished_at = 0.0
        self._tapes = tapes

    def write(self, heard: bytes, sent: bytes) -> None:
        self._tapes.hand_over(self, Block(self.number, heard, sent))

    def finish(self) -> None:
        self.finished_at = time.monotonic()
        self._tapes.hand_over(self, Finish(self.number))
