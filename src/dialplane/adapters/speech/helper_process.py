"""A helper program behind pipes: one JSON line a request, octets behind it, one JSON line an answer."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Self

from dialplane.domain.errors import Unavailable

TIMEOUT_S = 60.0
"""Whatever takes so long is stuck."""
_LONGEST_LINE = 1 << 20


class HelperFailedError(Exception):
    """The helper is dead, stuck or talks nonsense; it has been ended."""


class HelperProcess:
    """Made by `start`. One request at a time; a caller that is cancelled ends the helper with it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, module: str) -> Self:
        """Run `python -m module` and wait for its first line. Raises Unavailable."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        helper = cls(process)
        try:
            await helper._read()
        except HelperFailedError as fault:
            raise Unavailable(f"{module.rpartition('.')[2]} does not start") from fault
        return helper

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, request: Mapping[str, object], body: bytes = b"") -> Mapping[str, object]:
        """Raises HelperFailedError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n" + body)
            await self._process.stdin.drain()
        except OSError as fault:
            await self.end()
            raise HelperFailedError(repr(fault)) from fault
        except asyncio.CancelledError:
            await self.end()
            raise
        return await self._read()

    async def end(self) -> None:
        """Safe to call twice."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def _read(self) -> Mapping[str, object]:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = json.loads(await self._process.stdout.readline())
        except (OSError, TimeoutError, ValueError) as fault:
            await self.end()
            raise HelperFailedError(repr(fault)) from fault
        except asyncio.CancelledError:
            await self.end()  # its answer would be taken for the next one's
            raise
        if not isinstance(answer, dict):
            await self.end()
            raise HelperFailedError("no object")
        return answer
