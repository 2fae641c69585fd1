"""The programs that the demo starts: the platform and two phones, each a process of its own."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 180.0
"""On a machine that is busy with other things; longer than `up` itself waits for one of its processes."""


class StepFailed(Exception):
    """A step of the demo did not happen; the text says what was missing."""


class Child:
    """A `dialplane` command whose standard output is lines of JSON."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self.process = process
        self.name = name

    async def event(self, wanted: str, *, timeout_s: float = START_TIMEOUT_S) -> dict[str, Any]:
        """The next line that tells of `wanted`; lines of other events are passed over.

        Raises StepFailed where the program ends or the time is over first.
        """
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(timeout_s):
                while line := await self.process.stdout.readline():
                    told: dict[str, Any] = json.loads(line)
                    if told.get("event") == wanted:
                        return told
        except TimeoutError:
            raise StepFailed(f"{self.name}: no word of {wanted!r} in {timeout_s:g} s") from None
        raise StepFailed(f"{self.name} ended without {wanted!r} (status {await self.process.wait()})")

    async def end(self) -> int:
        if self.process.returncode is None:
            self.process.terminate()
        return await self.process.wait()


@asynccontextmanager
async def dialplane(*arguments: str, errors: Path) -> AsyncIterator[Child]:
    """Run a command of this installation; what it says on standard error goes to the file `errors`."""
    with errors.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dialplane", *arguments, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    child = Child(process, f"dialplane {arguments[0]}")
    try:
        yield child
    finally:
        await child.end()
