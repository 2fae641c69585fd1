"""One process of the platform under watch: started, waited for, started again when it dies, ended in order."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from dialplane.supervisor.errors import StartError
from dialplane.supervisor.nursery import Nursery, NurseryError, Process

READY_TIMEOUT_S = 120.0
"""Who ends says so at once, so this is for one that hangs: a busy machine may take half a minute for a start."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
HEALTHY_AFTER_S = 30.0
"""Who lived this long before it died starts again at once; who died sooner waits longer each time."""
LARGEST_LOG = 50 * 1024 * 1024
_LAST_WORDS = 2000

log = structlog.get_logger()


class Pauses:
    """How long to wait before the next start."""

    def __init__(self) -> None:
        self._next_s = FIRST_PAUSE_S

    def after(self, lived_s: float) -> float:
        """The pause in seconds after a process that lived so long."""
        if lived_s >= HEALTHY_AFTER_S:
            self._next_s = FIRST_PAUSE_S
        pause, self._next_s = self._next_s, min(self._next_s * 2, LONGEST_PAUSE_S)
        return pause


class Child:
    """A role in a process of its own, which dies when this process does."""

    def __init__(
        self, role: str, *, nursery: Nursery, environment: Mapping[str, str], logs: Path, say: Callable[[str], None]
    ) -> None:
        self.role = role
        self._nursery = nursery
        self._environment = environment
        self._log = logs / f"{role}.log"
        self._say = say
        self._process: Process | None = None
        self._is_stopping = False
        self._pauses = Pauses()

    async def start(self) -> dict[str, object]:
        """Start, and wait until it serves; what it says of itself. Raises StartError with its last words."""
        rotate(self._log)
        offset = self._log.stat().st_size if self._log.exists() else 0
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                line = await self._first_line()
        except NurseryError as fault:
            raise StartError(f"{self.role} did not start: {fault}") from fault
        except TimeoutError:
            line = b""
        if not line:
            await self.end(now=True)
            raise StartError(f"{self.role} did not start: {self._last_words(offset)}")
        facts: dict[str, object] = json.loads(line)
        log.info("child_ready", child=self.role, pid=facts["pid"])
        return facts

    async def _first_line(self) -> bytes:
        """Start the process; what it says when it serves. Empty where it ends before that."""
        reading, writing = os.pipe()
        output = os.fdopen(reading, "rb", buffering=0)
        try:
            with os.fdopen(writing, "wb"), self._log.open("ab") as file:
                self._log.chmod(0o600)
                self._process = await self._nursery.bear(self.role, self._environment, writing, file.fileno())
        except BaseException:
            output.close()
            raise
        said = asyncio.StreamReader()
        # From here on the file is the transport's, which closes it in its own time.
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(said), output
        )
        try:
            return await said.readline()
        finally:
            transport.close()

    async def keep(self) -> None:
        """Start again whenever it dies, until `stop` was called or the task is cancelled."""
        loop = asyncio.get_running_loop()
        while not self._is_stopping:
            started = loop.time()
            status = await self._wait()
            if self._is_stopping:
                return
            pause = self._pauses.after(loop.time() - started)
            log.error("child_died", child=self.role, status=status, pause_s=pause)
            self._say(f"{self.role} died ({_describe(status)}); starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            try:
                await self.start()
            except StartError as fault:
                log.error("child_restart_failed", child=self.role, fault=str(fault))
            else:
                self._say(f"{self.role} serves again")

    async def stop(self) -> None:
        """Ask it to end in order, and wait for as long as that takes. Safe to call twice."""
        self._is_stopping = True
        self.signal(signal.SIGTERM)
        await self._wait()

    async def end(self, *, now: bool = False) -> None:
        """End it, with a moment's notice unless `now`."""
        if not now:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3.0):
                    await self._wait()
        self.signal(signal.SIGKILL)
        await self._wait()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _wait(self) -> int:
        if self._process is None:
            return 0
        return await self._process.wait()

    def _last_words(self, offset: int) -> str:
        with self._log.open("rb") as file:
            file.seek(offset)
            words = file.read().decode(errors="replace").strip()
        return words[-_LAST_WORDS:] or f"it said nothing; see {self._log}"


def rotate(path: Path) -> None:
    """Put a log that has grown large aside, over the one put aside before."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))


def _describe(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
