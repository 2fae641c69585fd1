"""Kamailio before the nodes, as `dialplane edge config` writes it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Kamailio:
    """One edge; its files are in `folder`."""

    folder: Path
    prefix: tuple[str, ...] = ()
    """Of its machine."""
    process: Process | None = None

    async def start(self) -> None:
        with (self.folder / "kamailio.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.prefix, "kamailio", "-f", str(self.folder / "kamailio.cfg"), "-DD", "-E", "-m", "64", "-M", "4",
                "-n", "2", "-Y", str(self.folder), stdin=DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    async def end(self, number: int = signal.SIGTERM) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            os.killpg(self.process.pid, number)
        await self.process.wait()


@asynccontextmanager
async def kamailio(
    folder: Path, listen: str, nodes: Sequence[str], *options: str, prefix: tuple[str, ...] = ()
) -> AsyncIterator[Kamailio]:
    """One that listens at `listen`, before nodes at `host:port`; `options` are those of `edge config`, `prefix` is its
    machine's."""
    written = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dialplane", "edge", "config", "--listen", listen, "--to", str(folder),
        "--run", str(folder), *(word for node in nodes for word in ("--node", f"sip:{node}")), *options,
        stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    assert await written.wait() == 0
    edge = Kamailio(folder, prefix)
    await edge.start()
    try:
        yield edge
    finally:
        await edge.end()
