"""The supervisor's end of the nursery: asks it for children, and waits for them.

The other end, and why there is one, is in `bootstrap/nursery.py`.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from dialplane.bootstrap.nursery import Order

_PR_SET_CHILD_SUBREAPER = 36
_BETWEEN_LOOKS_S = 10.0
_LAST_WORDS = 2000


class NurseryError(OSError):
    """The nursery ended; its last words."""


class Process:
    """A running child of ours that somebody else forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        """As of asyncio's processes: None while it runs, the signal's number below zero where one ended it."""
        self._ended = asyncio.Event()
        self._file = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._file, self._take_end)

    def send_signal(self, number: signal.Signals) -> None:
        """Raises ProcessLookupError where it has ended."""
        if self.returncode is None:
            signal.pidfd_send_signal(self._file, number)

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def _take_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._file)
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        os.close(self._file)
        self._ended.set()


class Nursery:
    """One process that forks the others, started anew when it ended."""

    def __init__(self, logs: Path) -> None:
        self._log = logs / "nursery.log"
        self._process: asyncio.subprocess.Process | None = None
        self._channel: socket.socket | None = None
        self._turn = asyncio.Lock()
        self._is_asked = False
        """Whether somebody waits for an answer."""

    async def open(self) -> None:
        """Start it, without waiting until it has imported everything. Orphans among our descendants fall to us."""
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        await self._start()

    async def bear(self, role: str, environment: Mapping[str, str], output: int, log: int) -> Process:
        """A new process of the role that writes to these two files. Raises NurseryError."""
        order = msgspec.json.encode(Order(role, dict(environment)))
        async with self._turn:
            if self._is_asked:  # somebody gave up waiting: what comes next would be the answer to them
                await self._start()
            try:
                return Process(await self._ask(order, output, log))
            except OSError:  # it was killed since the last child
                await self._start()
                return Process(await self._ask(order, output, log))

    async def close(self) -> None:
        """End it. Children that run go on."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _start(self) -> None:
        await self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs, self._log.open("wb") as log:
            self._log.chmod(0o600)
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "dialplane.bootstrap", str(os.getpid()), str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._channel = ours
        self._is_asked = False

    async def _ask(self, order: bytes, output: int, log: int) -> int:
        assert self._channel is not None
        self._is_asked = True
        socket.send_fds(self._channel, [order], [output, log])
        packet = await asyncio.get_running_loop().sock_recv(self._channel, 64)
        if not packet:
            raise NurseryError(self._log.read_text(errors="replace").strip()[-_LAST_WORDS:] or "it said nothing")
        self._is_asked = False
        return int(packet)


async def bury_orphans() -> None:
    """Let go of descendants that ended and fell to us, their parent having died before them; for ever.

    Our own children's ends are taken within the same moment, by asyncio or by Process: who is still there, dead, after
    a whole round is nobody's.
    """
    seen: frozenset[int] = frozenset()
    while True:
        await asyncio.sleep(_BETWEEN_LOOKS_S)
        dead = frozenset(_dead_children())
        for pid in seen & dead:
            _bury(pid)
        seen = dead


def _bury(pid: int) -> None:
    os.waitpid(pid, os.WNOHANG)


def _dead_children() -> Iterator[int]:
    own = os.getpid()
    for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split():
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            yield int(pid)
